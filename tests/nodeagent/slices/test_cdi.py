"""The spec of a slice: the vendor's edits for the granted cards, and ours."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.slices.cdi import Mounts, merge, spec_path, spec_text
from nodeagent.slices.vendor_cdi import find_spec, read_spec
from tests.nodeagent.machine import A, B, found, vendor_spec
from tranche.words.errors import Malformed, Refusal

KIND = "nvidia.com/gpu"
CARDS = (found(A, 0), found(B, 1))
MOUNTS = Mounts(Path("/lib.so"), Path("/s/limits"), Path("/s/region"), Path("/s/preload"))


def put(folder: Path, name: str, **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    spec = vendor_spec() | changes
    text = json.dumps(spec) if name.endswith(".json") else yaml.safe_dump(spec)
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("name", ["nvidia.yaml", "nvidia.yml", "nvidia.json"])
def test_a_vendor_spec_is_read_in_either_form(tmp_path: Path, name: str):
    put(tmp_path, name)
    spec = find_spec([tmp_path], KIND, CARDS)
    assert spec.device(CARDS[0]) == {"deviceNodes": [{"path": "/dev/nvidia0"}]}
    assert spec.device(CARDS[1]) == {"deviceNodes": [{"path": "/dev/nvidia1"}]}


def test_the_uuid_is_surer_than_the_index(tmp_path: Path):
    """Where both are named, an index may have moved since the file was made."""
    wrong = {"name": "0", "containerEdits": {"deviceNodes": [{"path": "/dev/wrong"}]}}
    put(tmp_path, "n.json", devices=[wrong, *vendor_spec()["devices"]])
    spec = find_spec([tmp_path], KIND, CARDS[:1])
    assert spec.device(CARDS[0]) == {"deviceNodes": [{"path": "/dev/nvidia0"}]}


def test_the_later_folder_is_stronger(tmp_path: Path):
    put(tmp_path / "etc", "n.json", containerEdits={"env": ["FROM=etc"]})
    put(tmp_path / "run", "n.json", containerEdits={"env": ["FROM=run"]})
    spec = find_spec([tmp_path / "etc", tmp_path / "run"], KIND, CARDS)
    assert spec.edits == {"env": ["FROM=run"]}


def test_files_that_are_no_spec_or_another_vendors_are_passed_over(tmp_path: Path):
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.yaml").write_text("- not\n- a spec\n")
    put(tmp_path, "c.json", kind="amd.com/gpu")
    put(tmp_path, "d.yaml")
    assert find_spec([tmp_path], KIND, CARDS).path.name == "d.yaml"


def test_no_spec_is_refused_with_how_it_is_made(tmp_path: Path):
    with pytest.raises(Refusal, match=r"no CDI spec of nvidia.com/gpu in .*`nvidia-ctk"):
        find_spec([tmp_path, tmp_path / "missing"], KIND, CARDS)


def test_a_spec_that_lacks_a_card_is_refused_naming_it(tmp_path: Path):
    put(tmp_path, "n.json", devices=vendor_spec()["devices"][:1])
    with pytest.raises(Refusal, match=f"lacks .*{B}"):
        find_spec([tmp_path], KIND, CARDS)
    assert find_spec([tmp_path], KIND, CARDS[:1])


def test_our_own_specs_in_the_same_folder_are_not_opened(tmp_path: Path):
    put(tmp_path, "tranche.dev-slice-0123456789abcdef.json")
    with pytest.raises(Refusal):
        find_spec([tmp_path], KIND, CARDS)


def test_the_slice_is_the_vendors_edits_for_its_card_and_ours(tmp_path: Path):
    _, vendor = read_spec(put(tmp_path, "n.json"))
    spec = json.loads(spec_text("0123456789abcdef", vendor, CARDS[:1], MOUNTS))
    assert spec["kind"] == "tranche.dev/slice"
    (device,) = spec["devices"]
    assert device["name"] == "0123456789abcdef"
    edits = device["containerEdits"]
    assert [node["path"] for node in edits["deviceNodes"]] == ["/dev/nvidiactl", "/dev/nvidia0"]
    assert edits["env"] == ["NVIDIA_VISIBLE_DEVICES=void"]
    assert [mount["hostPath"] for mount in edits["mounts"]] == [
        "/drv/libcuda.so.1",
        "/lib.so",
        "/s/limits",
        "/s/region",
        "/s/preload",
    ]
    assert "containerEdits" not in spec


@pytest.mark.parametrize(
    ("vendors", "ours"), [("0.3.0", "0.5.0"), ("0.6.0", "0.6.0"), ("1.1.0", "1.1.0")]
)
def test_the_version_is_what_both_parts_need(tmp_path: Path, vendors: str, ours: str):
    """0.5.0 is the first that lets a device's name begin with a digit."""
    _, vendor = read_spec(put(tmp_path, "n.json", cdiVersion=vendors))
    assert json.loads(spec_text("0" * 16, vendor, CARDS, None))["cdiVersion"] == ours


def test_fields_that_we_have_never_heard_of_are_carried_over(tmp_path: Path):
    _, vendor = read_spec(put(tmp_path, "n.json", containerEdits={"new": {"a": 1}, "list": [1]}))
    (device,) = json.loads(spec_text("0" * 16, vendor, CARDS, None))["devices"]
    assert device["containerEdits"]["new"] == {"a": 1}
    assert device["containerEdits"]["list"] == [1]


def test_the_same_entry_of_two_cards_is_there_once():
    node = {"path": "/dev/dri"}
    assert merge([{"deviceNodes": [node]}, {"deviceNodes": [node, {"path": "/dev/b"}]}]) == {
        "deviceNodes": [node, {"path": "/dev/b"}]
    }


def test_a_merge_leaves_its_parts_as_they_were():
    part: dict[str, Any] = {"env": ["A=1"]}
    merge([part, {"env": ["B=2"]}])
    assert part == {"env": ["A=1"]}


def test_the_file_is_named_after_the_slice():
    assert spec_path(Path("/cdi"), "ab") == Path("/cdi/tranche.dev-slice-ab.json")


@given(st.binary(), st.sampled_from([".json", ".yaml"]))
def test_any_file_is_a_spec_or_malformed(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, end: str
):
    path = tmp_path_factory.mktemp("cdi") / f"x{end}"
    path.write_bytes(content)
    with pytest.raises(Malformed):
        read_spec(path)
