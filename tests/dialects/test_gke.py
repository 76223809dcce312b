"""GKE: node selectors that say how a GPU is shared, and which TPU it is."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.gke import Gke
from tranche.words.request import Slice

GKE = Gke()


def selector(**said: str) -> dict[str, str]:
    return {f"cloud.google.com/gke-{k.replace('_', '-')}": v for k, v in said.items()}


@pytest.mark.parametrize("strategy", ["time-sharing", "mps"])
def test_a_shared_gpu_carries_no_memory(strategy: str):
    chosen = selector(
        gpu_sharing_strategy=strategy,
        accelerator="nvidia-l4",
        max_shared_clients_per_gpu="4",
    )
    reading = read(GKE, pod({"nvidia.com/gpu": 1}, selector=chosen))
    assert reading.said.amount == Slice(None)
    assert reading.said.vendor == "nvidia"
    assert sentence(reading) == "on nvidia l4"
    assert "carries no amount of memory" in reading.warnings[0]
    assert "4 is lost" in reading.warnings[1]


def test_reads_a_partition():
    chosen = selector(gpu_partition_size="1g.5gb", accelerator="nvidia-tesla-a100")
    assert (
        sentence(read(GKE, pod({"nvidia.com/gpu": 2}, selector=chosen)))
        == "2 x 1g.5gb on nvidia tesla a100"
    )


@pytest.mark.parametrize(
    "accelerator",
    ["tpu-v3-slice", "tpu-v5-lite-podslice", "tpu-v5p-slice", "tpu-v6e-slice", "tpu7x"],
)
def test_reads_chips_of_a_tpu(accelerator: str):
    chosen = selector(tpu_accelerator=accelerator, tpu_topology="2x4")
    reading = read(GKE, pod({"google.com/tpu": 8}, selector=chosen))
    assert sentence(reading) == f"8 x whole on {accelerator.replace('-', ' ')}"
    assert reading.said.vendor == "google"
    assert "2x4 is lost" in reading.warnings[0]


def test_an_unadorned_card_is_left_alone():
    assert not GKE.read(pod({"nvidia.com/gpu": 2}))
    assert not GKE.read(pod({"nvidia.com/gpu": 2}, selector=selector(accelerator="nvidia-l4")))
    assert not GKE.read(pod(selector=selector(gpu_sharing_strategy="mps")))


@pytest.mark.parametrize(
    ("asked", "chosen", "says"),
    [
        (2, selector(gpu_sharing_strategy="mps"), "gives one share"),
        (1, selector(gpu_sharing_strategy="fair"), "write time-sharing or mps"),
        (1, selector(gpu_partition_size="half"), "not the size of a partition"),
    ],
)
def test_refuses(asked: int, chosen: dict[str, str], says: str):
    assert says in refusal(GKE, pod({"nvidia.com/gpu": asked}, selector=chosen))
