"""Arrays are counted as what the driver may at most take for them."""

from collections.abc import Iterator

import pytest

from tests.interposer.builds import build_cuda_client
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Program, Rig

LAYERED, CUBEMAP, SPARSE, DEFERRED = 0x01, 0x04, 0x40, 0x80
U8, HALF, FLOAT, BC1, BC7, NV12, P016, PLANAR = 0x01, 0x10, 0x20, 0x91, 0x9D, 0xB0, 0xA1, 0xB2
INVALID_VALUE = 1
KINDS = ["two", "two_v1", "three", "three_v1", "mipmapped"]


@pytest.fixture
def program(rig: Rig) -> Iterator[Program]:
    build_cuda_client("arrays")
    with rig.program(client="arrays") as program:
        yield program


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_are_refused_past_the_limit_and_given_back(
    rig: Rig, program: Program, kind: str
) -> None:
    one_mib = f"{kind} 512 512 0 {FLOAT} 1 0 1"
    assert program.ask(f"fill {one_mib}") == f"3000 {OUT_OF_MEMORY}"
    assert rig.oracle()[rig.A]["used_mib"] == 3000
    assert program.ask("alloc 1") == str(OUT_OF_MEMORY)
    assert program.ask("destroyall") == "0"
    assert program.ask("info") == "0"
    assert program.ask(f"fill {one_mib}") == f"3000 {OUT_OF_MEMORY}"
    assert rig.oracle()[rig.A]["peak_mib"] == 3000


@pytest.mark.parametrize(
    "shape",
    [
        ("three", 65536, 65536, 0, FLOAT, 4, 0, 1),  # 64 GiB
        ("mipmapped", 65536, 65536, 0, FLOAT, 4, 0, 17),
        ("three", 1 << 62, 1 << 62, 1 << 62, FLOAT, 4, 0, 1),
        ("two", 1 << 63, 4, 0, FLOAT, 4, 0, 1),
    ],
)
def test_an_array_larger_than_the_slice_is_refused_untried(
    rig: Rig, program: Program, shape: tuple[object, ...]
) -> None:
    assert program.ask(f"create {' '.join(map(str, shape))}") == str(OUT_OF_MEMORY)
    assert rig.oracle()[rig.A]["peak_bytes"] == 0
    assert program.ask("info") == "0"


@pytest.mark.parametrize(
    "shape",
    [
        ("three", 1000, 0, 0, FLOAT, 1, 0, 1),
        ("three", 100, 77, 0, U8, 4, 0, 1),
        ("three", 333, 55, 21, HALF, 2, 0, 1),
        ("three", 33, 200, 9, U8, 1, 0, 1),
        ("three", 100, 0, 17, U8, 4, LAYERED, 1),
        ("three", 100, 100, 17, U8, 4, LAYERED, 1),
        ("three", 100, 100, 12, U8, 4, LAYERED | CUBEMAP, 1),
        ("three", 101, 99, 0, BC1, 4, 0, 1),
        ("three", 101, 99, 0, BC7, 4, 0, 1),
        ("three", 639, 479, 0, NV12, 1, 0, 1),
        ("three", 639, 479, 0, P016, 1, 0, 1),
        ("three", 639, 479, 0, PLANAR, 1, 0, 1),
        ("mipmapped", 300, 200, 0, U8, 4, 0, 99),
        ("mipmapped", 300, 200, 9, U8, 4, LAYERED, 4),
        ("mipmapped", 65, 65, 65, U8, 4, 0, 7),
    ],
)
def test_what_is_charged_is_never_less_than_what_the_driver_takes(
    rig: Rig, program: Program, shape: tuple[object, ...]
) -> None:
    for _ in range(3):
        assert program.ask(f"create {' '.join(map(str, shape))}") == "0"
    taken = rig.oracle()[rig.A]["used_bytes"]
    assert 0 < taken <= int(program.ask("info")) <= 4 * taken
    assert program.ask("destroyall") == "0"
    assert program.ask("info") == "0"


def test_what_the_driver_refuses_is_not_charged(program: Program) -> None:
    assert program.ask(f"create three 512 512 0 {FLOAT} 3 0 1") == str(INVALID_VALUE)
    assert program.ask("info") == "0"


@pytest.mark.parametrize("flag", [SPARSE, DEFERRED])
def test_an_array_with_nothing_behind_it_takes_nothing(program: Program, flag: int) -> None:
    assert program.ask(f"create three 16384 16384 0 {FLOAT} 4 {flag} 1") == "0"
    assert program.ask("info") == "0"


def test_what_is_mapped_into_a_sparse_array_is_charged_until_the_array_is_gone(
    rig: Rig, program: Program
) -> None:
    assert program.ask(f"create three 16384 16384 0 {FLOAT} 4 {SPARSE} 1") == "0"
    for mapped in (1, 2, 3):
        assert program.ask(f"tile {64 * MIB}") == "0"  # and its handle is released
        taken = rig.oracle()[rig.A]["used_bytes"]
        assert taken == 64 * MIB  # the driver has let go of what was mapped there before
        assert int(program.ask("info")) == mapped * 64 * MIB
    assert program.ask("destroy 0") == "0"
    assert rig.oracle()[rig.A]["used_bytes"] == 0
    assert program.ask("info") == "0"
