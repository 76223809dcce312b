"""Memory that graphs allocate is the slice's too: from the launch on, until it is trimmed."""

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.interposer.builds import build_cuda_client, build_library
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Program, Rig

REFUSED = str(OUT_OF_MEMORY)


@pytest.fixture(autouse=True, scope="module")
def client(library: object) -> None:
    assert library
    build_cuda_client("graphs")


@contextmanager
def program(rig: Rig) -> Iterator[Program]:
    with rig.program(client="graphs") as running:
        yield running


def make(running: Program, graph: int, mib: int, *, free: bool = True, how: str = "v1") -> None:
    """A graph that allocates so much, and frees it."""
    assert running.ask(f"graph {graph}") == "0"
    assert running.ask(f"alloc {graph} {graph} {mib * MIB} {how}") == "0"
    if free:
        assert running.ask(f"free {graph} {graph}") == "0"


def make_exec(
    running: Program, graph: int, mib: int, how: str = "flags", *, free: bool = True
) -> None:
    make(running, graph, mib, free=free)
    assert running.ask(f"instantiate {graph} {graph} {how}") == "0"


@pytest.mark.parametrize("take", ["launch", "launch_ptsz", "upload", "upload_ptsz"])
def test_memory_is_taken_by_the_first_launch_or_upload_and_kept_until_trimmed(
    rig: Rig, take: str
) -> None:
    with program(rig) as running:
        make_exec(running, 1, 100)
        assert rig.agreed(running, 0)
        assert running.ask(f"{take} 1 1") == "0"
        assert rig.agreed(running, 128)
        assert running.ask(f"{take} 1 1") == "0"
        assert rig.agreed(running, 128)
        assert running.ask("destroy 1") == "0"
        assert rig.agreed(running, 128)
        assert running.ask("wait") == "0"
        assert running.ask("trim 0") == "0"
        assert rig.agreed(running, 0)


@pytest.mark.parametrize("how", ["v1", "v2", "flags", "params", "params_ptsz", "upload"])
@pytest.mark.parametrize("node", ["own", "v1", "v2", "v3"])
def test_what_can_never_fit_is_refused_when_it_is_instantiated(
    rig: Rig, how: str, node: str
) -> None:
    with program(rig) as running:
        make(running, 1, 3001, how=node)
        assert running.ask(f"instantiate 1 1 {how}") == REFUSED
        make(running, 2, 2000, how=node)
        assert running.ask(f"instantiate 2 2 {how}") == "0"
        assert running.ask("launch 2") == "0"
        assert rig.agreed(running, 2016)
        assert rig.refused() == 1


def test_an_upload_with_the_instantiation_takes_the_memory_then(rig: Rig) -> None:
    with program(rig) as running:
        make_exec(running, 1, 100, "upload")
        assert rig.agreed(running, 128)
        make(running, 2, 2900)
        assert running.ask("plain 9 1000000000") == "0"
        assert running.ask("instantiate 2 2 upload") == REFUSED
        assert running.ask("instantiate 2 2 flags") == "0"  # as if it had not been tried


def test_what_does_not_fit_now_is_refused_when_it_is_launched(rig: Rig) -> None:
    with program(rig) as running:
        make_exec(running, 1, 2000)
        assert running.ask(f"plain 9 {1000 * MIB}") == "0"
        assert running.ask("launch 1") == REFUSED
        assert running.ask("upload 1") == REFUSED
        assert rig.agreed(running, 1000)


def test_allocations_that_follow_one_another_share_their_memory(rig: Rig) -> None:
    """Together they are 4000 MiB, and the slice has 3000."""
    with program(rig) as running:
        assert running.ask("graph 1") == "0"
        for n in range(4):
            assert running.ask(f"alloc 1 {n} {1000 * MIB}") == "0"
            assert running.ask(f"free 1 {n}") == "0"
        assert running.ask("instantiate 1 1") == "0"
        assert running.ask("launch 1") == "0"
        assert rig.agreed(running, 1024)


