"""Shares of a card, held for real processes in the simulated time of the fake driver."""

import struct
import time

import pytest

from nodeagent.enforcement.layout import Limits
from nodeagent.enforcement.shares import Sharer, Shares
from tests.interposer.builds import LIMITS, REGION, build_cuda_client, build_library
from tests.interposer.rig import Rig
from tests.interposer.simulated import (
    BALANCE,
    BEGIN_NS,
    FIXED,
    LOADS,
    NONE,
    SECOND_SLICE,
    WITHIN,
    Node,
    held,
    percent,
)
from tranche.words.assignment import Grant

CARD_WORDS = {"refused": 0, "paced_until": 8, "gpu_ns": 16, "active_at": 24, "priced_ns": 32}
"""Of a card in the region; `interposer/include/tranche/region.h`."""


def word(name: str, card: int = 0) -> int:
    start = 64 + 64 * card + CARD_WORDS[name]
    value: int = struct.unpack_from("<Q", REGION.read_bytes(), start)[0]
    return value


@pytest.mark.parametrize("mode", ["async", "sync"])
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("share", [30, 70])
def test_a_share_is_held(node: Node, share: int, load: str, mode: str) -> None:
    node.limit(share)
    programs = node.run(f"run 1 {mode} 5000 {LOADS[load]}")
    assert held(programs, share, 2000, 5000)


def test_threads_share_what_their_slice_has(node: Node) -> None:
    node.limit(50)
    programs = node.run(f"run 4 async 3000 {LOADS['short']}", threads=4)
    assert held(programs, 50, 0, 3000)


def test_each_card_of_a_slice_has_its_own_share(node: Node) -> None:
    node.rig.slice({"cores_percent": 50}, A=3000, B=3000)
    node.rig.clock(2)
    preload = str(node.libraries[0])
    programs = [
        node.stack.enter_context(
            node.rig.program(client="pacing", device=device, LD_PRELOAD=preload)
        )
        for device in (0, 1)
    ]
    node.rig.change(1, cores_percent=20)
    for program in programs:
        program.tell(f"run 1 async 2000 {LOADS['short']}")
    for program in programs:
        assert program.answer()
    assert abs(percent(programs[:1], 0, 2000, card=0) - 50) <= WITHIN
    assert abs(percent(programs[1:], 0, 2000, card=1) - 20) <= WITHIN
    assert abs(word("gpu_ns", 1) - 400_000_000) < 60_000_000


@pytest.mark.parametrize("load", ["short", "mixed"])
def test_processes_share_what_their_slice_has(node: Node, load: str) -> None:
    node.limit(50)
    programs = node.run(f"run 1 async 8000 {LOADS[load]}", slices=(0, 0, 0))
    assert held(programs, 50, 5000, 8000)


@pytest.mark.parametrize(
    ("one", "other"), [("short", "short"), ("short", "long"), ("mixed", "mixed")]
)
def test_two_slices_of_half_a_card_each_get_half(node: Node, one: str, other: str) -> None:
    node.limit(50, neighbours=1)
    lines = [f"run 1 async 9000 {LOADS[load]}" for load in (one, other)]
    programs = node.run(*lines, slices=(0, 1))
    assert held(programs[:1], 50, 5000, 9000)
    assert held(programs[1:], 50, 5000, 9000)


def test_a_graph_is_priced_as_what_it_launches(node: Node) -> None:
    node.limit(30)
    programs = node.run("graph 3000 20 k_50us:108")
    assert held(programs, 30, 1000, 3000)


@pytest.mark.usefixtures("libraries")
def test_a_hold_is_obeyed_in_real_time(rig: Rig) -> None:
    """Without a simulated clock, by the library as it is shipped."""
    with rig.program(client="pacing") as program:
        program.ask("launch k_5us:1")
        end = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + 300_000_000
        rig.change(0, held_until=end)
        assert program.ask("launch k_5us:1").startswith("0 ")
        assert time.clock_gettime_ns(time.CLOCK_MONOTONIC) >= end


