"""A node in the fake driver's simulated time: two slices, and programs that launch kernels."""

from contextlib import ExitStack
from pathlib import Path

from tests.interposer.builds import LIMITS, REGION, TESTS
from tests.interposer.rig import MIB, REGION_SIZE, Program, Rig, limits_file

FIXED, BALANCE, NONE = 0, 1, 2
BEGIN_NS = 1_000_000_000_000
SECOND = 1000
WITHIN = 3
SECOND_SLICE = TESTS / "second-slice"
LOADS = {
    "short": "k_5us:108 k_7us:100",
    "waves": "k_5us:216 k_20us:1000",
    "long": "k_50000us:108",
    "mixed": "k_5us:108 k_50us:1000 k_4000us:108 k_30000us:64",
}


class Node:
    """Programs of two slices that start together, on one simulated card."""

    def __init__(self, rig: Rig, libraries: list[Path], stack: ExitStack) -> None:
        self.rig, self.libraries, self.stack = rig, libraries, stack

    def limit(
        self, percent: int, policy: int = FIXED, neighbours: int = 0, second: int | None = None
    ) -> None:
        """Makes both slices alike, but for the second's percent if told."""
        fields = {"cores_policy": policy, "neighbours": neighbours}
        self.rig.slice({**fields, "cores_percent": percent}, A=3000)
        share = percent if second is None else second
        content = limits_file({self.rig.A: 3000 * MIB}, cores_percent=share, **fields)
        (SECOND_SLICE / LIMITS.name).write_bytes(content)
        (SECOND_SLICE / REGION.name).write_bytes(bytes(REGION_SIZE))

    def program(self, slice_: int = 0) -> Program:
        preload = str(self.libraries[slice_])
        return self.stack.enter_context(self.rig.program(client="pacing", LD_PRELOAD=preload))

    def run(self, *words: str, slices: tuple[int, ...] = (0,), threads: int = 1) -> list[Program]:
        """A program for each, told the same or each its own, until all have ended."""
        self.rig.clock(threads * len(slices))
        programs = [self.program(slice_) for slice_ in slices]
        lines = words if len(words) == len(slices) else words * len(slices)
        for program, line in zip(programs, lines, strict=True):
            program.tell(line)
        for program in programs:
            assert program.answer()
        return programs


def percent(programs: list[Program], start_ms: int, end_ms: int, card: int = 0) -> float:
    """Of the card, in that time."""
    question = f"worked {start_ms} {end_ms} {card}"
    worked = sum(int(program.ask(question)) for program in programs)
    return worked / (end_ms - start_ms) / 10_000


def held(programs: list[Program], share: int, start_ms: int, end_ms: int) -> bool:
    """In each second."""
    seconds = range(start_ms, end_ms, SECOND)
    return all(abs(percent(programs, at, at + SECOND) - share) <= WITHIN for at in seconds)
