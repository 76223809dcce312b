"""The processes of a container share one slice, whatever becomes of them."""

import contextlib
import os
import random
import signal
import struct
import subprocess
import threading

import pytest

from tests.interposer.builds import REGION, TESTS, build_client, build_library
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Rig

REGION_SLOTS_AT = 4096
"""Where the first slot lies: owner, pid namespace, exec mark, obituary, 8 bytes each."""


def test_two_processes_share_the_slice(rig: Rig) -> None:
    with rig.program() as first, rig.program("direct") as second:
        assert first.ask(f"alloc plain {1000 * MIB}") == "0"
        assert second.fill() == 2000
        assert first.ask("alloc plain 1") == str(OUT_OF_MEMORY)
        assert second.ask("info") == first.ask("info") == f"0 0 {3000 * MIB}"
        assert second.ask("free 0") == "0"
        assert first.fill() == 1
        assert rig.oracle()[rig.A]["peak_mib"] == 3000


@pytest.mark.parametrize("end", ["kill", "end"])
def test_what_a_dead_process_had_goes_to_whoever_needs_room(rig: Rig, end: str) -> None:
    with rig.program() as survivor:
        with rig.program() as other:
            assert other.fill() == 3000
            assert survivor.ask("alloc plain 1") == str(OUT_OF_MEMORY)
            getattr(other, end)()
        assert survivor.ask("info") == f"0 {3000 * MIB} {3000 * MIB}"
        assert survivor.fill() == 3000
        assert rig.oracle()[rig.A]["peak_mib"] == 3000


def test_a_process_that_is_killed_and_not_yet_waited_for_is_dead(rig: Rig) -> None:
    with rig.program() as survivor, rig.program() as other:
        assert other.fill() == 3000
        other.process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, other.process.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert survivor.fill() == 3000


def test_a_process_of_another_namespace_is_dead_when_the_agent_says_so(rig: Rig) -> None:
    """Of its id nobody here can tell; the agent names the owner of the slot, and no other."""
    with rig.program() as other, rig.program() as survivor:
        assert other.ask(f"alloc plain {2000 * MIB}") == "0"
        with REGION.open("r+b") as file:
            owner, _ = struct.unpack("<QQ", os.pread(file.fileno(), 16, REGION_SLOTS_AT))
            os.pwrite(file.fileno(), struct.pack("<Q", 1), REGION_SLOTS_AT + 8)  # its namespace
            other.kill()
            assert survivor.fill() == 1000
            os.pwrite(file.fileno(), struct.pack("<Q", owner ^ 1), REGION_SLOTS_AT + 24)
            assert survivor.ask("alloc plain 1") == str(OUT_OF_MEMORY)
            os.pwrite(file.fileno(), struct.pack("<Q", owner), REGION_SLOTS_AT + 24)
        assert survivor.fill() == 2000
        assert rig.peak() == 3000


def test_a_stopped_process_is_alive(rig: Rig) -> None:
    with rig.program() as other, rig.program() as survivor:
        assert other.fill() == 3000
        other.process.send_signal(signal.SIGSTOP)
        assert survivor.fill() == 0


def test_a_program_that_calls_exec_has_nothing_left(rig: Rig) -> None:
    """The driver frees its memory, and so does the slice, though the process lives on."""
    with rig.program() as other, rig.program() as survivor:
        assert other.fill() == 3000
        other.process.stdin.write("exec sleep 60\n")
        other.process.stdin.flush()
        with contextlib.suppress(subprocess.TimeoutExpired):
            other.process.wait(0.5)
        assert other.process.poll() is None
        assert survivor.fill() == 3000
        assert rig.oracle()[rig.A]["peak_mib"] == 3000


def test_a_program_that_calls_exec_may_take_as_much_again(rig: Rig) -> None:
    """With nobody beside it who would have noticed that what it had is free."""
    with rig.program() as program:
        assert program.fill() == 3000
        program.tell(f"exec {TESTS / 'clients/client'} dlsym")
        assert program.ask("init 0") == "0"
        assert program.fill() == 3000
        assert rig.peak() == 3000


