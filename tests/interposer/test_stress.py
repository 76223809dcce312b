"""A crowd of processes that take, free, fork, call exec and are killed at random."""

import contextlib
import ctypes
import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interposer.builds import REGION, TESTS, build_cuda_client
from tests.interposer.rig import MIB, Rig

PROCESSES, THREADS = 16, 8
SECONDS = int(os.environ.get("TRANCHE_STRESS_SECONDS", "60"))
SEED = int(os.environ.get("TRANCHE_STRESS_SEED", "6"))
LIMIT_MIB = 50
PR_SET_CHILD_SUBREAPER = 36
"""`linux/prctl.h`: a process so marked is the next parent of its descendants' orphans."""


class Crowd:
    """Programs under the library, each with its own children."""

    def __init__(self, rig: Rig, errors: Path) -> None:
        self.rig, self.errors, self.kills = rig, errors, 0
        self.chance = random.Random(SEED)  # noqa: S311 - seeded, so that a failure may come again
        self.programs = [self.launch() for _ in range(PROCESSES)]

    def launch(self) -> subprocess.Popen[bytes]:
        words = [
            TESTS / "clients/stress",
            str(self.chance.randrange(1 << 20)),
            "4096",
            str(THREADS),
        ]
        with self.errors.open("ab") as file:
            return subprocess.Popen(words, env=self.rig.environment(), stderr=file, process_group=0)

    def kill(self, place: int) -> None:
        """Waits also for its children, which die with it, but a moment later."""
        program = self.programs[place]
        program.kill()
        program.wait(30)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitid(os.P_PGID, program.pid, os.WEXITED)

    def kill_some(self) -> None:
        time.sleep(self.chance.uniform(0, 0.1))
        for place in self.chance.sample(range(PROCESSES), self.chance.randint(1, 4)):
            self.kill(place)
            self.programs[place] = self.launch()
            self.kills += 1

    def end(self) -> None:
        for place in range(PROCESSES):
            self.kill(place)

    def story(self) -> str:
        """What it takes to see a failure again, and what was seen."""
        region = REGION.read_bytes()
        slots, claims = (int.from_bytes(region[at : at + 4], "little") for at in (8, 12))
        return (
            f"again: TRANCHE_STRESS_SEED={SEED} TRANCHE_STRESS_SECONDS={SECONDS}"
            f" python -m pytest {Path(__file__).name}, on {os.cpu_count()} processors with a load"
            f" of {os.getloadavg()[0]:.0f}\n{self.kills} killed, {claims} claims, {slots} slots,"
            f" {self.rig.counted(0)} bytes counted\nthe card: {self.rig.oracle()[self.rig.A]}\n"
            f"stderr: {self.errors.read_text()[:2000]!r}"
        )


@contextmanager
def crowd(rig: Rig, errors: Path) -> Iterator[Crowd]:
    """One whose orphans come to this process; a failure tells its story."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    made = Crowd(rig, errors)
    try:
        yield made
    except BaseException as error:
        error.add_note(made.story())
        raise
    finally:
        made.end()
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0)


@pytest.mark.timeout(SECONDS + 120)
def test_a_crowd_never_passes_the_limit_and_loses_nothing(rig: Rig, tmp_path: Path) -> None:
    build_cuda_client("stress")
    rig.slice(A=LIMIT_MIB)
    errors = tmp_path / "errors"
    with crowd(rig, errors) as running:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            running.kill_some()
        running.end()
        print(running.story())
        assert errors.read_text() == ""
        truth = rig.oracle()[rig.A]
        assert LIMIT_MIB * 0.9 * MIB < truth["peak_bytes"] <= LIMIT_MIB * MIB
        assert running.kills
        with rig.program() as program:
            assert program.fill() == LIMIT_MIB
            assert rig.oracle()[rig.A]["used_mib"] == LIMIT_MIB
            assert program.ask("freeall") == "0"
        # Each process has at most one child a thread, and the dead are cleared away.
        slots = int.from_bytes(REGION.read_bytes()[8:12], "little")
        assert slots <= PROCESSES * (THREADS + 1) + 16
