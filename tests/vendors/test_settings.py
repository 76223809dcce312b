"""What a cluster may set of each vendor."""

import pytest

from tests.vendors.stacks import VENDORS, put, refusal
from tranche.vendors import known, make_vendors
from tranche.words.sentence import parse_sentence, print_sentence


def shown(resources) -> str:
    return ", ".join(f"{name} {number}" for name, number in resources.items())


@pytest.mark.parametrize("key", VENDORS)
def test_a_setting_names_the_runtime_class(key: str):
    vendor = make_vendors({key: {"runtimeClass": "special"}})[key]
    whole = parse_sentence(f"whole on {key}")
    if key != "innosilicon":
        assert vendor.write(vendor.fit(whole)[0]).runtime_class == "special"
        assert known[key].write(known[key].fit(whole)[0]).runtime_class == ""


def test_ascend_s_soft_slices_are_of_any_size_with_cores_and_their_mode():
    soft = make_vendors({"ascend": {"soft": True}})
    fitted, written, warnings = put("3000Mi and 30% cores on 910B4", soft)
    assert print_sentence(fitted) == "3000Mi and 30% cores on 910b4"
    assert shown(written.resources) == (
        "huawei.com/Ascend910B4 1, huawei.com/Ascend910B4-memory 3000, "
        "huawei.com/Ascend910B4-core 30"
    )
    assert written.annotations == {"huawei.com/vnpu-mode": "hami-core"}
    assert not warnings
    assert not put("2 x whole on 910B4", soft)[1].annotations
    assert "one Ascend card only" in refusal("2 x 3000Mi on 910B4", soft)


def test_a_chip_of_the_cluster_stands_in_where_none_is_named():
    vendors = make_vendors({"ascend": {"model": "910B4"}})
    fitted, written, warnings = put("8Gi on Ascend", vendors)
    assert shown(written.resources).startswith("huawei.com/Ascend910B4 1")
    assert print_sentence(fitted) == "8192Mi and 25% cores on ascend 910b4"
    assert "910B4 is meant" in warnings[0]
    assert "Ascend910A" in shown(put("8Gi on 910A", vendors)[1].resources)


def test_cambricon_counts_by_percent_where_the_cluster_says_so():
    vendors = make_vendors({"cambricon": {"memoryUnit": "1%"}})
    _, written, warnings = put("20% and 10% cores on MLU370", vendors)
    assert shown(written.resources) == (
        "cambricon.com/vmlu 1, cambricon.com/mlu.smlu.vmemory 20, cambricon.com/mlu.smlu.vcore 10"
    )
    assert not warnings
    _, written, warnings = put("2000Mi and 10% cores on MLU370-X4", vendors)
    assert written.resources["cambricon.com/mlu.smlu.vmemory"] == 9
    assert "2000Mi is rounded up to 9% of MLU370 X4, 2097 MiB" in warnings[0]
    assert "write a share, such as 20%, or name" in refusal("2000Mi on MLU370", vendors)
    assert "has 23308 MiB" in refusal("30Gi on MLU370-X4", vendors)


def test_amd_s_word_for_shares_is_written_where_the_cluster_has_it():
    vendors = make_vendors({"amd": {"memoryPercentage": True}})
    _, written, _ = put("25% on AMD", vendors)
    assert shown(written.resources) == "amd.com/gpu 1, amd.com/gpumem-percentage 25"


def test_intel_s_driver_and_aws_s_cores_are_settings():
    vendors = make_vendors({"intel": {"driver": "xe"}, "aws": {"coresPerDevice": 8}})
    assert put("whole on Intel", vendors)[1].resources == {"gpu.intel.com/xe": 1}
    fitted, written, _ = put("30% on AWS", vendors)
    assert written.resources == {"aws.amazon.com/neuroncore": 3}
    assert print_sentence(fitted) == "37% and 37% cores on aws"


def test_nvidia_s_names_are_a_setting():
    vendors = make_vendors({"nvidia": {"resources": {"count": "example.com/gpu"}}})
    assert put("whole", vendors)[1].resources == {"example.com/gpu": 1}
