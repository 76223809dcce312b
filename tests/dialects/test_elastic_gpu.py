"""Elastic GPU: qGPU's words under its own names, and others of an unsaid unit."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.elastic_gpu import ElasticGpu


def words(**asked: int) -> dict[str, int]:
    return {f"elasticgpu.io/{name.replace('_', '-')}": n for name, n in asked.items()}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(qgpu_core=50, qgpu_memory=8), "8192Mi and 50% cores"),
        (words(qgpu_core=150, qgpu_memory=8), "2 x 4096Mi and 75% cores"),
        (words(qgpu_core=200), "2 x whole"),
        (words(gpu_core=33, gpu_memory=8), "8192Mi and 33% cores"),
        (words(gpu_core=100), "whole"),
    ],
)
def test_reads(asked: dict[str, int], says: str):
    assert sentence(read(ElasticGpu(gpu_memory_unit="GiB"), pod(asked))) == says


def test_the_unit_is_a_setting():
    asked = pod(words(gpu_core=50, gpu_memory=256))
    assert sentence(read(ElasticGpu(gpu_memory_unit="MiB"), asked)) == "256Mi and 50% cores"
    assert "have dialects.elastic-gpu.gpuMemoryUnit set" in refusal(ElasticGpu(), asked)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(qgpu_core=33, qgpu_memory=8), "write 30 or 35"),
        (words(qgpu_core=150, qgpu_memory=7, gpu_core=1), "write one kind"),
    ],
)
def test_refuses(asked: dict[str, int], says: str):
    assert says in refusal(ElasticGpu(), pod(asked))