def test_small_allocations_share_chunks(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask("graph 1") == "0"
        for n in range(48):
            assert running.ask(f"alloc 1 {n} {MIB}") == "0"
        assert running.ask("instantiate 1 1") == "0"
        assert running.ask(f"plain 9 {(3000 - 64) * MIB}") == "0"
        assert running.ask("launch 1") == "0"
        assert rig.agreed(running, 3000)


def test_memory_of_child_graphs_is_counted(rig: Rig) -> None:
    with program(rig) as running:
        make(running, 2, 2000)
        make(running, 1, 500)
        assert running.ask("child 1 2") == "0"
        assert running.ask("instantiate 1 1") == "0"
        assert running.ask("launch 1") == "0"
        assert rig.agreed(running, 2528)
        make(running, 4, 2000)
        make(running, 3, 1500)
        assert running.ask("child 3 4") == "0"
        # Though the one is freed before the other: a child's addresses are its own.
        assert running.ask("instantiate 3 3") == REFUSED


def test_a_graph_of_two_cards_is_counted_on_both(rig: Rig) -> None:
    rig.slice(A=3000, B=100)
    with program(rig) as running:
        make(running, 1, 1000)
        assert running.ask(f"alloc 1 2 {64 * MIB} v1 1") == "0"
        assert running.ask("instantiate 1 1") == "0"
        assert running.ask("launch 1") == "0"
        assert {u: c["used_mib"] for u, c in rig.oracle().items()} == {rig.A: 1024, rig.B: 64}
        make(running, 3, 1000)
        assert running.ask(f"alloc 3 4 {101 * MIB} v1 1") == "0"
        assert running.ask("instantiate 3 3") == REFUSED


def test_memory_of_a_card_that_is_not_granted_is_refused(rig: Rig) -> None:
    with program(rig) as running:
        make(running, 1, 10)
        assert running.ask("alloc 1 2 4096 v1 1") == "0"
        assert running.ask("instantiate 1 1") == REFUSED


def test_memory_in_a_part_of_a_card_is_the_cards(rig: Rig) -> None:
    """A locality domain, CUDA 13.5."""
    with program(rig) as running:
        make(running, 1, 2000, how="part")
        assert running.ask("instantiate 1 1") == "0"
        assert running.ask("launch 1") == "0"
        assert rig.agreed(running, 2016)
        make(running, 2, 3001, how="part")
        assert running.ask("instantiate 2 2") == REFUSED


def test_graphs_without_memory_do_not_ask_the_slice(rig: Rig) -> None:
    rig.limits_bytes(None)
    with program(rig) as running:
        assert running.ask("graph 1") == "0"
        assert running.ask("empty 1") == "0"
        assert running.ask("instantiate 1 1") == "0"
        assert running.ask("launch 1") == "0"
        make(running, 2, 1)
        assert running.ask("instantiate 2 2") == REFUSED


def test_two_graphs_that_need_most_of_the_slice_take_turns(rig: Rig) -> None:
    """Each launch takes the memory that the other one has used."""
    with program(rig) as running:
        make_exec(running, 1, 2000)
        make_exec(running, 2, 2000)
        for _ in range(3):
            assert running.ask("launch 1 1") == "0"
            assert running.ask("launch 2 1") == "0"
        assert rig.peak() == 2016


def test_the_same_graph_in_another_stream_is_launched_too(rig: Rig) -> None:
    with program(rig) as running:
        make_exec(running, 1, 2000)
        for stream in (1, 2, 1):
            assert running.ask(f"launch 1 {stream}") == "0"
        assert rig.agreed(running, 2016)


def test_launched_again_in_its_stream_a_graph_needs_no_room(rig: Rig) -> None:
    with program(rig) as running:
        make_exec(running, 1, 2000)
        assert running.ask("launch 1 1") == "0"
        assert running.ask(f"plain 9 {984 * MIB}") == "0"
        for _ in range(3):
            assert running.ask("launch 1 1") == "0"
        assert rig.agreed(running, 3000)


def test_launched_again_in_its_stream_a_graph_waits_for_nothing_and_trims_nothing(rig: Rig) -> None:
    """Though the slice is full, so that room for it could be had only so."""
    with program(rig) as running:
        make_exec(running, 1, 2000)
        assert running.ask("launch 1 1") == "0"
        assert running.ask(f"plain 9 {984 * MIB}") == "0"
        before = running.ask("calls")
        for _ in range(3):
            assert running.ask("launch 1 1") == "0"
        assert running.ask("calls") == before
        assert running.ask("launch 1 2") == "0"  # in another one it must make room
        assert running.ask("calls") != before


def test_after_a_trim_a_graph_needs_room_again(rig: Rig) -> None:
    with program(rig) as running:
        make_exec(running, 1, 2000)
        assert running.ask("launch 1 1") == "0"
        assert running.ask("wait") == "0"
        assert running.ask("trim 0") == "0"
        assert running.ask(f"plain 9 {2000 * MIB}") == "0"
        assert running.ask("launch 1 1") == REFUSED
        assert rig.agreed(running, 2000)


def test_what_graphs_keep_does_not_starve_their_program(rig: Rig) -> None:
    with program(rig) as running:
        make_exec(running, 1, 2000)
        assert running.ask("launch 1 1") == "0"
        assert running.ask("wait") == "0"
        assert running.ask(f"plain 9 {2000 * MIB}") == "0"
        assert rig.agreed(running, 2000)
        assert running.ask("launch 1 1") == REFUSED


def test_memory_that_a_graph_leaves_allocated_stays_charged(rig: Rig) -> None:
    with program(rig) as running:
        make_exec(running, 1, 2000, free=False)
        assert running.ask("launch 1 1") == "0"
        assert running.ask("wait") == "0"
        assert running.ask(f"plain 9 {2000 * MIB}") == REFUSED
        assert running.ask("free_async 1 1") == "0"
        assert running.ask("wait") == "0"
        assert running.ask(f"plain 9 {2000 * MIB}") == "0"


def test_threads_and_processes_that_race_with_graphs_never_pass_the_limit(rig: Rig) -> None:
    rig.slice(A=300)
    with contextlib.ExitStack() as stack:
        several = [stack.enter_context(program(rig)) for _ in range(2)]
        for seed, running in enumerate(several):
            running.process.stdin.write(f"race 4 {seed}\n")
            running.process.stdin.flush()
        lines = [running.process.stdout.readline().split() for running in several]
        granted, _refused, odd = (sum(map(int, column)) for column in zip(*lines, strict=True))
        assert (granted > 0, odd) == (True, 0)
        assert 200 < rig.peak() <= 300
        assert rig.oracle()[rig.A]["used_bytes"] == 0
        assert several[0].ask("info") == str(300 * MIB)


def test_what_a_killed_process_had_for_graphs_goes_to_whoever_needs_it(rig: Rig) -> None:
    with program(rig) as survivor:
        make_exec(survivor, 1, 2900)
        with program(rig) as other:
            make_exec(other, 1, 2900)
            assert other.ask("launch 1") == "0"
            assert survivor.ask("launch 1") == REFUSED
        assert survivor.ask("launch 1") == "0"
        assert rig.peak() <= 3000


@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_a_sanitizer_finds_nothing_in_a_race_with_graphs(rig: Rig, sanitizer: str) -> None:
    variant = sanitizer.partition(",")[0]
    library = build_library(variant, sanitizer)
    flag = f"-fsanitize={sanitizer}"
    client = build_cuda_client(f"graphs-{variant}", flag, source="graphs.c")
    rig.slice(A=600)
    env = rig.environment() | {
        "LD_PRELOAD": str(library),
        "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
        "TSAN_OPTIONS": "exitcode=66",
    }
    done = subprocess.run(
        [client], env=env, input="init 0\nrace 4 1\n", text=True, capture_output=True, check=True
    )
    assert done.stdout.split("\n")[1].split()[2] == "0", done.stderr
    assert rig.peak() <= 600
