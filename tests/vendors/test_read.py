"""Each vendor's resources mean what they mean to its stack, with their units and scope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vendors.stacks import VENDORS
from tranche.vendors import known, make_vendors, read
from tranche.words.errors import Refusal
from tranche.words.request import Request, Slice, Whole
from tranche.words.said import NOTHING, Said, request_of
from tranche.words.sentence import print_sentence

GAUDIS = "on intel gaudi or gaudi2 or gaudi3"
ROWS = [
    # resources, as a sentence; a bare count has no amount
    ("nvidia.com/gpu 2, nvidia.com/gpumem 3000", "2 x 3000Mi on nvidia"),
    ("nvidia.com/gpu 1, nvidia.com/gpumem-percentage 50", "50% on nvidia"),
    ("nvidia.com/gpucores 30", "30% cores on nvidia"),
    ("nvidia.com/gpu 2", "2 x on nvidia"),
    ("nvidia.com/mig-3g.40gb 1", "3g.40gb on nvidia"),
    ("nvidia.com/mig-1g.10gb.me 2", "2 x 1g.10gb+me on nvidia"),
    ("amd.com/gpu 2, amd.com/gpumem 3000, amd.com/gpucores 30", "2 x 3000Mi and 30% cores on amd"),
    ("amd.com/gpu 1, amd.com/gpumem-percentage 25", "25% on amd"),
    ("amd.com/cpx_nps4 1", "cpx_nps4 on amd"),
    ("gpu.intel.com/i915 1", "whole on intel"),
    ("gpu.intel.com/xe 2", "2 x whole on intel"),
    ("habana.ai/gaudi 8", f"8 x whole {GAUDIS}"),
    *(
        (f"huawei.com/Ascend{chip} 1, huawei.com/Ascend{chip}-memory 8192", f"8192Mi on {on}")
        for chip, on in (
            *((one, f"ascend {one.lower()}") for one in ("910A", "910B2", "910B3", "910B4")),
            *((one, f"ascend {one.lower()}") for one in ("910B4-1", "910C", "310P")),
        )
    ),
    ("huawei.com/Ascend910B4 2", "2 x on ascend 910b4"),
    *(
        (
            f"huawei.com/Ascend{chip}-memory 3000, huawei.com/Ascend{chip}-core 30",
            f"3000Mi and 30% cores on ascend {chip.lower()}",
        )
        for chip in ("910A", "910B2", "910B3", "910B4", "910B4-1", "910C", "310P")
    ),
    ("huawei.com/Ascend910 8", "8 x whole on ascend"),
    ("huawei.com/Ascend310 1", "whole on ascend"),
    ("huawei.com/Ascend910-2c 1", "2184Mi and 6% cores on ascend 910a"),
    ("huawei.com/Ascend910-4c 1", "4369Mi and 13% cores on ascend 910a"),
    ("huawei.com/Ascend910-8c 1", "8738Mi and 26% cores on ascend 910a"),
    ("huawei.com/Ascend910-16c 1", "17476Mi and 53% cores on ascend 910a"),
    ("huawei.com/Ascend310P-1c 1", "3072Mi and 12% cores on ascend 310p"),
    ("huawei.com/Ascend310P-2c 1", "6144Mi and 25% cores on ascend 310p"),
    ("huawei.com/Ascend310P-2c.1cpu 1", "6144Mi and 25% cores on ascend 310p"),
    ("huawei.com/Ascend310P-4c 1", "12288Mi and 50% cores on ascend 310p"),
    ("huawei.com/Ascend310P-4c.3cpu 1", "12288Mi and 50% cores on ascend 310p"),
    (
        "cambricon.com/vmlu 1, cambricon.com/mlu.smlu.vmemory 20, cambricon.com/mlu.smlu.vcore 10",
        "5120Mi and 10% cores on cambricon",
    ),
    ("cambricon.com/mlunum 1, cambricon.com/mlu.smlu.vmemory 4", "1024Mi on cambricon"),
    ("cambricon.com/mlunum 1, cambricon.com/mlumem 10240", "10240Mi on cambricon"),
    ("cambricon.com/mlunum 2", "2 x on cambricon"),
    ("cambricon.com/mlu.smlu.vmemory 4", "1024Mi on cambricon"),
    (
        "cambricon.com/mlu370.smlu.vmemory 4, cambricon.com/mlu370.smlu.vcore 10",
        "1024Mi and 10% cores on cambricon mlu370",
    ),
    ("cambricon.com/mlu370 1", "1 x on cambricon mlu370"),
    ("cambricon.com/mlu 2", "2 x whole on cambricon"),
    (
        "hygon.com/dcunum 1, hygon.com/dcumem 2000, hygon.com/dcucores 60",
        "2000Mi and 60% cores on hygon",
    ),
    ("hygon.com/dcu 1", "whole on hygon"),
    (
        "mthreads.com/vgpu 1, mthreads.com/sgpu-memory 32, mthreads.com/sgpu-core 8",
        "16384Mi and 50% cores on mthreads",
    ),
    (
        "mthreads.com/vgpu 2, mthreads.com/sgpu-memory 64, mthreads.com/sgpu-core 2",
        "2 x 16384Mi and 6% cores on mthreads",
    ),
    ("mthreads.com/gpu 1", "whole on mthreads"),
    (
        "metax-tech.com/sgpu 1, metax-tech.com/vmemory 4, metax-tech.com/vcore 60",
        "4096Mi and 60% cores on metax",
    ),
    ("metax-tech.com/sgpu 1, metax-tech.com/vmemory 2048Mi", "2048Mi on metax"),
    ("metax-tech.com/gpu 2", "2 x whole on metax"),
    *(
        (
            f"iluvatar.ai/{chip}-vgpu 1, iluvatar.ai/{chip}.vMem 64, iluvatar.ai/{chip}.vCore 50",
            f"16384Mi and 50% cores on iluvatar {chip.lower()}",
        )
        for chip in ("MR-V100", "MR-V50", "BI-V150", "BI-V100")
    ),
    ("iluvatar.com/gpu 1", "whole on iluvatar"),
    ("iluvatar.ai/gpu 1", "whole on iluvatar"),
    ("enflame.com/drs-gcu 1", "6144Mi and 16% cores on enflame"),
    ("enflame.com/drs-gcu 2", "33% and 33% cores on enflame"),
    ("enflame.com/drs-gcu 3", "20480Mi and 50% cores on enflame"),
    ("enflame.com/drs-gcu 6", "40960Mi and 100% cores on enflame"),
    ("enflame.com/gcu-memory 20480, enflame.com/gcu-core 40", "20480Mi and 40% cores on enflame"),
    ("enflame.com/vgcu 1, enflame.com/vgcu-percentage 22", "22% on enflame"),
    ("enflame.com/gcu 2", "2 x whole on enflame"),
    ("kunlunxin.com/vxpu 2, kunlunxin.com/vxpu-memory 24576", "2 x 24576Mi on kunlunxin"),
    ("kunlunxin.com/xpu 4", "4 x whole on kunlunxin"),
    ("birentech.com/gpu 2", "2 x whole on biren"),
    ("birentech.com/1-2-gpu 1", "50% and 50% cores on biren"),
    ("birentech.com/1-4-gpu 1", "25% and 25% cores on biren"),
    ("vastaitech.com/va 1", "whole on vastai"),
    ("aws.amazon.com/neuron 4", "4 x whole on aws"),
    ("aws.amazon.com/neuroncore 1", "50% and 50% cores on aws"),
    ("aws.amazon.com/neuroncore 4", "2 x whole on aws"),
    ("google.com/tpu 4", "4 x whole on google"),
    ("aliyun.com/ppu 1", "whole on thead"),
    ("alibabacloud.com/ppu 2", "2 x whole on thead"),
]


def asked(written: str) -> dict[str, str]:
    return dict(one.split(" ") for one in written.split(", "))


@pytest.mark.parametrize(("written", "sentence"), ROWS)
def test_means(written: str, sentence: str):
    reading = read(asked(written), VENDORS)
    assert reading.said.vendor is not None
    shown = print_sentence(request_of(reading.said))
    assert shown == sentence.removeprefix("1 x ")
    assert (reading.said.amount is None) == (" x on" in sentence)
    assert not reading.warnings


def test_every_name_of_every_vendor_is_in_the_table():
    rows = {name for written, _ in ROWS for name in asked(written)}
    for key, vendor in known.items():
        names = {name for name in vendor.names() if "/mig-" not in name and "_nps" not in name}
        assert names <= rows, key


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("cambricon.com/vmlu 1, nvidia.com/gpu 1", "ask for cards in two ways"),
        ("metax-tech.com/sgpu 1, metax-tech.com/gpu 1", "ask for cards in two ways"),
        ("nvidia.com/gpu 1, nvidia.com/mig-1g.10gb 1", "ask for cards in two ways"),
        ("huawei.com/Ascend910B4 1, huawei.com/Ascend910A 1", "ask for cards in two ways"),
        ("enflame.com/drs-gcu 1, enflame.com/gcu 1", "ask for cards in two ways"),
        ("birentech.com/1-2-gpu 1, birentech.com/1-4-gpu 1", "ask for cards in two ways"),
        ("birentech.com/1-2-gpu 2", "write 1"),
        ("aws.amazon.com/neuroncore 3", "write 1"),
        ("enflame.com/drs-gcu 7", "from 1 to 6"),
        ("mthreads.com/vgpu 2, mthreads.com/sgpu-memory 33", "write 32 or 34"),
        ("mthreads.com/vgpu 2, mthreads.com/sgpu-core 1", "write 2"),
        ("mthreads.com/vgpu 1, mthreads.com/sgpu-core 17", "from 1 to 16"),
        ("hygon.com/dcunum 0, hygon.com/dcumem 2000", "no card, yet hygon.com/dcumem of it"),
        ("hygon.com/dcunum 65", "from 1 to 64"),
        ("amd.com/gpu 1, amd.com/gpucores 101", "from 1 to 100"),
        ("kunlunxin.com/vxpu 1, kunlunxin.com/vxpu-memory 1.5", "not a whole number"),
        ("iluvatar.ai/BI-V150.vMem 100000", "from 1 to 8192"),
        ("metax-tech.com/vmemory 9Ti", "at most 2097152Mi"),
        ("amd.com/gpumem 1, amd.com/gpumem-percentage 1", "in two ways"),
    ],
)
def test_refuses(written: str, says: str):
    with pytest.raises(Refusal) as refused:
        read(asked(written), VENDORS)
    assert says in str(refused.value)


def test_what_vmemory_counts_is_refused_until_the_cluster_says_it():
    words = asked("cambricon.com/vmlu 1, cambricon.com/mlu.smlu.vmemory 20")
    with pytest.raises(Refusal, match="differs between clusters") as refused:
        read(words)
    assert "vendors.cambricon.memoryUnit set to 256Mi" in str(refused.value)
    assert refused.value.where == "cambricon.com/mlu.smlu.vmemory"
    percent = make_vendors({"cambricon": {"memoryUnit": "1%"}})
    assert print_sentence(request_of(read(words, percent).said)) == "20% on cambricon"
    assert read(asked("cambricon.com/vmlu 1")).said == Said(count=1, vendor="cambricon")


@pytest.mark.parametrize(
    ("written", "sentence", "says"),
    [
        ("hygon.com/dcumem 4Gi", "4096Mi on hygon", "4Gi is read as 4096 MiB"),
        ("metax-tech.com/vmemory 1G", "954Mi on metax", "1G is 953.67 MiB, rounded up to 954Mi"),
        ("iluvatar.ai/BI-V150.vMem 4Gi", "4096Mi on iluvatar bi-v150", "counts 256 MiB each"),
        (
            "mthreads.com/vgpu 2, mthreads.com/sgpu-memory 4Gi",
            "2 x 2048Mi on mthreads",
            "4Gi is read as 2048 MiB of each card",
        ),
    ],
)
def test_a_suffix_is_read_as_what_it_says(written: str, sentence: str, says: str):
    reading = read(asked(written), VENDORS)
    assert print_sentence(request_of(reading.said)) == sentence
    assert says in reading.warnings[0]


@pytest.mark.parametrize("name", sorted(n for v in known.values() for n in v.names()))
def test_no_card_asks_for_nothing_and_is_told_so(name: str):
    amounts = ("mem", "core", "cores", "Core", "-percentage", "vMem", "memory")
    if name.endswith(amounts) and not name.endswith("neuroncore"):
        with pytest.raises(Refusal, match="from 1 to"):
            read({name: 0}, VENDORS)
        return
    reading = read({name: 0}, VENDORS)
    assert reading.said == NOTHING
    assert reading.warnings == (f"{name}: 0 asks for no card, and none is given",)


def test_other_resources_are_nobody_s():
    assert read({"cpu": 1, "memory": "1Gi", "example.com/gpu": 1, "nvidia.com/gpus": 1}) == read({})


ALL = sorted(name for vendor in known.values() for name in vendor.names())
amounts = st.one_of(
    st.integers(-1, 200),
    st.integers(2**53, 2**70),
    st.floats(allow_nan=True),
    st.sampled_from(["1", "4Gi", "3k", "1e9", "1E", "x", "", "0.5", "9" * 300, "1\n", "٣"]),
)


@given(st.dictionaries(st.sampled_from(ALL), amounts, max_size=4))
def test_any_amounts_of_any_resources_are_read_or_refused(words):
    try:
        said = read(words, VENDORS).said
    except Refusal as refused:
        refusals = str(refused)
    else:
        refusals = ""
    assert len(refusals) < 600
    if not refusals and said != NOTHING:
        request = request_of(said)
        assert isinstance(request, Request)
        assert 1 <= request.count <= 64
        assert request.amount != Slice(None) or said.amount is None or said.amount == Whole()
