"""`tranche explain --words`: cards of every maker, in sizes that they have, for every system."""

import pytest
import yaml
from typer.testing import CliRunner, Result

from tranche.cli.main import app
from tranche.dialects import writers

WHOLE = {
    "NVIDIA": {"nvidia.com/gpu": "1"},
    "AMD": {"amd.com/gpu": "1"},
    "Intel": {"gpu.intel.com/i915": "1"},
    "Gaudi3": {"habana.ai/gaudi": "1"},
    "910B4": {"huawei.com/Ascend910B4": "1"},
    "Cambricon": {"cambricon.com/vmlu": "1"},
    "Hygon": {"hygon.com/dcunum": "1"},
    "Moore Threads": {"mthreads.com/vgpu": "1"},
    "MetaX": {"metax-tech.com/gpu": "1"},
    "BI-V150": {"iluvatar.ai/BI-V150-vgpu": "1"},
    "Enflame": {"enflame.com/gcu": "1"},
    "Kunlunxin": {"kunlunxin.com/xpu": "1"},
    "Biren": {"birentech.com/gpu": "1"},
    "Vastai": {"vastaitech.com/va": "1"},
    "AWS": {"aws.amazon.com/neuron": "1"},
    "Google": {"google.com/tpu": "1"},
    "T-Head": {"aliyun.com/ppu": "1"},
}


def explain(words: str, *options: str) -> Result:
    return CliRunner().invoke(app, ["explain", "--words", words, *options])


def pod(words: str, *options: str) -> dict:
    """What the system is told, which is one container."""
    result = explain(words, *options, "-o", "yaml")
    assert result.exit_code == 0, result.stderr
    return yaml.safe_load(result.stdout)


def limits(words: str, *options: str) -> dict[str, str]:
    return pod(words, *options)["spec"]["containers"][0]["resources"]["limits"]


@pytest.mark.parametrize("maker", WHOLE)
@pytest.mark.parametrize("system", ["tranche", "hami"])
def test_a_whole_card_of_every_maker_is_asked_for_by_the_maker_s_own_resource(maker, system):
    if system == "hami" and maker in ("Intel", "Gaudi3", "Google", "T-Head"):
        refused = explain(f"whole on {maker}", "--to", system)
        assert "HAMi has no cards of this vendor" in refused.stderr
        return
    assert limits(f"whole on {maker}", "--to", system) == WHOLE[maker]


def test_a_size_that_does_not_exist_is_told_with_both_numbers():
    result = explain("8Gi and 30% cores on 910B4")
    assert result.stdout.splitlines()[:3] == [
        '"8192Mi and 30% cores on 910b4"',
        "  asks for 8192 MiB of memory and 30% of the cores of one card, 910B4",
        "  gets 16384 MiB of memory and 50% of the cores of one card, 910B4, of Ascend",
    ]
    assert result.stderr == (
        "warning: 8192Mi and 30% cores is rounded up to 16384Mi and 50% cores (vir10_3c_16g), "
        "the least slice of 910B4 that has it\n"
    )


def test_what_the_scheduler_counts_is_what_is_given():
    told = pod("10Gi on S4000", "--to", "tranche")
    assert '{"main":"16384Mi on ' in told["metadata"]["annotations"]["tranche.dev/slices"]
    assert limits("10Gi on S4000", "--to", "tranche") == {
        "mthreads.com/vgpu": "1",
        "mthreads.com/sgpu-memory": "32",
    }


def test_no_other_maker_s_slice_has_the_library():
    assert "env" in pod("1Gi", "--to", "tranche")["spec"]["containers"][0]
    assert "env" not in pod("1Gi on Hygon", "--to", "tranche")["spec"]["containers"][0]


def test_a_vendor_s_settings_are_said_by_its_name():
    assert limits("8Gi on Ascend", "--to", "hami", "--with", "vendors.ascend.model=910B4") == {
        "huawei.com/Ascend910B4": "1",
        "huawei.com/Ascend910B4-memory": "8192",
    }
    having = ("--with", "vendors.ascend.runtimeClass=ascend", "--with", "vendors.ascend.soft=true")
    told = pod("5Gi on 910B4", "--to", "hami", *having)
    assert told["spec"]["runtimeClassName"] == "ascend"
    assert told["metadata"]["annotations"] == {"huawei.com/vnpu-mode": "hami-core"}
    units = ("--with", "vendors.cambricon.memoryUnit=256Mi")
    told = limits("1Gi on Cambricon", "--to", "hami", *units)
    assert told["cambricon.com/mlu.smlu.vmemory"] == "4"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("2 x 8Gi on 910B4", "a slice of one Ascend card only; ask for a slice of one card, or"),
        ("8Gi on Ascend", "none is named; name 910A, 910B2"),
        ("8Gi on Cambricon", "have vendors.cambricon.memoryUnit set to 256Mi"),
        ("200Gi on 910B4", "910B4 has 32768 MiB; ask for no more than that"),
        ("8Gi on Intel", "the stack has no slices of them; ask for whole cards"),
        ("3 x whole on P800", "ask for one of these, such as 4 x whole"),
        ("whole on Innosilicon", "ask for another maker's cards"),
        ("1Gi on A100 or 910B4", "name models of one maker"),
        ("9g.99gb on H100", "NVIDIA has no fixed slice of this name; write 1g.10gb"),
        ("vir99 on 910B4", "write vir05_1c_8g or vir10_3c_16g"),
    ],
)
def test_what_cannot_be_had_is_refused_with_a_way_out(words: str, says: str):
    result = explain(words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("refused: ")
    assert says in result.stderr


@pytest.mark.parametrize("system", ["volcano", "koordinator", "kai"])
def test_systems_that_share_nvidia_s_cards_alone_say_so(system: str):
    refused = explain("8Gi on MI300X", "--to", system)
    assert "shares NVIDIA's cards alone; ask for one" in refused.stderr


@pytest.mark.parametrize("system", writers)
def test_a_sentence_without_an_amount_has_nothing_to_be_written(system: str):
    refused = explain("on A100", "--to", system)
    assert refused.exit_code == 1
    assert "no amount is said" in refused.stderr
    told = explain("on A100").stdout
    assert "gets what the default says of the memory of one card, A100" in told
    assert "written for" not in told
