"""What a vendor's cards cannot be is refused, with a way out that works."""

import re

import pytest

from tests.vendors.stacks import VENDORS, put, refusal
from tranche.vendors import known, make_vendors, vendor_of
from tranche.words.errors import Malformed, Refusal
from tranche.words.request import Request, Whole
from tranche.words.sentence import parse_sentence

ROWS = [
    ("2 x 8Gi on 910B4", "a slice of one Ascend card only", "2 x whole on 910B4"),
    ("2 x 1Gi and 10% cores on MLU370", "one Cambricon card only", "1Gi and 10% cores on MLU370"),
    ("2 x 1Gi on Hygon", "one Hygon card only", "2 x whole on Hygon"),
    ("2 x 1Gi on S4000", "one Moore Threads card only", "2 x whole on S4000"),
    ("2 x 1Gi on BI-V150", "one Iluvatar card only", "2 x whole on BI-V150"),
    ("2 x 1Gi on S60", "one Enflame card only", "2 x whole on S60"),
    ("2 x 50% on Biren", "one Biren card only", "50% on Biren"),
    ("2 x 50% on AWS", "one AWS Neuron card only", "2 x whole on AWS"),
    ("3 x whole on 910C", "in pairs; ask for 2 or 4", "4 x whole on 910C"),
    ("8Gi on 910C", "in pairs, and a slice is of one", "2 x whole on 910C"),
    ("vir05_1c_16g on 910C", "in pairs, and a slice is of one", "2 x whole on 910C"),
    ("8Gi on Ascend", "one for each chip, and none is named", "8Gi on 910B4"),
    ("8Gi on 910B3 or 910B4", "910B3 or 910B4 are several", "8Gi on 910B3"),
    ("8Gi on 910B1", "no slices of this chip", "whole on 910B1"),
    ("vir02", "910A or 310P have a template", "vir02 on 910A"),
    ("vir05_1c_16g on 910B4", "vir05_1c_8g or vir10_3c_16g", "vir05_1c_8g on 910B4"),
    ("65Gi on 910B3", "910B3 has 65536 MiB", "64Gi on 910B3"),
    ("3 x whole on P800", "1, 2, 4 or 8 whole cards", "4 x whole on P800"),
    ("9 x whole on P800", "such as 8 x whole", "8 x whole on P800"),
    ("100Gi on P800", "P800 has 98304 MiB", "96Gi on P800"),
    ("100Gi on Moore Threads", "ask for 49152Mi, or whole", "49152Mi on Moore Threads"),
    ("50% on Moore Threads", "write how much, such as 1024Mi", "1024Mi on Moore Threads"),
    ("20% on MLU370", "or name MLU370-X4 or MLU370-X8", "20% on MLU370-X8"),
    ("50% on Hygon", "such as 8Gi, or name K100_AI", "50% on K100_AI"),
    ("50% on AMD", "write how much, such as 8Gi, or name MI300X", "50% on MI300X"),
    ("10Gi on Biren", "write a share, such as 20%, or name BR106", "10Gi on BR106"),
    ("80Gi on BR106", "BR106 has 65536 MiB", "64Gi on BR106"),
    ("1Gi on AWS", "write a share, such as 20%", "20% on AWS"),
    ("1Gi on BI-V150S", "no slices of this chip", "whole on BI-V150S"),
    ("1Gi on Vastai", "given whole", "whole on Vastai"),
    ("1Gi on Intel", "given whole", "whole on Intel"),
    ("1Gi on TPU", "given whole", "whole on TPU"),
    ("1Gi on PPU", "given whole", "whole on PPU"),
    ("1g.10gb on MXC500", "ask for memory, such as 8Gi", "8Gi on MXC500"),
    ("1g.5gb on H100 80G", "1g.10gb, 1g.10gb+me, 1g.20gb", "1g.10gb on H100 80G"),
    ("2g.20gb on S60", "1g.6gb, 3g.20gb or 6g.40gb", "3g.20gb on S60"),
    ("cpx_nps8 on MI300X", "cpx_nps1, cpx_nps4 or spx_nps1", "cpx_nps4 on MI300X"),
    ("1Gi on Innosilicon", "nothing public exists", "whole on NVIDIA"),
    ("whole on Innosilicon", "nothing public exists for Innosilicon's cards", "whole on AMD"),
]


@pytest.mark.parametrize(("sentence", "says", "instead"), ROWS)
def test_refuses_with_a_way_out(sentence: str, says: str, instead: str):
    assert says in refusal(sentence)
    assert put(instead)[1].resources


@pytest.mark.parametrize("memory", ["1Gi", "20%"])
def test_cambricon_s_memory_waits_for_its_unit_and_cores_do_not(memory: str):
    says = refusal(f"{memory} and 10% cores on MLU370-X4", known)
    assert "memoryUnit set to 256Mi, as HAMi counts, or to 1%" in says
    assert put("100% and 10% cores on MLU370-X4", known)[1].resources == {
        "cambricon.com/vmlu": 1,
        "cambricon.com/mlu.smlu.vcore": 10,
    }


def test_cards_of_another_maker_are_refused_by_a_vendor():
    with pytest.raises(Refusal, match="not AMD's cards, but Hygon's"):
        known["amd"].fit(Request(Whole(), vendor="hygon"))
    with pytest.raises(Refusal, match="not of one maker"):
        known["amd"].fit(parse_sentence("whole on A100"))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"nvidea": {}}, "there is no nvidea, but nvidia, amd"),
        ({"cambricon": {"memoryUnit": "512Mi"}}, "vendors.cambricon: Invalid enum value '512Mi'"),
        ({"ascend": {"softly": True}}, "vendors.ascend: Object contains unknown field `softly`"),
        ({"ascend": {"model": "6000"}}, "vendors.ascend: model is one of 910A, 910ProA"),
        ({"aws": {"coresPerDevice": 1}}, "vendors.aws: Expected `int` >= 2"),
    ],
)
def test_wrong_settings_are_named(settings, says: str):
    with pytest.raises(Malformed, match=re.escape(says)):
        make_vendors(settings)


def test_whose_cards_a_request_is_for():
    def whose(sentence: str) -> str:
        return vendor_of(parse_sentence(sentence), "hygon", VENDORS).key

    assert whose("1Gi") == "hygon"
    assert whose("1Gi on A100") == "nvidia"
    assert whose("1Gi on Ascend") == "ascend"
    assert whose("1Gi on unheard") == "hygon"
    assert whose("vir02") == "ascend"
    assert whose("1g.10gb") == "nvidia"
    assert whose("1g.6gb") == "hygon"
    assert whose("1g.6gb on S60") == "enflame"
    assert whose("cpx_nps1") == "amd"
