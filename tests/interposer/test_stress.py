"""A crowd of processes that take, free, fork, call exec and are killed at random."""

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.interposer.rig import MIB, REGION, TESTS, Rig, build_cuda_client

PROCESSES, THREADS = 16, 8
SECONDS = int(os.environ.get("TRANCHE_STRESS_SECONDS", "60"))
SEED = 6
LIMIT_MIB = 50


def launch(rig: Rig, seed: int, errors: Path) -> subprocess.Popen[bytes]:
    words = [TESTS / "clients/stress", str(seed), "4096", str(THREADS)]
    with errors.open("ab") as file:
        return subprocess.Popen(words, env=rig.environment(), stderr=file)


@pytest.mark.timeout(SECONDS + 120)
def test_a_crowd_never_passes_the_limit_and_loses_nothing(rig: Rig, tmp_path: Path) -> None:
    build_cuda_client("stress")
    rig.slice(A=LIMIT_MIB)
    print(f"seed {SEED}")
    chance = random.Random(SEED)  # noqa: S311 - seeded, so that a failure comes again
    errors = tmp_path / "errors"
    crowd = [launch(rig, chance.randrange(1 << 20), errors) for _ in range(PROCESSES)]
    kills, end = 0, time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            time.sleep(chance.uniform(0, 0.1))
            for place in chance.sample(range(PROCESSES), chance.randint(1, 4)):
                crowd[place].kill()
                crowd[place].wait(10)
                crowd[place] = launch(rig, chance.randrange(1 << 20), errors)
                kills += 1
    finally:
        for process in crowd:
            process.kill()
            process.wait(10)
    print(f"{kills} killed")
    assert errors.read_text() == ""
    truth = rig.oracle()[rig.A]
    assert LIMIT_MIB * 0.9 * MIB < truth["peak_bytes"] <= LIMIT_MIB * MIB
    assert kills
    with rig.program() as program:
        assert program.fill() == LIMIT_MIB
        assert rig.oracle()[rig.A]["used_mib"] == LIMIT_MIB
        assert program.ask("freeall") == "0"
    # Each process has at most one child a thread, and the dead are cleared away.
    assert int.from_bytes(REGION.read_bytes()[8:12], "little") <= PROCESSES * (THREADS + 1) + 16
