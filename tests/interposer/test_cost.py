"""What the library adds to a call, in instructions, which do not drift with the machine's load."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bench import instructions
from tests.interposer.builds import REPOSITORY, SANITIZE, TESTS
from tests.interposer.rig import Rig

pytestmark = [
    pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind counts them"),
    pytest.mark.skipif(bool(SANITIZE), reason="a sanitizer adds its own"),
]
MOST = {"launch": 140, "pair": 840, "info": 350}
"""Half as much again as docs/numbers.md has: compilers differ."""


@pytest.fixture
def client(rig: Rig) -> Path:
    (rig.root / "run/fakegpu/oracle").unlink()  # whose own work is not what is measured
    target = TESTS / "clients/instructions"
    source = REPOSITORY / "tests/bench/instructions_client.c"
    subprocess.run(["cc", "-O2", "-o", target, source, "-ldl"], check=True)
    return target


def added(rig: Rig, client: Path, call: str, live: int) -> float:
    ours, bare = (
        instructions.per_call(rig, client, call, live, interposed=interposed)
        for interposed in (True, False)
    )
    return ours - bare


@pytest.mark.parametrize("call", MOST)
def test_a_call_costs_few_instructions_more(rig: Rig, client: Path, call: str) -> None:
    assert 0 < added(rig, client, call, 1) < MOST[call]


def test_an_allocation_costs_the_same_beside_many_others(rig: Rig, client: Path) -> None:
    one, many = (added(rig, client, "pair", live) for live in (1, 10_000))
    assert abs(many - one) < 0.1 * one