@pytest.mark.usefixtures("libraries")
def test_a_hold_that_is_taken_back_is_over(rig: Rig) -> None:
    with rig.program(client="pacing") as program:
        rig.change(0, held_until=time.clock_gettime_ns(time.CLOCK_MONOTONIC) + 900_000_000)
        program.tell("launch k_5us:1")
        rig.change(0, held_until=0)
        result, ns = program.answer().split()
        assert result == "0"
        assert int(ns) < 900_000_000


@pytest.mark.parametrize("policy", [FIXED, BALANCE])
@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_a_sanitizer_finds_nothing(node: Node, sanitizer: str, policy: int) -> None:
    """Threads that launch, learn and wait at once."""
    name = f"simulated-{sanitizer.partition(',')[0]}"
    node.libraries = [build_library(name, sanitizer, defines="-DTRANCHE_FAKE_CLOCK")]
    client = build_cuda_client(f"pacing-{name}", f"-fsanitize={sanitizer}", source="pacing.c")
    node.limit(50, policy)
    node.rig.clock(4)
    options = {
        "TSAN_OPTIONS": "exitcode=66",
        "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
    }
    preload = str(node.libraries[0])
    with node.rig.program(client=client.name, LD_PRELOAD=preload, **options) as program:
        assert int(program.ask(f"run 4 async 300 {LOADS['mixed']} k_300us:1"))
        assert percent([program], 100, 300) > 30
        assert program.end() == ""


def test_what_is_captured_is_neither_charged_nor_held_up(node: Node) -> None:
    node.limit(1)
    node.rig.clock(0)
    program = node.program()
    program.ask("launch k_5us:108")
    before = word("gpu_ns"), word("paced_until")
    assert program.ask("captured 200 k_9000us:108") == "0 0 0 0"
    assert (word("gpu_ns"), word("paced_until")) == before


def test_every_way_to_launch_is_paced(node: Node) -> None:
    node.limit(50)
    node.rig.clock(0)
    assert node.program().ask("odd") == "0 0 0 0 0 0 0 0 0"


def test_nothing_is_done_that_ends_a_capture_while_others_launch(node: Node) -> None:
    """An event that is looked at ends the captures of a process, in the mode that most have."""
    node.limit(50)
    node.rig.clock(0)
    program = node.program()
    program.ask("fail-known 0 k_300us:108")
    *results, ns = program.ask("captured 250 k_9000us:108 k_300us:108").split()
    assert results == ["0", "0", "0"]
    assert int(ns) > 80_000_000  # the others are held up: 150 ms for 75, less what was saved


@pytest.mark.parametrize("how", ["v1", "v2"])
def test_a_share_is_held_after_a_capture_whose_stream_is_destroyed(node: Node, how: str) -> None:
    node.limit(30)
    node.rig.clock(1)
    program = node.program()
    assert program.ask(f"abandon {how} k_300us:108") == "0 0 0"
    program.tell("run 1 async 2000 k_300us:108")
    assert program.answer()
    assert held([program], 30, 0, 2000)


@pytest.mark.parametrize("percent_", [1, 50])
def test_a_launch_that_fails_is_not_charged(node: Node, percent_: int) -> None:
    """Neither before its kernel's price is known nor after."""
    node.limit(percent_)
    node.rig.clock(0)
    program = node.program()
    assert program.ask("fail 50 k_9000us:108") == "50 0"
    assert program.ask("fail-known 50 k_9000us:108").split()[0] == "50"
    assert word("gpu_ns") <= 3 * 9_000_000 + 100_000


def test_a_kernel_that_never_ends_holds_its_program_up_no_longer_than_a_price(node: Node) -> None:
    node.limit(50)
    node.rig.clock(0)
    program = node.program()
    waits = [program.ask("launch k_forever:1").split() for _ in range(3)]
    assert [result for result, _ in waits] == ["0"] * 3
    assert all(int(ns) < 1_000_000_000 for _, ns in waits)


