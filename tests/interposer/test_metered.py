"""The node agent measures what kernels take, and shares are held beside a neighbour.

Real processes, the agent's own parts and the fake driver's NVML, in simulated time.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interposer.builds import LIMITS
from tests.interposer.rig import Program
from tests.interposer.simulated import BALANCE, FIXED, LOADS, SECOND_SLICE, Node, held, percent

PODS = [f"0f0e0d0c-0000-4000-8000-00000000000{n}" for n in (1, 2)]
SETTLED = 5_000
"""Milliseconds after which prices and surcharges must have settled."""


class Metered:
    """A node whose two slices have an agent."""

    def __init__(self, node: Node, proc: Path) -> None:
        self.node, self.proc = node, proc

    def lives(self, program: Program, slice_: int) -> None:
        folder = self.proc / str(program.process.pid)
        folder.mkdir(parents=True)
        (folder / "cgroup").write_text(f"0::/kubepods/pod{PODS[slice_]}/{'c' * 64}\n")

    def run(
        self,
        shares: tuple[int, int],
        lines: tuple[str, ...],
        until: int,
        *,
        policy: int = FIXED,
        second_from: int = 0,
    ) -> list[Program]:
        """A program of each slice for each line, until that time."""
        node = self.node
        node.limit(shares[0], policy, second=shares[1])
        node.rig.clock(1 + len(lines))
        programs = [node.program(slice_) for slice_ in range(len(lines))]
        for slice_, program in enumerate(programs):
            self.lives(program, slice_)
        assert programs[1].ask(f"from {second_from}") == "0"
        folders = (LIMITS.parent, SECOND_SLICE)
        slices = [
            (str(folder), node.rig.A, share, pod)
            for folder, share, pod in zip(folders, shares, PODS, strict=True)
        ]
        words = [node.rig.root, self.proc, str(until), json.dumps(slices)]
        command = [sys.executable, "-m", "tests.interposer.agent_program", *words]
        with subprocess.Popen(command) as agent:
            for program, line in zip(programs, lines, strict=True):
                program.tell(line)
            for program in programs:
                assert program.answer()
            assert agent.wait(60) == 0
        return programs


@pytest.fixture
def metered(node: Node, tmp_path: Path) -> Metered:
    return Metered(node, tmp_path / "proc")


@pytest.mark.parametrize("kernel", ["k_2500us", "k_3000us", "k_3500us", "k_5000us"])
def test_unequal_slices_with_kernels_of_few_turns_each_get_theirs(metered: Metered, kernel: str):
    line = f"run 1 async 15000 {kernel}:108"
    programs = metered.run((30, 70), (line, line), 15_000)
    assert held(programs[:1], 30, SETTLED, 15_000)
    assert held(programs[1:], 70, SETTLED, 15_000)


@pytest.mark.parametrize("kernels", ["k_9000us:108", LOADS["mixed"]])
def test_beside_a_neighbour_that_hardly_works_kernels_of_many_turns_keep_to_their_share(
    metered: Metered, kernels: str
):
    lines = f"run 1 async 15000 {kernels}", "idle 15000 100 k_60us:1"
    programs = metered.run((30, 70), lines, 15_000)
    assert held(programs[:1], 30, SETTLED, 15_000)


@pytest.mark.parametrize("kernel", ["k_50us", "k_700us", "k_3000us"])
def test_one_that_ran_free_is_at_its_share_soon_after_a_neighbour_has_come(
    metered: Metered, kernel: str
):
    line = f"run 1 async 12000 {kernel}:108"
    programs = metered.run((30, 70), (line, line), 12_000, policy=BALANCE, second_from=5000)
    assert percent(programs[:1], 1000, 5000) > 99
    assert all(20 < percent(programs[:1], at, at + 1000) < 50 for at in range(6000, 9000, 1000))
    assert held(programs[:1], 30, 9000, 12_000)
    assert held(programs[1:], 70, 9000, 12_000)
