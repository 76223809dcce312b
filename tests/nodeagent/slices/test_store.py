"""What lies on disk, and what may never happen to it."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.slices.files import write_file
from nodeagent.slices.record import Record, dump_record, load_record
from nodeagent.slices.store import Folders, Store
from tests.nodeagent.machine import A
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed

NAME = "0123456789abcdef"
RECORD = Record(NAME, "uid", "team", "one", "main", (Grant(A, 1),), {A: 1}, "lib.so", "{}")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    one = Store(Folders(tmp_path / "state", tmp_path / "cdi"))
    one.restore()
    return one


def again(store: Store) -> Store:
    other = Store(store.folders)
    other.restore()
    return other


def test_a_record_read_back_is_the_one_written():
    assert load_record(dump_record(RECORD), NAME) == RECORD


@given(st.binary())
def test_any_bytes_are_a_record_or_malformed(text: bytes):
    with pytest.raises(Malformed):
        load_record(text, NAME)


def test_a_name_never_gets_another_spec(store: Store):
    store.put(RECORD, b"limits")
    other = Record(*(*_fields(RECORD)[:8], "{ }"))
    with pytest.raises(Malformed, match="another spec"):
        store.put(other, b"limits")
    assert (store.folders.cdi / f"tranche.dev-slice-{NAME}.json").read_text() == "{}"


def test_nor_when_the_agent_has_lost_its_record_of_it(store: Store):
    store.put(RECORD, b"limits")
    (store.folders.slices / NAME / "slice.json").write_text("broken")
    other = Record(*(*_fields(RECORD)[:8], "{ }"))
    with pytest.raises(Malformed, match="another spec"):
        again(store).put(other, b"limits")
    again(store).put(RECORD, b"limits")


def test_a_spec_that_someone_changed_is_put_right(store: Store):
    store.put(RECORD, b"limits")
    path = store.folders.cdi / f"tranche.dev-slice-{NAME}.json"
    path.write_text('{"evil": true}')
    again(store)
    assert path.read_text() == "{}"


def test_the_region_is_all_zeros_and_takes_no_room(store: Store):
    store.put(RECORD, b"limits")
    stat = (store.folders.slices / NAME / "region").stat()
    assert (stat.st_size, stat.st_blocks) == (331776, 0)


def test_a_file_that_is_mounted_somewhere_keeps_its_content(store: Store):
    """A new file takes the old one's name; who has the old one open or mounted keeps it."""
    store.put(RECORD, b"old")
    with (store.folders.slices / NAME / "limits").open("rb") as old:
        store.put(RECORD, b"new")
        assert old.read() == b"old"
    assert (store.folders.slices / NAME / "limits").read_bytes() == b"new"


def test_a_slice_taken_back_leaves_nothing(store: Store):
    store.put(RECORD, b"limits")
    store.remove(NAME)
    assert not list(store.folders.cdi.iterdir())
    assert not list(store.folders.slices.iterdir())


def test_an_uninstall_leaves_nothing_of_ours_and_all_of_others(store: Store):
    store.put(RECORD, b"limits")
    (store.folders.cdi / "nvidia.yaml").write_text("theirs")
    store.remove_all()
    assert [path.name for path in store.folders.cdi.iterdir()] == ["nvidia.yaml"]
    assert not any(store.folders.state.iterdir())


def test_a_write_that_fails_leaves_the_old_file_and_no_part_of_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "file"
    write_file(path, b"old", 0o600)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"new", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def _fields(record: Record) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in record.__struct_fields__)
