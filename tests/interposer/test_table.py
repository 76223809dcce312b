"""What was charged for an address is found again, wherever drivers put their memory."""

import subprocess
from pathlib import Path

import pytest

from tests.interposer.builds import build_unit

COMMON = 20_000
STEPS = ["2MiB", "64KiB", "4KiB", "512B", "far", "mixed", "handles", "any"]


@pytest.fixture(scope="module")
def table() -> Path:
    return build_unit("table", "core/table.c", "core/tree.c")


def run(table: Path, steps: str, count: int, threads: int) -> tuple[int, int, int]:
    words = [table, steps, str(count), str(threads)]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=100)
    wrong, taken, kib = map(int, done.stdout.split())
    return wrong, taken, kib


@pytest.mark.parametrize("steps", STEPS)
def test_every_key_is_found_and_goes_to_one(table: Path, steps: str) -> None:
    wrong, taken, _ = run(table, steps, 30_000, 4)
    assert (wrong, taken) == (0, COMMON)


@pytest.mark.parametrize(
    ("steps", "most"),
    [("2MiB", 24), ("64KiB", 48), ("4KiB", 24), ("512B", 16), ("mixed", 160), ("any", 112)],
)
def test_a_million_addresses_take_little_memory(table: Path, steps: str, most: int) -> None:
    """In bytes each. `mixed` is the worst: each alone in its 4 KiB, at an odd place of it."""
    wrong, _, kib = run(table, steps, 1_000_000, 1)
    assert wrong == 0
    assert kib << 10 < most * 1_000_000


def test_a_few_addresses_take_next_to_none(table: Path) -> None:
    """20,000 in pages of their own, and some."""
    _, _, kib = run(table, "2MiB", 10, 1)
    assert kib < 1 << 10


@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
@pytest.mark.parametrize("steps", ["512B", "any"])
def test_a_sanitizer_finds_nothing(steps: str, sanitizer: str) -> None:
    name = f"table-{sanitizer.partition(',')[0]}"
    table = build_unit("table", "core/table.c", "core/tree.c", name=name, sanitize=sanitizer)
    wrong, taken, _ = run(table, steps, 3_000, 4)
    assert (wrong, taken) == (0, COMMON)
