"""Each vendor's stack is given what a sentence asks for, in its own words and sizes."""

import pytest

from tests.vendors.stacks import VENDORS, put, refusal
from tranche.vendors import known
from tranche.words.sentence import parse_sentence, print_sentence

ROWS = {
    # sentence: (as it fits, resources, what is warned of)
    "3000Mi on A100": ("3000Mi on a100", "nvidia.com/gpu 1, nvidia.com/gpumem 3000", ""),
    "2 x 50% and 30% cores on NVIDIA": (
        "2 x 50% and 30% cores on nvidia",
        "nvidia.com/gpu 2, nvidia.com/gpumem-percentage 50, nvidia.com/gpucores 30",
        "",
    ),
    "2 x whole on H100": ("2 x whole on h100", "nvidia.com/gpu 2", ""),
    "1g.10gb on H100": ("1g.10gb on h100", "nvidia.com/mig-1g.10gb 1", ""),
    "2 x 1g.5gb+me on A100 40G": ("2 x 1g.5gb+me on a100 40G", "nvidia.com/mig-1g.5gb.me 2", ""),
    "2 x 3000Mi and 30% cores on AMD": (
        "2 x 3000Mi and 30% cores on amd",
        "amd.com/gpu 2, amd.com/gpumem 3000, amd.com/gpucores 30",
        "",
    ),
    "50% and 50% cores on MI300X": (
        "98296Mi and 50% cores on mi300x",
        "amd.com/gpu 1, amd.com/gpumem 98296, amd.com/gpucores 50",
        "50% of MI300X, which has 196592 MiB, is 98296Mi",
    ),
    "cpx_nps1 on MI300X": ("cpx_nps1 on mi300x", "amd.com/cpx_nps1 1", ""),
    "1Gi on AMD": (
        "1024Mi on amd",
        "amd.com/gpu 1, amd.com/gpumem 1024",
        "no cores were said, and AMD's stack takes that for all of them",
    ),
    "8 x whole on AMD": ("8 x whole on amd", "amd.com/gpu 8", ""),
    "2 x whole on Intel": ("2 x whole on intel", "gpu.intel.com/i915 2", ""),
    "whole on Gaudi2": ("whole on gaudi2", "habana.ai/gaudi 1", ""),
    "8Gi on 910B4": (
        "8192Mi and 25% cores on 910b4",
        "huawei.com/Ascend910B4 1, huawei.com/Ascend910B4-memory 8192",
        "",
    ),
    "8Gi and 30% cores on 910B4": (
        "16384Mi and 50% cores on 910b4",
        "huawei.com/Ascend910B4 1, huawei.com/Ascend910B4-memory 16384",
        "8192Mi and 30% cores is rounded up to 16384Mi and 50% cores (vir10_3c_16g)",
    ),
    "2000Mi on 910A": (
        "2184Mi and 6% cores on 910a",
        "huawei.com/Ascend910A 1, huawei.com/Ascend910A-memory 2184",
        "2000Mi is rounded up to 2184Mi and 6% cores (vir02)",
    ),
    "50% on 910PremiumA": (
        "17476Mi and 53% cores on 910premiuma",
        "huawei.com/Ascend910A 1, huawei.com/Ascend910A-memory 17476",
        "50% is rounded up to 17476Mi and 53% cores (vir16)",
    ),
    "20Gi on 910B4": (
        "whole on 910b4",
        "huawei.com/Ascend910B4 1",
        "20480Mi is rounded up to a whole card, 32768Mi: no slice of 910B4 is as large",
    ),
    "60Gi on 910B4-1": ("whole on 910b4-1", "huawei.com/Ascend910B4-1 1", "65536Mi"),
    "100% on 910B4": ("whole on 910b4", "huawei.com/Ascend910B4 1", ""),
    "60% cores on 910B2": ("whole on 910b2", "huawei.com/Ascend910B2 1", "60% cores"),
    "10% cores on 910B2": (
        "8192Mi and 12% cores on 910b2",
        "huawei.com/Ascend910B2 1, huawei.com/Ascend910B2-memory 8192",
        "10% cores is rounded up to 8192Mi and 12% cores (vir03_1c_8g)",
    ),
    "vir05_1c_16g on 910B3": (
        "16384Mi and 25% cores on 910b3",
        "huawei.com/Ascend910B3 1, huawei.com/Ascend910B3-memory 16384",
        "",
    ),
    "vir05_1c_8g": (
        "8192Mi and 25% cores on 910b4",
        "huawei.com/Ascend910B4 1, huawei.com/Ascend910B4-memory 8192",
        "",
    ),
    "vir10_3c_16g_nm on 910B4": (
        "16384Mi and 50% cores on 910b4",
        "huawei.com/Ascend910B4 1, huawei.com/Ascend910B4-memory 16384",
        "vir10_3c_16g_nm is given as vir10_3c_16g",
    ),
    "4Gi on 310P3": (
        "6144Mi and 25% cores on 310p3",
        "huawei.com/Ascend310P 1, huawei.com/Ascend310P-memory 6144",
        "4096Mi is rounded up to 6144Mi and 25% cores (vir02)",
    ),
    "2 x whole on 910C": ("2 x whole on 910c", "huawei.com/Ascend910C 2", ""),
    "whole on 910C": ("2 x whole on 910c", "huawei.com/Ascend910C 2", "1 x 910C is rounded up to"),
    "4 x whole on 910B1": ("4 x whole on 910b1", "huawei.com/Ascend910 4", ""),
    "4 x whole on Ascend": ("4 x whole on ascend", "huawei.com/Ascend910 4", ""),
    "1Gi and 10% cores on Cambricon": (
        "1024Mi and 10% cores on cambricon",
        "cambricon.com/vmlu 1, cambricon.com/mlu.smlu.vmemory 4, cambricon.com/mlu.smlu.vcore 10",
        "",
    ),
    "3000Mi and 10% cores on MLU370": (
        "3072Mi and 10% cores on mlu370",
        "cambricon.com/vmlu 1, cambricon.com/mlu.smlu.vmemory 12, cambricon.com/mlu.smlu.vcore 10",
        "3000Mi is rounded up to 3072Mi: memory is counted by 256 MiB",
    ),
    "20% and 20% cores on MLU370-X4": (
        "4864Mi and 20% cores on mlu370 x4",
        "cambricon.com/vmlu 1, cambricon.com/mlu.smlu.vmemory 19, cambricon.com/mlu.smlu.vcore 20",
        "20% of MLU370 X4, which has 23308 MiB, is 4864Mi",
    ),
    "whole on MLU370": ("whole on mlu370", "cambricon.com/vmlu 1", ""),
    "2 x whole on MLU370": ("2 x whole on mlu370", "cambricon.com/mlu 2", ""),
    "2000Mi on Hygon": ("2000Mi on hygon", "hygon.com/dcunum 1, hygon.com/dcumem 2000", ""),
    "50% and 50% cores on K100_AI": (
        "32760Mi and 50% cores on k100 ai",
        "hygon.com/dcunum 1, hygon.com/dcumem 32760, hygon.com/dcucores 50",
        "50% of K100 AI, which has 65520 MiB, is 32760Mi",
    ),
    "100% and 50% cores on Hygon": (
        "100% and 50% cores on hygon",
        "hygon.com/dcunum 1, hygon.com/dcucores 50",
        "",
    ),
    "100% on Hygon": ("whole on hygon", "hygon.com/dcunum 1", ""),
    "4 x whole on Hygon": ("4 x whole on hygon", "hygon.com/dcunum 4", ""),
    "16Gi on S4000": (
        "16384Mi on s4000",
        "mthreads.com/vgpu 1, mthreads.com/sgpu-memory 32",
        "",
    ),
    "50% and 50% cores on S4000": (
        "32768Mi and 50% cores on s4000",
        "mthreads.com/vgpu 1, mthreads.com/sgpu-memory 64, mthreads.com/sgpu-core 8",
        "50% and 50% cores is rounded up to 32768Mi and 50% cores, the least slice of S4000",
    ),
    "80Gi and 7% cores on S5000": (
        "81920Mi and 12% cores on s5000",
        "mthreads.com/vgpu 1, mthreads.com/sgpu-memory 160, mthreads.com/sgpu-core 2",
        "7% cores is rounded up to 2 of 16 parts of the card, 12%",
    ),
    "3 x whole on Moore Threads": ("3 x whole on mthreads", "mthreads.com/vgpu 3", ""),
    "2 x 50% and 50% cores on MXC500": (
        "2 x 32768Mi and 50% cores on mxc500",
        "metax-tech.com/sgpu 2, metax-tech.com/vmemory 32768Mi, metax-tech.com/vcore 50",
        "50% of MXC500, which has 65536 MiB, is 32768Mi",
    ),
    "2 x whole on MetaX": ("2 x whole on metax", "metax-tech.com/gpu 2", ""),
    "50% and 50% cores on BI-V150": (
        "16384Mi and 50% cores on bi-v150",
        "iluvatar.ai/BI-V150-vgpu 1, iluvatar.ai/BI-V150.vMem 64, iluvatar.ai/BI-V150.vCore 50",
        "50% of BI-V150, which has 32768 MiB, is 16384Mi",
    ),
    "1000Mi on MR-V50": (
        "1024Mi on mr-v50",
        "iluvatar.ai/MR-V50-vgpu 1, iluvatar.ai/MR-V50.vMem 4",
        "1000Mi is rounded up to 1024Mi: memory is counted by 256 MiB",
    ),
    "2 x whole on MR-V100": ("2 x whole on mr-v100", "iluvatar.ai/MR-V100-vgpu 2", ""),
    "whole on BI-V150S": ("whole on bi-v150s", "iluvatar.com/gpu 1", ""),
    "50% on S60": ("20480Mi and 50% cores on s60", "enflame.com/drs-gcu 3", ""),
    "1Gi on Enflame": (
        "6144Mi and 16% cores on enflame",
        "enflame.com/drs-gcu 1",
        "1024Mi is rounded up to 6144Mi and 16% cores (1g.6gb)",
    ),
    "3g.20gb on S60G": ("20480Mi and 50% cores on s60g", "enflame.com/drs-gcu 3", ""),
    "3 x whole on Enflame": ("3 x whole on enflame", "enflame.com/gcu 3", ""),
    "2 x 50% on P800": (
        "2 x 49152Mi and 50% cores on p800",
        "kunlunxin.com/vxpu 2, kunlunxin.com/vxpu-memory 49152",
        "",
    ),
    "10Gi and 60% cores on Kunlunxin": (
        "98304Mi and 100% cores on kunlunxin",
        "kunlunxin.com/vxpu 1, kunlunxin.com/vxpu-memory 98304",
        "10240Mi and 60% cores is rounded up to 98304Mi and 100% cores",
    ),
    "4 x whole on Kunlunxin": ("4 x whole on kunlunxin", "kunlunxin.com/xpu 4", ""),
    "50% on Biren": ("50% and 50% cores on biren", "birentech.com/1-2-gpu 1", ""),
    "10Gi on BR106": (
        "25% and 25% cores on br106",
        "birentech.com/1-4-gpu 1",
        "10240Mi is rounded up to 25% of memory and cores: BR106 is shared out in fixed parts",
    ),
    "60% on Biren": ("whole on biren", "birentech.com/gpu 1", "60% is rounded up to a whole card"),
    "2 x whole on Vastai": ("2 x whole on vastai", "vastaitech.com/va 2", ""),
    "50% cores on AWS": ("50% and 50% cores on aws", "aws.amazon.com/neuroncore 1", ""),
    "16 x whole on AWS": ("16 x whole on aws", "aws.amazon.com/neuron 16", ""),
    "4 x whole on TPU v6e": ("4 x whole on google v6e", "google.com/tpu 4", "gke-tpu-topology"),
    "2 x whole on T-Head": ("2 x whole on thead", "aliyun.com/ppu 2", ""),
}


