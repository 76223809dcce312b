"""Speed on a real card, with and without the library, in one run: ``python -m tests.gpu``.

Prints ratios, and a row for docs/hardware.md. Each figure is the median of turns that alternate.
"""

import statistics
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.gpu.rig import GpuRig, build, find_card, has

TURNS = 5
SECONDS = 3.0
MOST_LOST = 0.01
SHARE_ERROR = 0.03


def measured(gpu: GpuRig, kind: str, *, interposed: bool) -> float:
    """Operations per second of one turn."""
    return float(gpu.python("torch_speed", kind, SECONDS, interposed=interposed))


def ratio(bare: Callable[[], float], ours: Callable[[], float]) -> float:
    """With over without, pair by pair."""
    return statistics.median(ours() / bare() for _ in range(TURNS))


def main() -> int:
    """Measures and prints; 0 also where there is no card, which is said."""
    card = find_card()
    if isinstance(card, str):
        print(f"speed: not run on hardware: {card}")
        return 0
    if not has("torch"):
        print("speed: not run: torch is not installed for the programs' Python (GPU_PYTHON)")
        return 0
    gpu = GpuRig(card, build())
    table = Table("what", "with / without", "target", "", title=f"{card.model}, {card.driver}")
    for kind in ("matmul", "small", "train"):
        gpu.slice(card.mib)
        seen = ratio(
            lambda kind=kind: measured(gpu, kind, interposed=False),
            lambda kind=kind: measured(gpu, kind, interposed=True),
        )
        met = seen >= 1 - MOST_LOST
        table.add_row(kind, f"{seen:.4f}", f">= {1 - MOST_LOST}", "met" if met else "MISSED")
    for share in (10, 30, 50, 70):
        for kind in ("matmul", "small"):
            gpu.slice(card.mib, cores_percent=share)
            seen = ratio(
                lambda kind=kind: measured(gpu, kind, interposed=False),
                lambda kind=kind: measured(gpu, kind, interposed=True),
            )
            met = abs(seen - share / 100) <= SHARE_ERROR
            name = f"{kind}, {share}% of the cores"
            table.add_row(name, f"{seen:.3f}", f"{share / 100:.2f}", "met" if met else "MISSED")
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
