"""The choice of cards, in each vendor's own annotations."""

import pytest

from tranche.vendors import known, vendor_of
from tranche.words.models import parse_model
from tranche.words.request import Request, Whole
from tranche.words.sentence import parse_sentence

ROWS = [
    ("whole on T4 not on V100 32G", "nvidia.com/use-gputype Tesla T4,NVIDIA T4"),
    ("whole not on V100 32G", "nvidia.com/nouse-gputype Tesla V100-SXM2-32GB,Tesla V100-PCIE-32GB"),
    ("whole card X-1, X-2 not card X-3", "nvidia.com/use-gpuuuid X-1,X-2"),
    ("whole not card X-3", "nvidia.com/nouse-gpuuuid X-3"),
    ("whole on MI210 card X-1", "amd.com/use-gputype AMD Instinct MI210"),
    ("whole on MI210 card X-1", "amd.com/use-gpu-uuid X-1"),
    ("whole on AMD not on MI210 not card X-1", "amd.com/nouse-gputype AMD Instinct MI210"),
    ("whole on AMD not card X-1", "amd.com/nouse-gpu-uuid X-1"),
    *(
        (f"whole on {chip} card X-1", f"hami.io/use-Ascend{chip}-uuid X-1")
        for chip in ("910A", "910B2", "910B3", "910B4", "910B4-1", "910C", "310P")
    ),
    ("whole on 910B4 not card X-1", "hami.io/no-use-Ascend910B4-uuid X-1"),
    ("whole on MLU370-X4 card X-1", "cambricon.com/use-mlutype MLU370-X4"),
    ("whole on Cambricon not on MLU370-X4", "cambricon.com/nouse-mlutype MLU370-X4"),
    ("whole on Cambricon card X-1", "cambricon.com/use-gpuuuid X-1"),
    ("whole on Cambricon not card X-1", "cambricon.com/nouse-gpuuuid X-1"),
    ("whole on Z100L card X-1", "hygon.com/use-dcutype Z100L"),
    ("whole on Hygon not on Z100L", "hygon.com/nouse-dcutype Z100L"),
    ("whole on Z100L card X-1", "hygon.com/use-gpuuuid X-1"),
    ("whole on Z100L not card X-1", "hygon.com/nouse-gpuuuid X-1"),
    ("whole on Moore Threads card X-1", "mthreads.ai/use-gpuuuid X-1"),
    ("whole on Moore Threads not card X-1", "mthreads.ai/nouse-gpuuuid X-1"),
    ("whole on MetaX card X-1", "metax-tech.com/use-gpuuuid X-1"),
    ("whole on MetaX not card X-1", "metax-tech.com/nouse-gpuuuid X-1"),
    *(
        (f"whole on {chip} card X-1", f"hami.io/use-{chip}-uuid X-1")
        for chip in ("MR-V100", "MR-V50", "BI-V150", "BI-V100")
    ),
    ("whole on BI-V150 not card X-1", "hami.io/no-use-BI-V150-uuid X-1"),
    ("whole on Enflame card X-1", "enflame.com/use-gpuuuid X-1"),
    ("whole on Enflame not card X-1", "enflame.com/nouse-gpuuuid X-1"),
    ("24Gi on Kunlunxin card X-1", "hami.io/use-xpu-uuid X-1"),
    ("24Gi on Kunlunxin not card X-1", "hami.io/no-use-xpu-uuid X-1"),
    ("whole on Kunlunxin card X-1", "baidu.com/use-gpuuuid X-1"),
    ("whole on Kunlunxin not card X-1", "baidu.com/nouse-gpuuuid X-1"),
    ("whole on BR104 card X-1", "birentech.com/use-biren BR104"),
    ("whole on Biren not on BR104", "birentech.com/nouse-biren BR104"),
    ("whole on Biren card X-1", "birentech.com/use-gpuuuid X-1"),
    ("whole on Biren not card X-1", "birentech.com/nouse-gpuuuid X-1"),
    ("whole on VA16 card X-1", "vastaitech.com/use-va VA16"),
    ("whole on Vastai not on VA16", "vastaitech.com/nouse-va VA16"),
    ("whole on Vastai card X-1", "vastaitech.com/use-gpuuuid X-1"),
    ("whole on Vastai not card X-1", "vastaitech.com/nouse-gpuuuid X-1"),
    ("whole on AWS card X-1", "aws.amazon.com/use-neuron-uuid X-1"),
    ("whole on AWS not card X-1", "aws.amazon.com/nouse-neuron-uuid X-1"),
]


def choose(sentence: str):
    request = parse_sentence(sentence)
    return vendor_of(request, "nvidia").choose(request)


@pytest.mark.parametrize(("sentence", "annotation"), ROWS)
def test_is_told(sentence: str, annotation: str):
    key, value = annotation.split(" ", 1)
    assert choose(sentence).annotations[key] == value


def test_other_makers_models_need_no_word():
    assert choose("whole on Hygon not on NVIDIA or 910B4").annotations == {}
    request = Request(Whole(), models=(parse_model("Hygon"),))
    assert known["hygon"].choose(request).annotations == {}


def test_a_request_with_no_choice_tells_nothing():
    for key, vendor in known.items():
        assert not vendor.choose(parse_sentence(f"whole on {key}")).annotations


@pytest.mark.parametrize(
    ("sentence", "unsaid"),
    [
        ("whole on MXC500 card X-1", ("models",)),
        ("1Gi on S4000 not on S80", ("models", "models to avoid")),
        ("whole on S60 not card X-1", ("models",)),
        ("whole on PPU card X-1 not card X-2", ("uuids", "uuids to avoid")),
        ("whole on 910B4 card X-1", ()),
        ("whole on 910B4 not on 910A", ()),
        ("whole on S4000 not on NVIDIA", ("models",)),
        ("whole on 910B1 card X-1", ("models", "uuids")),
        ("whole on A100 not card X-2", ()),
    ],
)
def test_what_there_is_no_word_for_is_told(sentence: str, unsaid: tuple[str, ...]):
    assert choose(sentence).unsaid == unsaid
