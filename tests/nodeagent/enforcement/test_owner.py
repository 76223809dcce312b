"""A process is known by the name under which it counts in its slice's region."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.enforcement.layout import owner_word
from nodeagent.enforcement.owner import owner, read_owner

FIELDS = " ".join(map(str, range(3, 22))).encode()


def stat(name: bytes, start: int) -> bytes:
    return b"1234 (" + name + b") " + FIELDS + b" %d 23 24\n" % start


@pytest.mark.parametrize("name", [b"train", b"a b", b") 1 2", b"\n\xff)"])
def test_it_is_the_innermost_id_and_the_start(name: bytes):
    status = b"Name:\tx\nPid:\t1234\nNSpid:\t1234\t56\t7\nNSsid:\t1\n"
    assert owner(status, stat(name, 99)) == owner_word(7, 99)


def test_in_no_namespace_of_its_own_it_is_the_only_id():
    assert owner(b"Name:\tx\nNSpid:\t1234\n", stat(b"x", 99)) == owner_word(1234, 99)


@given(st.binary(), st.binary())
def test_any_bytes_are_an_owner_or_nobody(status: bytes, line: bytes):
    assert 0 <= owner(status, line) < 2**43


def test_a_process_that_is_not_there_is_not_to_be_found(tmp_path: Path):
    with pytest.raises(OSError, match="No such file"):
        read_owner(tmp_path, 1)


def test_this_process_is_somebody():
    assert read_owner(Path("/proc"), os.getpid()) & (1 << 22) - 1 == os.getpid()