def shown(resources) -> str:
    return ", ".join(f"{name} {number}" for name, number in resources.items())


@pytest.mark.parametrize("sentence", ROWS)
def test_becomes(sentence: str):
    fits, resources, says = ROWS[sentence]
    fitted, written, warnings = put(sentence)
    assert (print_sentence(fitted), shown(written.resources)) == (fits, resources)
    assert bool(warnings) == bool(says)
    assert says in " ".join(warnings)


def test_every_vendor_has_rows():
    resources = {name for row in ROWS.values() for name in row[1].split() if "/" in name}
    for key, vendor in known.items():
        assert key == "innosilicon" or vendor.names() & resources, key


HALVES = {
    "nvidia": "A100 80G",
    "amd": "MI300X",
    "ascend": "910B4",
    "cambricon": "MLU370-X8",
    "hygon": "K100_AI",
    "mthreads": "S4000",
    "metax": "MXC500",
    "iluvatar": "BI-V100",
    "enflame": "S60",
    "kunlunxin": "P800",
    "biren": "BR106",
    "aws": "AWS",
}


@pytest.mark.parametrize("key", VENDORS)
def test_half_a_card_of_each_vendor_that_can_and_a_way_out_of_the_others(key: str):
    if key in HALVES:
        for part in ("half", "50%"):
            fitted, written, _ = put(f"{part} on {HALVES[key]}")
            assert fitted.amount != parse_sentence("whole").amount
            assert written.resources
    else:
        assert "ask for" in refusal(f"50% on {key}")


def test_the_interposer_is_for_nvidia_s_slices_alone():
    assert [key for key, vendor in known.items() if vendor.interposed] == ["nvidia"]


def test_a_model_of_tpu_names_its_nodes():
    _, written, _ = put("4 x whole on TPU v5e")
    assert written.node_selector == {
        "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
    }
    assert not put("whole on TPU")[1].node_selector
