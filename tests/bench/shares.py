"""Shares of a simulated card: ``python -m tests.bench.shares``.

How many points the share of each slice is off its promise, in any second of the last 15 of 30: the
least and the most. By the library's own arithmetic, without the node agent's surcharge and with it.
Nothing of it is a time on this machine, so each run prints the same. The target is 3 points; a
kernel cannot be cut, so with kernels of 50 ms it is one of them, 5 points of a second.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.interposer.builds import build_unit, make
from tests.interposer.simulator import FIXED, KERNELS, SECOND, WITHIN, Card

SECONDS = 30
SETTLED_MS = 15 * SECOND
LOADS = {
    "short, 5 us": (KERNELS["short"], WITHIN),
    "middling, 0.7 ms": (KERNELS["middling"], WITHIN),
    "few turns, 3 ms": ("3000:132", WITHIN),
    "long, 50 ms": (KERNELS["long"], 5),
    "mixed, 5 us to 30 ms": (KERNELS["mixed"], WITHIN),
}
"""Kernels, and the target in points; NVIDIA's turns are about 2 ms."""


@dataclass(frozen=True)
class Slices:
    """Of one card, in percent, and how many of them work."""

    name: str
    shares: Sequence[int]
    working: int


SLICES = [
    Slices("30 alone", [30], 1),
    Slices("50 / 50", [50, 50], 2),
    Slices("30 / 70", [30, 70], 2),
    Slices("20 / 30 / 50", [20, 30, 50], 3),
    # Told that it has a neighbour, as where all the others stopped a moment ago.
    Slices("30, idle neighbour", [30, 70], 1),
]


def off(simulator: Path, kernels: str, slices: Slices, *, metered: bool) -> list[list[float]]:
    """Points beyond the promise, of each working slice in each second."""
    others = len(slices.shares) - 1
    script = [f"slice {share} {FIXED} {others}" for share in slices.shares]
    script += [f"program {of} async 0 {kernels}" for of in range(slices.working)]
    script += [] if metered else [f"run {SECONDS * SECOND}"]
    card = Card(simulator, *script, metered_s=SECONDS if metered else 0)
    return [
        [window - share for window in card.windows(of, SETTLED_MS)]
        for of, share in enumerate(slices.shares[: slices.working])
    ]


def shown(all_off: Sequence[Sequence[float]]) -> str:
    """The least and the most of each slice."""
    return "  ".join(f"{min(one):+.1f}…{max(one):+.1f}" for one in all_off)


def worst(all_off: Sequence[Sequence[float]]) -> float:
    """Points, of all slices and seconds."""
    return max(abs(window) for one in all_off for window in one)


def main() -> None:
    """Measures and prints."""
    make("all", "fakes", f"PYTHON={sys.executable}")
    simulator = build_unit("pacer", "core/pacer.c", "core/prices.c", "../fakes/timeline.c")
    table = Table("kernels", "slices", "without the agent", "with it", "at most", "of", "", "")
    rows = [
        (name, target, slices, kernels)
        for name, (kernels, target) in LOADS.items()
        for slices in SLICES
    ]
    for name, target, slices, kernels in rows:
        without, with_it = (off(simulator, kernels, slices, metered=m) for m in (False, True))
        most = worst(with_it)
        table.add_row(
            name,
            slices.name,
            shown(without),
            shown(with_it),
            f"{most:.1f}",
            f"{target}",
            f"{most / target:.2f}",
            "met" if most <= target else "MISSED",
            end_section=slices is SLICES[-1],
        )
    Console(width=140).print(table)
    print("Points of a card; the targets are those with the agent.")


if __name__ == "__main__":
    main()
