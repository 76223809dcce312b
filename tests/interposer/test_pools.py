"""A pool is charged for what it has of the card, whatever of that the program uses."""

import contextlib
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.interposer.builds import TESTS, build_cuda_client, build_library
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Program, Rig

REFUSED = str(OUT_OF_MEMORY)


@pytest.fixture(autouse=True, scope="module")
def client(library: object) -> None:
    assert library
    build_cuda_client("pools")


@contextmanager
def program(rig: Rig) -> Iterator[Program]:
    with rig.program(client="pools") as running:
        yield running


def test_what_a_pool_keeps_is_charged_until_it_goes_back(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask(f"async 1 {100 * MIB}") == "0"
        assert rig.agreed(running, 128)
        assert running.ask("free 1") == "0"
        assert rig.agreed(running, 128)
        assert running.ask("wait stream 0") == "0"
        assert rig.agreed(running, 0)


@pytest.mark.parametrize("wait", ["stream", "stream_ptsz", "event", "context", "context_v2"])
def test_whatever_waits_lets_a_pool_give_back(rig: Rig, wait: str) -> None:
    with program(rig) as running:
        assert running.ask("pool 1") == "0"
        for pool in (0, 1):
            assert running.ask(f"from {pool} {pool} {40 * MIB}") == "0"
            assert running.ask(f"free {pool}") == "0"
        assert rig.agreed(running, 128)
        assert running.ask(f"wait {wait} 0") == "0"
        assert rig.agreed(running, 0)


def test_a_threshold_keeps_memory_and_the_charge_with_it(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask(f"threshold 0 {1 << 63}") == "0"
        assert running.ask(f"async 1 {1000 * MIB}") == "0"
        assert running.ask("free 1") == "0"
        assert running.ask("wait context") == "0"
        assert rig.agreed(running, 1024)
        assert running.ask(f"async 1 {1000 * MIB}") == "0"  # the same memory again
        assert rig.agreed(running, 1024)
        assert running.ask("free 1") == "0"
        assert running.ask("wait context") == "0"
        assert running.ask("trim 0 0") == "0"
        assert rig.agreed(running, 0)


def test_a_threshold_that_is_lowered_counts_at_the_next_wait(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask(f"threshold 0 {1 << 63}") == "0"
        assert running.ask(f"async 1 {64 * MIB}") == "0"
        assert running.ask("free 1") == "0"
        assert running.ask("wait context") == "0"
        assert running.ask("threshold 0 0") == "0"
        assert running.ask("wait context") == "0"
        assert rig.agreed(running, 0)


def test_memory_of_a_pool_may_be_freed_without_a_stream(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask(f"async 1 {64 * MIB}") == "0"
        assert running.ask("free_now 1") == "0"
        assert rig.agreed(running, 0)


def test_plain_memory_may_be_freed_in_a_stream(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask(f"plain 1 {64 * MIB}") == "0"
        assert running.ask("free 1") == "0"
        assert rig.agreed(running, 0)


def test_allocating_and_freeing_most_of_the_slice_again_and_again_works(rig: Rig) -> None:
    """Each time the pool keeps 2000 MiB that it could use again, which only the driver knows."""
    with program(rig) as running:
        assert running.ask(f"loop 20 {2000 * MIB}") == "20 0"
        assert rig.peak() == 2016


@pytest.mark.parametrize("other", ["plain 2", "from 2 2"])
def test_what_a_pool_keeps_does_not_starve_its_program(rig: Rig, other: str) -> None:
    with program(rig) as running:
        assert running.ask("pool 2") == "0"
        assert running.ask(f"threshold 0 {1 << 63}") == "0"
        assert running.ask(f"async 1 {2000 * MIB}") == "0"
        assert running.ask("free 1") == "0"
        assert running.ask("wait context") == "0"
        assert running.ask(f"{other} {2000 * MIB}") == "0"
        assert rig.peak() <= 3000
        assert running.ask(f"async 1 {2000 * MIB}") == REFUSED


def test_what_is_used_stays_whatever_is_trimmed(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask(f"async 1 {2000 * MIB}") == "0"
        assert running.ask(f"plain 2 {1000 * MIB}") == REFUSED
        assert rig.agreed(running, 2016)
        assert running.ask(f"plain 2 {984 * MIB}") == "0"
        assert running.ask("plain 3 1") == REFUSED


def test_a_refusal_that_was_none_is_not_counted(rig: Rig) -> None:
    """Whoever reads the region wants to know how often a program went without."""
    with program(rig) as running:
        assert running.ask(f"loop 5 {2000 * MIB}") == "5 0"
        assert running.ask(f"async 1 {4000 * MIB}") == REFUSED
        assert running.ask(f"plain 1 {4000 * MIB}") == REFUSED
        assert rig.refused() == 2


def test_what_the_card_itself_has_not_is_not_charged(rig: Rig) -> None:
    rig.cards(A=1000)
    rig.slice(A=3000)
    with program(rig) as running:
        assert running.ask(f"async 1 {900 * MIB}") == "0"
        assert running.ask(f"async 2 {900 * MIB}") == REFUSED
        assert rig.agreed(running, 928)


def test_a_pool_of_the_programs_own_can_be_the_cards_current_one(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask("pool 1") == "0"
        assert running.ask("current 1") == "0"
        assert running.ask(f"async 1 {10 * MIB}") == "0"
        assert int(running.ask("reserved 1")) == 32 * MIB
        assert int(running.ask("reserved 0")) == 0
        assert rig.agreed(running, 32)


def test_pools_on_the_host_and_of_other_processes_are_not_charged(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask("pool 1 host") == "0"
        assert running.ask("pool 2 imported") == "0"
        assert running.ask("from 1 1 4096") == "0"
        assert running.ask("from 2 2 4096") == "1"  # the driver's own answer
        assert running.ask("wait context") == "0"
        assert rig.agreed(running, 0)
        assert running.ask("destroy 2") == "0"
        assert running.ask("destroy 1") == "0"


def test_managed_pools_are_charged_where_they_prefer_to_be(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask("pool 1 managed") == "0"
        assert running.ask(f"from 1 1 {10 * MIB}") == "0"
        assert rig.agreed(running, 32)


def test_a_destroyed_pool_is_charged_until_its_last_memory_is_freed(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask("pool 1") == "0"
        assert running.ask("current 1") == "0"
        assert running.ask(f"from 1 1 {40 * MIB}") == "0"
        assert running.ask(f"from 1 2 {40 * MIB}") == "0"
        assert running.ask("destroy 1") == "0"
        assert running.ask("is_current 0") == "1"
        assert rig.agreed(running, 128)
        assert running.ask("free 1") == "0"
        assert running.ask("wait context") == "0"
        assert rig.agreed(running, 64)
        assert running.ask("free 2") == "0"
        assert running.ask("wait context") == "0"
        assert rig.agreed(running, 0)


def test_an_empty_pool_is_destroyed_at_once_and_a_default_one_never(rig: Rig) -> None:
    with program(rig) as running:
        for _ in range(300):  # more than are known at a time
            assert running.ask("pool 1") == "0"
            assert running.ask("destroy 1") == "0"
        assert running.ask(f"async 1 {10 * MIB}") == "0"
        assert running.ask("destroy 0") == "1"
        assert rig.agreed(running, 32)


def test_what_a_killed_process_had_in_pools_goes_to_whoever_needs_it(rig: Rig) -> None:
    with program(rig) as survivor:
        with program(rig) as other:
            assert other.ask(f"async 1 {2900 * MIB}") == "0"
            assert survivor.ask(f"async 1 {MIB}") == "0"
            assert survivor.ask(f"async 2 {100 * MIB}") == REFUSED
        assert survivor.ask(f"async 2 {2900 * MIB}") == "0"
        assert rig.peak() <= 3000


def test_threads_and_processes_that_race_on_pools_never_pass_the_limit(rig: Rig) -> None:
    rig.slice(A=600)
    with contextlib.ExitStack() as stack:
        several = [stack.enter_context(program(rig)) for _ in range(2)]
        for running in several:
            assert running.ask("pool 1") == "0"
            assert running.ask("pool 2") == "0"
        for seed, running in enumerate(several):
            running.process.stdin.write(f"race 4 1500 {seed}\n")
            running.process.stdin.flush()
        for running in several:
            granted, refused, odd = map(int, running.process.stdout.readline().split())
            assert (granted > 0, refused > 0, odd) == (True, True, 0)
        assert rig.oracle()[rig.A]["peak_bytes"] <= 600 * MIB
        assert rig.peak() > 500
        assert rig.oracle()[rig.A]["used_mib"] == 0
        assert several[0].ask("info") == str(600 * MIB)


def test_killed_at_random_nobody_passes_the_limit(rig: Rig) -> None:
    rig.slice(A=600)
    chance = random.Random(6)  # noqa: S311 - seeded
    running: list[subprocess.Popen[str]] = []
    for seed in range(30):
        command = [TESTS / "clients/pools"]
        process = subprocess.Popen(
            command, env=rig.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        process.stdin.write(f"init 0\npool 1\npool 2\nrace 3 100000000 {seed}\n")
        process.stdin.flush()
        running.append(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.1))
        if len(running) > 3:
            victim = running.pop(chance.randrange(len(running)))
            victim.kill()
            victim.communicate()
    for process in running:
        process.kill()
        process.communicate()
    assert 500 < rig.peak() <= 600
    with program(rig) as survivor:
        assert survivor.ask(f"async 1 {576 * MIB}") == "0"


@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_a_sanitizer_finds_nothing_in_a_race_on_pools(rig: Rig, sanitizer: str) -> None:
    variant = sanitizer.partition(",")[0]
    library = build_library(variant, sanitizer)
    flag = f"-fsanitize={sanitizer}"
    client = build_cuda_client(f"pools-{variant}", flag, source="pools.c")
    rig.slice(A=600)
    env = rig.environment() | {
        "LD_PRELOAD": str(library),
        "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
        "TSAN_OPTIONS": "exitcode=66",
    }
    done = subprocess.run(
        [client], env=env, input="init 0\npool 1\npool 2\nrace 4 500 1\n", text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[3].split()[2] == "0", done.stderr
    assert rig.peak() <= 600