def test_a_hold_is_obeyed_and_ends(node: Node) -> None:
    node.limit(0)
    node.rig.clock(1)
    program = node.program()
    node.rig.change(0, held_until=BEGIN_NS + 500_000_000)
    program.tell(f"run 1 async 1000 {LOADS['short']}")
    assert program.answer()
    assert percent([program], 0, 490) == 0
    assert percent([program], 510, 1000) > 99


@pytest.mark.parametrize(("share", "policy"), [(0, FIXED), (100, FIXED), (30, NONE)])
def test_what_is_never_paced_tells_only_that_it_launches(
    node: Node, share: int, policy: int
) -> None:
    node.limit(share, policy)
    programs = node.run(f"run 1 async 200 {LOADS['short']}")
    assert percent(programs, 0, 200) > 99
    assert [word(name) for name in ("refused", "paced_until", "gpu_ns")] == [0, 0, 0]
    assert BEGIN_NS + 150_000_000 < word("active_at") < BEGIN_NS + 201_000_000


@pytest.mark.parametrize("mode", ["async", "sync"])
@pytest.mark.parametrize("load", LOADS)
def test_one_that_runs_free_has_the_card_and_tells_what_it_takes(
    node: Node, load: str, mode: str
) -> None:
    node.limit(0)
    bare = percent(node.run(f"run 1 {mode} 1000 {LOADS[load]}"), 100, 1000)
    node.limit(30, BALANCE)
    assert percent(node.run(f"run 1 {mode} 1000 {LOADS[load]}"), 100, 1000) >= bare - 1
    assert 0 < word("gpu_ns") < 1.1e9


@pytest.mark.parametrize("kernel", ["k_50us:108", "k_700us:108", "k_3000us:108", "k_10000us:108"])
def test_one_that_runs_free_queues_little(node: Node, kernel: str) -> None:
    """So that it yields soon after a neighbour has come."""
    node.limit(30, BALANCE)
    (program,) = node.run(f"run 1 async 1000 {kernel}")
    assert percent([program], 1100, 1200) == 0


def test_one_that_runs_free_is_held_up_little_by_a_kernel_that_waits_for_it(node: Node) -> None:
    node.limit(30, BALANCE)
    node.rig.clock(0)
    program = node.program()
    waits = [program.ask("launch k_forever:1").split() for _ in range(20)]
    assert [result for result, _ in waits] == ["0"] * 20
    assert sum(int(ns) for _, ns in waits) < 1_000_000_000


def test_the_node_agent_tells_the_others_of_a_slice_that_runs_free(node: Node) -> None:
    node.limit(30, BALANCE)
    node.run(f"run 1 async 200 {LOADS['short']}")
    folders = [LIMITS.parent, SECOND_SLICE]
    grants = (Grant(card="the card", mib=3000, cores=30),)
    sharers = [Sharer(folder, 1, grants, "uid", folder.name) for folder in folders]
    shares = Shares(lambda: sharers, clock=lambda: BEGIN_NS + 250_000_000)
    shares.look()
    shares.close()
    files = [(folder / LIMITS.name).read_bytes() for folder in folders]
    limits = [Limits.from_buffer_copy(content).cards[0] for content in files]
    assert [card.neighbours for card in limits] == [0, 1]


def test_what_is_paced_tells_what_it_took_and_when(node: Node) -> None:
    node.limit(30)
    node.run(f"run 1 async 2000 {LOADS['short']}")
    assert 570_000_000 < word("gpu_ns") < 660_000_000
    assert BEGIN_NS + 1_950_000_000 < word("active_at") < BEGIN_NS + 2_001_000_000


def test_a_program_that_is_killed_stops_nobody(node: Node) -> None:
    node.limit(50)
    node.rig.clock(2)
    victim, other = node.program(), node.program()
    for program in victim, other:
        program.tell(f"run 1 async 30000 {LOADS['short']}")
    while node.rig.joined() < 2:
        assert victim.process.poll() is None
    victim.kill()
    assert other.answer()
    assert held([other], 50, 28000, 30000)
