"""Which process has ended, by its line of /proc/<pid>/stat."""

import subprocess
from pathlib import Path

import pytest

from tests.interposer.builds import build_unit


@pytest.fixture(scope="module")
def judge() -> Path:
    return build_unit("stat", "core/process.c")


def says(judge: Path, state: str, threads: int) -> str:
    line = f"7 (a) Z (b) {state} 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 {threads} 0 99 0 0 0 0 0 1234 0"
    return subprocess.run([judge, line], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("state", "RSDTtI")
def test_what_is_no_zombie_lives(judge: Path, state: str) -> None:
    assert says(judge, state, 1) == "lives"


def test_a_zombie_without_other_threads_has_ended(judge: Path) -> None:
    assert says(judge, "Z", 1) == "ended"


def test_a_program_whose_first_thread_has_ended_lives(judge: Path) -> None:
    assert says(judge, "Z", 2) == "lives"


@pytest.mark.parametrize("state", "ZX")
def test_a_thread_that_goes_while_it_is_read_proves_nothing(judge: Path, state: str) -> None:
    """Another one of its process may have called exec, and be about to get its id."""
    assert says(judge, state, 0) == "lives"
