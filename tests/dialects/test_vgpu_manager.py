"""vgpu-manager, under NVIDIA's domain or another."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects import make_dialect
from tranche.dialects.vgpu_manager import VgpuManager
from tranche.words.errors import Malformed

MANAGER = VgpuManager()
ONE = {"nvidia.com/vgpu-number": 1, "nvidia.com/vgpu-memory": 1024}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"number": 1, "memory": 3000}, "3000Mi"),
        ({"number": 2, "memory": 3000, "cores": 30}, "2 x 3000Mi and 30% cores"),
        ({"number": 2}, "2 x whole"),
    ],
)
def test_reads_memory_of_each_card(asked: dict[str, int], says: str):
    named = {f"nvidia.com/vgpu-{name}": value for name, value in asked.items()}
    assert sentence(read(MANAGER, pod(named))) == says


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("include-gpu-type", "A100,T4", "1024Mi on a100 or t4"),
        ("exclude-gpu-type", "T4", "1024Mi not on t4"),
        ("include-gpu-uuid", "GPU-1", "1024Mi card GPU-1"),
        ("exclude-gpu-uuid", "GPU-1", "1024Mi not card GPU-1"),
        ("node-scheduler-policy", "spread", "1024Mi node-spread"),
        ("device-scheduler-policy", "binpack", "1024Mi binpack"),
        ("device-scheduler-policy", "none", "1024Mi"),
        ("device-topology-mode", "numa", "1024Mi same-numa"),
        ("device-topology-mode", "none", "1024Mi"),
    ],
)
def test_reads_the_choice_of_cards(key: str, value: str, says: str):
    reading = read(MANAGER, pod(ONE, annotations={f"nvidia.com/{key}": value}))
    assert sentence(reading) == says
    assert not reading.warnings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("vgpu-compute-policy", "balance"),
        ("memory-scheduler-policy", "virtual"),
        ("device-topology-mode", "link"),
    ],
)
def test_tells_what_is_lost(key: str, value: str):
    reading = read(MANAGER, pod(ONE, annotations={f"nvidia.com/{key}": value}))
    assert sentence(reading) == "1024Mi"
    assert f"{value} is lost" in reading.warnings[0]


def test_a_part_of_a_name_is_warned_of_as_it_means_more_there():
    reading = read(MANAGER, pod(ONE, annotations={"nvidia.com/include-gpu-type": "H20"}))
    assert "does not mean" in reading.warnings[0]


def test_the_domain_is_a_setting():
    renamed = make_dialect("vgpu-manager", {"domain": "example.com"})
    assert sentence(read(renamed, pod({"example.com/vgpu-memory": 5}))) == "5Mi"
    assert not renamed.read(pod(ONE))
    assert "example.com/vgpu-cores" in renamed.claims
    with pytest.raises(Malformed):
        make_dialect("vgpu-manager", {"domain": "a/b"})


def test_refuses_what_cannot_be():
    assert "from 0 to 64" in refusal(MANAGER, pod({"nvidia.com/vgpu-number": 100}))
