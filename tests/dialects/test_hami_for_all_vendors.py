"""HAMi's annotations for each of its vendors, and what is written for its scheduler."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.reading import pod, read, refusal, sentence
from tests.dialects.requests import models, placings, requests, uuids
from tranche.dialects.hami import Hami
from tranche.dialects.together import read_pod
from tranche.vendors import known
from tranche.vendors.base import Asked, Written
from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.request import Request, Whole
from tranche.words.said import NOTHING, Reading, Said, agree, request_of
from tranche.words.sentence import parse_sentence

HAMI = Hami()


@pytest.mark.parametrize(
    ("resource", "key", "says"),
    [
        ("nvidia.com/gpu", "nvidia.com/use-gpuuuid", "card X-1"),
        ("nvidia.com/gpumem", "nvidia.com/nouse-gpuuuid", "not card X-1"),
        ("amd.com/gpu", "amd.com/use-gpu-uuid", "card X-1"),
        ("amd.com/gpu", "amd.com/nouse-gpu-uuid", "not card X-1"),
        *(
            (f"huawei.com/Ascend{chip}", f"hami.io/{word}-Ascend{chip}-uuid", says)
            for chip in ("910A", "910B2", "910B3", "910B4", "910B4-1", "910C", "310P")
            for word, says in (("use", "card X-1"), ("no-use", "not card X-1"))
        ),
        ("cambricon.com/vmlu", "cambricon.com/use-gpuuuid", "card X-1"),
        ("cambricon.com/vmlu", "cambricon.com/nouse-gpuuuid", "not card X-1"),
        ("hygon.com/dcunum", "hygon.com/use-gpuuuid", "card X-1"),
        ("hygon.com/dcunum", "hygon.com/nouse-gpuuuid", "not card X-1"),
        *(
            (f"iluvatar.ai/{chip}-vgpu", f"hami.io/{word}-{chip}-uuid", says)
            for chip in ("MR-V100", "MR-V50", "BI-V150", "BI-V100")
            for word, says in (("use", "card X-1"), ("no-use", "not card X-1"))
        ),
        ("mthreads.com/vgpu", "mthreads.ai/use-gpuuuid", "card X-1"),
        ("mthreads.com/vgpu", "mthreads.ai/nouse-gpuuuid", "not card X-1"),
        ("metax-tech.com/sgpu", "metax-tech.com/use-gpuuuid", "card X-1"),
        ("metax-tech.com/gpu", "metax-tech.com/nouse-gpuuuid", "not card X-1"),
        ("enflame.com/drs-gcu", "enflame.com/use-gpuuuid", "card X-1"),
        ("enflame.com/gcu", "enflame.com/nouse-gpuuuid", "not card X-1"),
        ("kunlunxin.com/vxpu", "hami.io/use-xpu-uuid", "card X-1"),
        ("kunlunxin.com/vxpu", "hami.io/no-use-xpu-uuid", "not card X-1"),
        ("kunlunxin.com/xpu", "baidu.com/use-gpuuuid", "card X-1"),
        ("kunlunxin.com/xpu", "baidu.com/nouse-gpuuuid", "not card X-1"),
        ("aws.amazon.com/neuron", "aws.amazon.com/use-neuron-uuid", "card X-1"),
        ("aws.amazon.com/neuroncore", "aws.amazon.com/nouse-neuron-uuid", "not card X-1"),
        ("birentech.com/gpu", "birentech.com/use-gpuuuid", "card X-1"),
        ("birentech.com/gpu", "birentech.com/nouse-gpuuuid", "not card X-1"),
        ("vastaitech.com/va", "vastaitech.com/use-gpuuuid", "card X-1"),
        ("vastaitech.com/va", "vastaitech.com/nouse-gpuuuid", "not card X-1"),
    ],
)
def test_reads_uuids_for_containers_with_that_vendor_s_resource(resource: str, key: str, says: str):
    words = {key: "X-1"}
    assert sentence(read(HAMI, pod({resource: 1}, annotations=words))) == says
    assert key in HAMI.claims
    other = "amd.com/gpu" if resource.startswith("nvidia.com/") else "nvidia.com/gpu"
    assert not HAMI.read(pod({other: 1}, annotations=words))
    assert not HAMI.read(pod({"cpu": 1}, annotations=words))


@pytest.mark.parametrize(
    ("resource", "key", "written", "says"),
    [
        ("nvidia.com/gpu", "nvidia.com/use-gputype", "A100,T4", "on a100 or t4"),
        ("nvidia.com/gpu", "nvidia.com/nouse-gputype", "T4", "not on t4"),
        ("amd.com/gpu", "amd.com/use-gputype", "MI300X", "on mi300x"),
        ("amd.com/gpu", "amd.com/nouse-gputype", "MI300X", "not on mi300x"),
        ("cambricon.com/vmlu", "cambricon.com/use-mlutype", "MLU370-X4", "on mlu370 x4"),
        ("cambricon.com/vmlu", "cambricon.com/nouse-mlutype", "MLU370-X4", "not on mlu370 x4"),
        ("hygon.com/dcunum", "hygon.com/use-dcutype", "Z100L", "on z100l"),
        ("hygon.com/dcunum", "hygon.com/nouse-dcutype", "Z100L", "not on z100l"),
        ("birentech.com/gpu", "birentech.com/use-biren", "BR104", "on br104"),
        ("birentech.com/gpu", "birentech.com/nouse-biren", "BR104", "not on br104"),
        ("vastaitech.com/va", "vastaitech.com/use-va", "VA16", "on va16"),
        ("vastaitech.com/va", "vastaitech.com/nouse-va", "VA16", "not on va16"),
    ],
)
def test_reads_types(resource: str, key: str, written: str, says: str):
    assert sentence(read(HAMI, pod({resource: 1}, annotations={key: written}))) == says


@pytest.mark.parametrize("name", ["sgpu-qos-policy", "sgpu-topology-aware", "sgpu-app-class"])
def test_metax_s_policies_are_lost(name: str):
    words = {f"metax-tech.com/{name}": "online"}
    reading = read(HAMI, pod({"metax-tech.com/sgpu": 1}, annotations=words))
    assert reading.said == NOTHING
    assert "online is lost" in reading.warnings[0]


def test_policies_hold_for_every_vendor_and_are_heard_once():
    words = {"hami.io/gpu-scheduler-policy": "spread", "hami.io/device-scoring-weights": "1"}
    containers = {"a": {"amd.com/gpu": 1}, "b": {"hygon.com/dcunum": 1}, "c": {}}
    found = HAMI.read(pod(annotations=words, containers=containers))
    assert {name: sentence(reading) for name, reading in found.items()} == {
        "a": "spread",
        "b": "spread",
    }
    assert [len(reading.warnings) for reading in found.values()] == [1, 0]


def test_priority_is_of_its_container():
    containers = {"a": {"nvidia.com/gpu": 1, "nvidia.com/priority": 1}, "b": {"nvidia.com/gpu": 1}}
    found = HAMI.read(pod(containers=containers))
    assert {name: reading.said for name, reading in found.items()} == {"a": Said(priority=1)}
    wrong = pod({"nvidia.com/priority": 2})
    assert refusal(HAMI, wrong).startswith("container main: nvidia.com/priority")


def test_memory_of_ascend_s_soft_slices_is_refused_over_several_cards():
    soft = {"huawei.com/vnpu-mode": "hami-core"}
    name = "huawei.com/Ascend910B4"
    assert not HAMI.read(pod({name: 1, f"{name}-memory": 8192}, annotations=soft))
    assert not HAMI.read(pod({name: 2}, annotations=soft))
    two = {name: 2, f"{name}-memory": 65536}
    assert "of each card or of all" in refusal(HAMI, pod(two, annotations=soft))
    assert not HAMI.read(pod(two))
    wrong = {"huawei.com/vnpu-mode": "other"}
    assert "this mode" in refusal(HAMI, pod({name: 1}, annotations=wrong))


@given(
    requests(
        models=models,
        not_models=models,
        cards=uuids,
        not_cards=uuids,
        card_policy=placings,
        node_policy=placings,
        same_numa=st.booleans(),
        priority=st.none() | st.sampled_from([0, 1]),
    )
)
def test_what_is_written_is_read_back(request: Request):
    written = HAMI.write({"main": request})["main"]
    assert written.scheduler == "hami-scheduler"
    words = pod(written.resources, annotations=written.annotations)
    heard = read_pod((HAMI,), words)
    counted = Nvidia().read(heard.rest["main"]).said
    said = agree(
        heard.readings.get("main", Reading(NOTHING)).said,
        Said(amount=counted.amount or Whole(), count=counted.count, vendor="nvidia"),
        places=("", ""),
    )
    assert request_of(said) == request


def test_a_sized_model_is_written_by_the_names_that_drivers_report():
    written = HAMI.write({"main": parse_sentence("1Gi on A100 80G or H20")})["main"]
    types = written.annotations["nvidia.com/use-gputype"].split(",")
    assert types == ["NVIDIA A100-SXM4-80GB", "NVIDIA A100 80GB PCIe", "H20"]
    assert "told the names that Tranche knows" in written.warnings[0]
    assert "finds NVIDIA GH200 480GB too" in written.warnings[1] or "H200" in written.warnings[1]


class Dcu:
    """A stand-in for a vendor whose cards come in steps of 1024 MiB."""

    key, title = "hygon", "Hygon"

    def names(self) -> frozenset[str]:
        return frozenset({"hygon.com/dcunum"})

    def read(self, _asked: Asked) -> Reading:
        return Reading(NOTHING)

    def fit(self, request: Request) -> tuple[Request, tuple[str, ...]]:
        return request, ("3000Mi is rounded up to 3072Mi",)

    def write(self, request: Request) -> Written:
        return Written({"hygon.com/dcunum": request.count, "hygon.com/dcumem": 3072})


def test_other_vendors_write_their_own_resources():
    request = Request(parse_sentence("3000Mi").amount, vendor="hygon", cards=("DCU-1",))
    written = HAMI.write({"main": request}, {"hygon": Dcu()})["main"]
    assert written.resources == {"hygon.com/dcunum": 1, "hygon.com/dcumem": 3072}
    assert written.annotations == {"hygon.com/use-gpuuuid": "DCU-1"}
    assert written.warnings == ("3000Mi is rounded up to 3072Mi",)
    with pytest.raises(Refusal, match="without this vendor"):
        HAMI.write({"main": request})


@pytest.mark.parametrize(
    ("vendor", "asked", "says"),
    [
        ("nvidia", "1g.10gb", "no word for a partition"),
        ("metax", "1Gi on MXC500", "no word for these models"),
        ("google", "whole", "no cards of this vendor"),
    ],
)
def test_has_no_words_for(vendor: str, asked: str, says: str):
    said = parse_sentence(asked)
    request = Request(
        said.amount, models=said.models, not_models=said.not_models, cards=said.cards, vendor=vendor
    )
    with pytest.raises(Refusal, match=says):
        HAMI.write({"main": request}, {vendor: Dcu()})


@pytest.mark.parametrize(
    ("asked", "annotations"),
    [
        ("8Gi on 910B4 card X-1", {"hami.io/use-Ascend910B4-uuid": "X-1"}),
        ("8Gi on 910B4 not card X-1", {"hami.io/no-use-Ascend910B4-uuid": "X-1"}),
        ("1Gi on BI-V150 card X-1", {"hami.io/use-BI-V150-uuid": "X-1"}),
        ("half on Kunlunxin card X-1", {"hami.io/use-xpu-uuid": "X-1"}),
        ("2 x whole on Kunlunxin card X-1", {"baidu.com/use-gpuuuid": "X-1"}),
    ],
)
def test_uuids_are_chosen_by_the_resource_s_own_key(asked: str, annotations: dict[str, str]):
    written = HAMI.write({"main": parse_sentence(asked)}, known)["main"]
    assert written.annotations == annotations


def test_models_that_no_key_of_the_resource_tells_are_refused():
    with pytest.raises(Refusal, match="HAMi has no word for models"):
        HAMI.write({"main": parse_sentence("half on P800")}, known)


def test_annotations_must_say_the_same_for_all_containers():
    two = {"a": parse_sentence("1Gi on A100"), "b": parse_sentence("1Gi")}
    with pytest.raises(Refusal, match="b asks otherwise than the first"):
        HAMI.write(two)
