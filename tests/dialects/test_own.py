"""Tranche's own way, and the vendor's own plugin, as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.reading import pod, read, sentence
from tests.dialects.requests import requests
from tranche.dialects.nvidia_plugin import NvidiaPlugin
from tranche.dialects.own import Own
from tranche.dialects.plugin import Plugin
from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.request import Request
from tranche.words.sentence import parse_sentence
from tranche.words.slices import SLICES_ANNOTATION, load_slices


@given(requests(vendor=st.none()))
def test_what_tranche_writes_is_what_it_reads(request: Request):
    written = Own().write({"main": request})["main"]
    assert load_slices(written.annotations[SLICES_ANNOTATION]) == {"main": request}
    assert Nvidia().read(written.resources).said.count == request.count


def test_the_library_stands_before_slices_alone():
    asked = {"main": parse_sentence("2 x 3000Mi"), "side": parse_sentence("whole")}
    written = Own(runtime_class_name="nvidia").write(asked)
    assert written["main"].resources == {"nvidia.com/gpu": 2, "nvidia.com/gpumem": 3000}
    assert written["main"].env == {"LD_PRELOAD": "/usr/local/lib/tranche/libtranche.so"}
    assert written["side"].env == {}
    assert (written["main"].runtime_class, written["side"].runtime_class) == ("nvidia", "")
    assert {one.scheduler for one in written.values()} == {"tranche-scheduler"}
    assert (
        Own(runtime_class_name="nvidia").write({"a": parse_sentence("whole")})["a"].runtime_class
        == ""
    )


@pytest.mark.parametrize(
    ("asked", "resources"),
    [
        ("2 x whole", {"nvidia.com/gpu": 2}),
        ("1g.10gb", {"nvidia.com/mig-1g.10gb": 1}),
        ("2 x 1g.5gb+me", {"nvidia.com/mig-1g.5gb.me": 2}),
    ],
)
def test_the_plugin_takes_whole_cards_and_mig(asked: str, resources: dict[str, int]):
    written = Plugin(runtime_class_name="nvidia").write({"main": parse_sentence(asked)})["main"]
    assert written.resources == resources
    assert (written.runtime_class, written.scheduler) == ("nvidia", "")
    if "mig" in next(iter(resources)):
        assert sentence(read(NvidiaPlugin(), pod(written.resources))) == asked


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("3000Mi", "cuts no card to size"),
        ("whole card GPU-1", "no word for uuids"),
        ("whole on H9000", "write one full name"),
    ],
)
def test_the_plugin_has_no_words_for(asked: str, says: str):
    with pytest.raises(Refusal, match=says):
        Plugin().write({"main": parse_sentence(asked)})


def test_the_plugin_s_model_is_a_label_of_the_node():
    written = Plugin().write({"main": parse_sentence("whole on H200 NVL spread")})["main"]
    assert written.node_selector == {"nvidia.com/gpu.product": "NVIDIA-H200-NVL"}
    assert "card policy spread is lost" in written.warnings[0]
    (values,) = Plugin().write({"a": parse_sentence("whole on A100")})["a"].node_affinity.values()
    assert "NVIDIA-A100-SXM4-80GB" in values