def test_the_child_of_a_fork_counts_for_itself(rig: Rig) -> None:
    with rig.program() as parent:
        assert parent.ask(f"alloc plain {1000 * MIB}") == "0"
        assert parent.ask("fork alloc plain 1") == "3"  # as with the driver: not initialised
        assert parent.ask("fork init 0") == "0"
        assert parent.ask("fork freeall") == "3"
        assert parent.ask("info") == f"0 {2000 * MIB} {3000 * MIB}"
        assert parent.ask("freeall") == "0"
        assert parent.fill() == 3000


def test_slots_are_used_again(rig: Rig) -> None:
    """Many short processes, one after the other, do not make the sums longer."""
    for _ in range(20):
        with rig.program() as program:
            assert program.ask(f"alloc plain {2000 * MIB}") == "0"
    with rig.program() as first, rig.program() as second:
        assert first.ask(f"alloc plain {1500 * MIB}") == "0"
        assert second.fill() == 1500
    assert int.from_bytes((TESTS / "slice/region").read_bytes()[8:12], "little") <= 3


def race(processes: int, *, threads: int, rounds: int, env: dict[str, str]) -> list[str]:
    """Runs several racing programs at once; what each printed."""
    command = [env.pop("CLIENT", TESTS / "clients/race"), str(threads), str(rounds)]
    running = [
        subprocess.Popen(
            [*command, str(seed), "8192"],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(processes)
    ]
    outputs = [process.communicate(timeout=100) for process in running]
    assert [(p.returncode, errors) for p, (_, errors) in zip(running, outputs, strict=True)] == [
        (0, "")
    ] * processes
    return [out for out, _ in outputs]


def test_threads_of_many_processes_never_pass_the_limit(rig: Rig) -> None:
    rig.slice(A=50)
    outputs = race(6, threads=4, rounds=4000, env=rig.environment())
    for granted, refused, odd in (map(int, line.split()) for line in outputs):
        assert granted
        assert refused
        assert odd == 0
    truth = rig.oracle()[rig.A]
    assert truth["peak_bytes"] <= 50 * MIB
    assert truth["peak_bytes"] > 48 * MIB
    with rig.program() as program:
        assert program.fill() == 50


def test_killed_at_random_nobody_passes_the_limit_and_nothing_is_lost(rig: Rig) -> None:
    rig.slice(A=50)
    chance = random.Random(20)  # noqa: S311 - seeded
    running: list[subprocess.Popen[str]] = []
    for seed in range(60):
        command = [TESTS / "clients/race", "3", "100000000", str(seed), "8192"]
        running.append(subprocess.Popen(command, env=rig.environment()))
        with contextlib.suppress(subprocess.TimeoutExpired):
            running[-1].wait(chance.uniform(0, 0.05))
        if len(running) > 4:
            victim = running.pop(chance.randrange(len(running)))
            victim.kill()
            victim.wait()
    for process in running:
        process.kill()
        process.wait()
    assert rig.oracle()[rig.A]["peak_bytes"] <= 50 * MIB
    assert rig.oracle()[rig.A]["peak_bytes"] > 45 * MIB
    with rig.program() as program:
        assert program.fill() == 50


@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_a_sanitizer_finds_nothing_in_a_race(rig: Rig, sanitizer: str) -> None:
    variant = sanitizer.partition(",")[0]
    library = build_library(variant, sanitizer)
    client = build_client(f"race-{variant}", f"-fsanitize={sanitizer}", source="race.c")
    rig.slice(A=50)
    env = rig.environment() | {"CLIENT": str(client), "LD_PRELOAD": str(library)}
    # The library comes first and needs no more of the sanitizer than the program has.
    env |= {
        "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
        "TSAN_OPTIONS": "exitcode=66",
    }
    # Others die beside them, so that several threads at once come to reclaim.
    dying = [subprocess.Popen([client, "2", "100000000", "9", "8192"], env=env) for _ in range(3)]
    deaths = [threading.Timer(0.4 * (n + 1), each.kill) for n, each in enumerate(dying)]
    for death in deaths:
        death.start()
    outputs = race(2, threads=4, rounds=3000, env=dict(env))
    for death, each in zip(deaths, dying, strict=True):
        death.join()
        each.wait()
    assert all(line.split()[2] == "0" for line in outputs)
    assert rig.oracle()[rig.A]["peak_bytes"] <= 50 * MIB
