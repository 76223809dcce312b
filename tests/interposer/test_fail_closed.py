"""Where it is not certain what the slice is, nothing is granted, and one line says why."""

import random
import struct

import pytest

from tests.interposer.builds import LIMITS, REGION
from tests.interposer.rig import LIMITS_SIZE, MIB, REGION_SIZE, Rig, limits_file

GOOD = limits_file({Rig.A: 3000 * MIB})


def changed(offset: int, *values: int) -> bytes:
    content = bytearray(GOOD)
    content[offset : offset + len(values)] = bytes(values)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [None, b"", GOOD[:-1], changed(0, 0), changed(4, 1), changed(6, 33), changed(8, 0),
     changed(12, 1), bytes(LIMITS_SIZE)],
    ids=["missing", "empty", "short", "magic", "version", "count", "size", "flags", "zeros"],
)  # fmt: skip
def test_without_sound_limits_nothing_is_granted(rig: Rig, content: bytes | None) -> None:
    rig.limits_bytes(content)
    refused(rig, str(LIMITS))


@pytest.mark.parametrize(
    "content",
    [None, b"", bytes(REGION_SIZE - 1), b"garbage!" + bytes(REGION_SIZE)],
    ids=["missing", "empty", "short", "stamp"],
)
def test_without_a_sound_region_nothing_is_granted(rig: Rig, content: bytes | None) -> None:
    rig.region_bytes(content)
    refused(rig, str(REGION))


def refused(rig: Rig, said: str) -> None:
    with rig.program() as program:
        for kind in ("plain", "managed", "async", "pool", "create"):
            assert program.fill(kind, 2 * MIB) == 0
        assert program.ask("info") == f"0 0 {8000 * MIB}"
        errors = program.end()
    assert errors.count("\n") == 1
    assert errors.startswith(f"tranche: no device memory is granted: {said} ")
    assert "Delete the pod" in errors
    assert rig.oracle()[rig.A]["peak_bytes"] == 0


def test_an_unwritable_region_is_said(rig: Rig) -> None:
    """A folder in its place, since root may write any file."""
    REGION.unlink()
    REGION.mkdir()
    try:
        refused(rig, str(REGION))
    finally:
        REGION.rmdir()


@pytest.mark.parametrize("seed", range(12))
def test_garbage_in_the_region_never_crashes_a_program(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - seeded, so that a failure comes again
    content = bytearray(chance.randbytes(REGION_SIZE))
    content[:8] = struct.pack("<Q", 0x000000024E475254)
    rig.region_bytes(bytes(content))
    with rig.program() as program:
        program.ask(f"alloc plain {MIB}")
        program.ask("info")
        program.ask("nvml 0")
        with REGION.open("r+b") as file:
            for _ in range(300):
                file.seek(chance.randrange(8, REGION_SIZE - 64))
                file.write(chance.randbytes(64))
                file.flush()
                assert program.ask(f"alloc plain {MIB}") in {"0", "2"}
        assert program.ask("info").startswith("0 ")
        program.end()


def test_a_region_zeroed_under_a_program_grants_nothing_more(rig: Rig) -> None:
    with rig.program() as program:
        assert program.ask(f"alloc plain {2000 * MIB}") == "0"
        with REGION.open("r+b") as file:
            file.write(bytes(REGION_SIZE))
        assert program.fill() == 0
        assert "changed by something else" in program.end()
