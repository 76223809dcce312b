"""TensorFusion: annotations of a labelled pod."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.base import PodWords
from tranche.dialects.tensor_fusion import TensorFusion

FUSION = TensorFusion()


def words(**said: str) -> PodWords:
    annotations = {f"tensor-fusion.ai/{k.replace('_', '-')}": v for k, v in said.items()}
    return pod(annotations=annotations, labels={"tensor-fusion.ai/enabled": "true"})


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(vram_limit="4Gi"), "4096Mi"),
        (words(vram_request="4Gi", vram_limit="4096Mi"), "4096Mi"),
        (words(vram_limit="4Gi", gpu_count="2"), "2 x 4096Mi"),
        (words(vram_limit="4Gi", compute_percent_limit="30"), "4096Mi and 30% cores"),
        (words(vram_limit="4294967296"), "4096Mi"),
        (
            words(vram_limit="1Gi", gpu_model="NVIDIA A100-SXM4-80GB"),
            "1024Mi on nvidia a100 sxm4 80G",
        ),
        (words(dedicated_gpu="true", gpu_count="2"), "2 x whole"),
        (words(isolation="partitioned", partition="1g.20gb+me"), "1g.20gb+me"),
        (words(vram_limit="1Gi", isolation="soft"), "1024Mi"),
    ],
)
def test_reads_of_each_gpu(asked: PodWords, says: str):
    reading = read(FUSION, asked)
    assert sentence(reading) == says
    assert not reading.warnings


@pytest.mark.parametrize(("vendor", "key"), [("NVIDIA", "nvidia"), ("Ascend", "ascend")])
def test_the_vendor_is_said(vendor: str, key: str):
    assert read(FUSION, words(vram_limit="1Gi", vendor=vendor)).said.vendor == key


@pytest.mark.parametrize(
    ("asked", "lost"),
    [
        (words(vram_limit="1Gi", tflops_limit="10"), "10 is lost"),
        (words(vram_limit="1Gi", tflops_request="10"), "10 is lost"),
        (words(vram_limit="1Gi", qos="high"), "high is lost"),
        (words(vram_limit="1Gi", gpupool="a"), "a is lost"),
        (words(vram_limit="1Gi", vram_request="512Mi"), "512Mi is lost"),
        (
            words(vram_limit="1Gi", compute_percent_limit="50", compute_percent_request="20"),
            "20 is lost",
        ),
    ],
)
def test_tells_what_is_lost(asked: PodWords, lost: str):
    reading = read(FUSION, asked)
    assert sentence(reading).startswith("1024Mi")
    assert lost in reading.warnings[0]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(vram_limit="1Gi", vram_request="2Gi"), "write the two alike"),
        (words(vram_limit="1Gi", gpu_indices="0,1"), "chooses cards by uuid"),
        (words(vram_limit="1Gi", vendor="Acme"), "no vendor that Tranche knows"),
        (words(vram_limit="1Gi", inject_container="main,side"), "name one container"),
        (words(vram_limit="1Gi", inject_container="side"), "it has main"),
        (words(isolation="partitioned"), "name one in tensor-fusion.ai/partition"),
        (words(partition="large"), "not the name of a partition"),
        (words(gpu_count="0"), "from 1 to 64"),
    ],
)
def test_refuses(asked: PodWords, says: str):
    assert says in refusal(FUSION, asked)


def test_a_pod_without_the_label_is_none_of_its():
    asked = words(vram_limit="1Gi")
    assert not FUSION.read(pod(annotations=asked.annotations))
    assert not FUSION.read(pod(labels=asked.labels))


def test_no_memory_said_leaves_the_size_to_a_default():
    assert sentence(read(FUSION, words(gpu_count="2"))) == "2 x"
