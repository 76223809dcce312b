"""Memory past the slice is refused, to the byte, by whatever way the driver is reached."""

import pytest

from tests.interposer.rig import MIB, OUT_OF_MEMORY, Rig

WAYS = ["direct", "dlsym", "default", "next", "gpa1", "gpa2", "ptsz"]
KINDS = ["plain", "managed", "pitch"]
POOLS = ["async", "pool", "defaultpool"]


@pytest.mark.parametrize("via", WAYS)
def test_the_3001st_mib_is_refused(rig: Rig, via: str) -> None:
    with rig.program(via) as program:
        assert program.fill() == 3000
        assert rig.oracle()[rig.A]["used_mib"] == 3000
        assert program.end() == ""


@pytest.mark.parametrize("via", ["direct", "dlsym", "gpa2", "ptsz"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_allocation_is_counted_and_given_back(rig: Rig, kind: str, via: str) -> None:
    with rig.program(via) as program:
        assert program.fill(kind) == 3000
        assert program.ask("freeall") == "0"
        assert rig.oracle()[rig.A]["used_bytes"] == 0
        assert program.fill(kind) == 3000
        assert rig.oracle()[rig.A]["peak_mib"] == 3000


@pytest.mark.parametrize("via", ["direct", "dlsym", "gpa2", "ptsz"])
@pytest.mark.parametrize("kind", POOLS)
def test_a_pool_grows_by_whole_chunks_within_the_slice(rig: Rig, kind: str, via: str) -> None:
    """The driver decides whether a pool grows, and once it has it is too late to refuse.

    So an allocation is granted while a chunk of 32 MiB, by which the pool may grow, still fits. 93
    of them do, and the last is only begun.
    """
    with rig.program(via) as program:
        assert program.fill(kind) == 92 * 32 + 1
        assert rig.oracle()[rig.A]["used_mib"] == 93 * 32
        assert program.ask("freeall") == "0"
        assert program.fill(kind) == 92 * 32 + 1
        assert rig.oracle()[rig.A]["peak_mib"] == 93 * 32
        assert program.end() == ""


def test_physical_memory_is_counted(rig: Rig) -> None:
    with rig.program() as program:
        assert program.fill("create", 2 * MIB) == 1500
        assert program.ask("alloc plain 1") == str(OUT_OF_MEMORY)
        assert program.ask("freeall") == "0"
        assert program.fill() == 3000


def test_the_kinds_share_one_limit(rig: Rig) -> None:
    with rig.program() as program:
        for kind in KINDS:
            assert program.ask(f"alloc {kind} {488 * MIB}") == "0"
        for kind in POOLS:
            assert program.ask(f"alloc {kind} {512 * MIB}") == "0"
        assert program.ask("alloc plain 1") == str(OUT_OF_MEMORY)


def test_memory_on_the_host_is_not_counted(rig: Rig) -> None:
    with rig.program() as program:
        assert program.fill() == 3000
        assert program.ask("alloc hostpool 4096") == "0"


@pytest.mark.parametrize(
    ("size", "fit"),
    [(512, 6), (1, 6), (513, 3), (3072, 1), (3073, 0), (1 << 63, 0), ((1 << 64) - 1, 0)],
)
def test_what_is_charged_is_rounded_up_to_512_bytes(rig: Rig, size: int, fit: int) -> None:
    rig.slice(A=3072 / MIB)
    with rig.program() as program:
        assert program.fill(size=size) == fit


def test_what_the_driver_itself_refuses_is_not_charged(rig: Rig) -> None:
    """The card is smaller than the slice, as when a neighbour outside Tranche has the rest."""
    rig.cards(A=100)
    rig.slice(A=3000)
    with rig.program() as program:
        assert program.fill() == 100
        for _ in range(50):
            assert program.ask(f"alloc plain {64 * MIB}") == str(OUT_OF_MEMORY)
        _, free, total = program.ask("info").split()
        assert (int(free), int(total)) == (2900 * MIB, 3000 * MIB)


def test_freeing_what_nobody_allocated_is_the_drivers_to_answer(rig: Rig) -> None:
    with rig.program() as program:
        assert program.ask(f"alloc plain {MIB}") == "0"
        assert program.ask("freeodd") == "1"
        assert program.ask("free 0") == "0"
        assert program.ask("free 0") == "1"
        assert program.fill() == 3000


def test_the_driver_stays_when_the_program_closes_it(rig: Rig) -> None:
    with rig.program() as program:
        assert program.ask(f"alloc plain {MIB}") == "0"
        assert program.ask("close") == "0"
        assert program.fill() == 2999


@pytest.mark.parametrize("visible", ["1,0", "GPU-bbbb,GPU-aaaa"])
def test_limits_are_the_cards_own_whatever_order_a_program_sees_them_in(
    rig: Rig, visible: str
) -> None:
    rig.slice(A=100, B=200)
    with rig.program(CUDA_VISIBLE_DEVICES=visible) as program:
        assert program.fill() == 200
        assert program.ask("total 0") == f"0 {200 * MIB}"
        assert program.ask("total 1") == f"0 {100 * MIB}"
        assert program.ask("init 1") == "0"
        assert program.fill() == 100
        assert program.fill("create", 2 * MIB, 0) == 0
        assert {u: c["used_mib"] for u, c in rig.oracle().items()} == {rig.A: 100, rig.B: 200}


def test_a_running_program_is_resized(rig: Rig) -> None:
    with rig.program() as program:
        assert program.fill() == 3000
        rig.change(0, memory_bytes=3100 * MIB)
        assert program.fill() == 100
        rig.change(0, memory_bytes=1000 * MIB)
        assert program.ask("alloc plain 1") == str(OUT_OF_MEMORY)
        assert program.ask("info") == f"0 0 {1000 * MIB}"
        for n in range(2200):
            assert program.ask(f"free {n}") == "0"
        assert program.fill() == 100
