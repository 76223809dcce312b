"""HAMi's annotations, for those who have them already."""

import pytest

from tranche.dialects.base import PodWords
from tranche.dialects.hami import Hami, read_priority
from tranche.words.errors import Refusal
from tranche.words.request import Model, Placing
from tranche.words.said import NOTHING, Reading, Said


def read_annotations(annotations):
    """What they say of a container that asks for NVIDIA's cards."""
    words = PodWords(annotations, containers={"main": {"nvidia.com/gpu": 1}})
    return Hami().read(words).get("main", Reading(NOTHING))


def test_types_and_uuids_to_use_and_to_avoid():
    reading = read_annotations(
        {
            "nvidia.com/use-gputype": "A100, Tesla V100-PCIE-32GB",
            "nvidia.com/nouse-gputype": "T4",
            "nvidia.com/use-gpuuuid": "GPU-1,GPU-2",
            "nvidia.com/nouse-gpuuuid": "GPU-3",
        }
    )
    assert reading.said == Said(
        models=(Model(("a100",)), Model(("tesla", "v100", "pcie"), 32)),
        not_models=(Model(("t4",)),),
        cards=("GPU-1", "GPU-2"),
        not_cards=("GPU-3",),
    )
    assert not reading.warnings


def test_a_type_that_hami_would_find_inside_another_name_is_warned_of():
    reading = read_annotations({"nvidia.com/use-gputype": "A10"})
    assert reading.said.models == (Model(("a10",)),)
    assert "does not mean NVIDIA A10" in reading.warnings[0]


def test_policies():
    both = {"hami.io/node-scheduler-policy": "spread", "hami.io/gpu-scheduler-policy": "binpack"}
    assert read_annotations(both).said == Said(
        node_policy=Placing.SPREAD, card_policy=Placing.BINPACK
    )
    assert read_annotations({"hami.io/gpu-scheduler-policy": "numa"}).said.same_numa
    unknown = read_annotations({"hami.io/gpu-scheduler-policy": "topology-aware"})
    assert unknown.said == NOTHING
    assert "no policy topology-aware" in unknown.warnings[0]


def test_numa_bind_and_modes():
    assert read_annotations({"nvidia.com/numa-bind": "true"}).said.same_numa
    assert read_annotations({"nvidia.com/vgpu-mode": "hami-core"}).said == NOTHING
    with pytest.raises(Refusal, match="this mode"):
        read_annotations({"nvidia.com/vgpu-mode": "mig"})


def test_empty_annotations_say_nothing():
    assert (
        read_annotations({"nvidia.com/use-gputype": "", "nvidia.com/use-gpuuuid": " , "}).said
        == NOTHING
    )


@pytest.mark.parametrize(
    ("annotations", "says"),
    [
        ({"nvidia.com/use-gputype": "6000"}, "RTX A6000"),
        ({"nvidia.com/use-gpuuuid": "all"}, "not the uuid of a card"),
        ({"nvidia.com/use-gpuuuid": ",".join(f"GPU-{n}" for n in range(65))}, "more than 64"),
        ({"nvidia.com/nouse-gputype": "A100," * 1000}, "longer than 4096"),
    ],
)
def test_refuses(annotations: dict[str, str], says: str):
    with pytest.raises(Refusal) as refused:
        read_annotations(annotations)
    assert says in str(refused.value)
    assert str(refused.value).startswith("annotation nvidia.com/")


def test_priority_is_0_or_1():
    assert read_priority({"nvidia.com/priority": "0"}) == 0
    assert read_priority({"nvidia.com/priority": 1}) == 1
    assert read_priority({}) is None
    with pytest.raises(Refusal, match="write 0 or 1"):
        read_priority({"nvidia.com/priority": "2"})
