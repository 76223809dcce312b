"""Aliyun's three: open gpushare, ACK's cGPU, and ACS."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects import make_dialect
from tranche.dialects.aliyun_ack import AliyunAck
from tranche.dialects.aliyun_acs import AliyunAcs
from tranche.dialects.aliyun_gpushare import AliyunGpushare
from tranche.words.errors import Malformed

ACK, ACS = AliyunAck(), AliyunAcs()
MEMORY, CORES = "aliyun.com/gpu-mem", "aliyun.com/gpu-core.percentage"


@pytest.mark.parametrize(("unit", "says"), [("GiB", "3072Mi"), ("MiB", "3Mi")])
def test_gpushare_counts_in_the_unit_it_is_set_to(unit: str, says: str):
    dialect = make_dialect("gpushare", {"memoryUnit": unit})
    assert sentence(read(dialect, pod({MEMORY: 3}))) == says
    assert sentence(read(dialect, pod({MEMORY: 3, "aliyun.com/gpu-count": 1}))) == says


def test_gpushare_refuses_an_unset_unit_and_a_second_card():
    assert "have dialects.gpushare.memoryUnit set" in refusal(AliyunGpushare(), pod({MEMORY: 3}))
    two = {MEMORY: 3, "aliyun.com/gpu-count": 2}
    assert "from 1 to 64" not in refusal(AliyunGpushare(memory_unit="GiB"), pod(two))
    with pytest.raises(Malformed, match="memoryUnit"):
        make_dialect("gpushare", {"memoryUnit": "GB"})


@pytest.mark.parametrize(
    ("asked", "cards", "says"),
    [
        ({MEMORY: 3}, "", "3072Mi"),
        ({MEMORY: 8, CORES: 30}, "", "8192Mi and 30% cores"),
        ({MEMORY: 8}, "2", "2 x 4096Mi"),
        ({MEMORY: 3}, "2", "2 x 1536Mi"),
        ({MEMORY: 8, CORES: 60}, "2", "2 x 4096Mi and 30% cores"),
    ],
)
def test_ack_counts_gib_over_the_cards_of_the_label(asked: dict[str, int], cards: str, says: str):
    labels = {"aliyun.com/gpu-count": cards} if cards else {}
    reading = read(ACK, pod(asked, labels=labels))
    assert sentence(reading) == says
    assert not reading.warnings


def test_ack_s_node_selectors():
    selector = {
        "aliyun.accelerator/nvidia_name": "NVIDIA-A10",
        "ack.node.gpu.placement": "spread",
        "ack.node.gpu.schedule": "core_mem",
    }
    reading = read(ACK, pod({MEMORY: 3}, selector=selector))
    assert sentence(reading) == "3072Mi on nvidia a10 spread"
    assert "core_mem is lost" in reading.warnings[0]


@pytest.mark.parametrize(
    ("asked", "cards", "says"),
    [
        ({MEMORY: 1}, "3", "leaves a remainder"),
        ({MEMORY: 8, CORES: 33}, "1", "write 30 or 35"),
        ({MEMORY: 8, CORES: 25}, "2", "12% or 13%"),
        ({MEMORY: 8}, "many", "not a quantity"),
        ({MEMORY: 8}, "0", "no card, yet aliyun.com/gpu-mem"),
    ],
)
def test_ack_refuses(asked: dict[str, int], cards: str, says: str):
    assert says in refusal(ACK, pod(asked, labels={"aliyun.com/gpu-count": cards}))


def test_acs_shares_one_card():
    asked = {
        "alibabacloud.com/gpu-memory.percentage": 40,
        "alibabacloud.com/gpu-core.percentage": 20,
    }
    labels = {"alibabacloud.com/gpu-model-series": "T4"}
    reading = read(ACS, pod(asked, labels=labels))
    assert sentence(reading) == "40% and 20% cores on t4"
    assert reading.said.vendor == "nvidia"
    assert "cannot be had" in refusal(ACS, pod({"alibabacloud.com/gpu-memory.percentage": 101}))
