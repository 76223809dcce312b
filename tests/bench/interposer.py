"""What the interposer adds to a call: ``python -m tests.bench.interposer``.

Bare fake driver and interposed in one run, turn by turn, the best of several; the fake counts for
its process alone here, so that its oracle's lock does not hide what is measured. Launches are
unpaced, or (of kernels that take no time) paced and never held up. Targets: DESIGN 6.
"""

import subprocess
import sys
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.interposer.rig import LIMITS, TESTS, Rig, build_library, make

ROUNDS = 300_000
TURNS = 5
ALLOCATION_TARGET_NS = 100
LAUNCH_TARGET_NS = 10
START_TARGET_MS = 5
MEMORY_TARGET_KIB = 2048
SHAPES = [(live, threads) for live in (10, 10_000, 1_000_000) for threads in (1, 2, 8)]


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one call each.

    Attributes:
        launch: nanoseconds.
        pair: nanoseconds for an allocation and its free.
        churn: nanoseconds for the free of any of the live ones and an allocation in its place.
        info: nanoseconds for cuMemGetInfo.
        start: milliseconds from the first dlsym to the first allocation, cuInit among it.
        few: KiB resident after that.
        all: KiB resident with all the live ones.
    """

    launch: float
    pair: float
    churn: float
    info: float
    start: float
    few: float
    all: float


def measure(
    rig: Rig, client: Path, live: int, threads: int, *, interposed: bool, cores: int = 0
) -> Costs:
    """One turn."""
    rig.slice({"cores_percent": cores}, A=8000)
    done = subprocess.run(
        [str(client), str(live), str(threads), str(ROUNDS)],
        env=rig.environment(interposed=interposed),
        check=True,
        capture_output=True,
        text=True,
    )
    return Costs(*map(float, done.stdout.split()))


def best(costs: list[Costs]) -> Costs:
    """The least of each: what disturbs a measurement only ever adds."""
    return Costs(*(min(each) for each in zip(*map(astuple, costs), strict=True)))


def main() -> None:
    """Measures and prints."""
    make("all", "fakes", f"PYTHON={sys.executable}")
    LIMITS.parent.mkdir(parents=True, exist_ok=True)
    client = TESTS / "clients/bench"
    client.parent.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).with_name("interposer_client.c")
    words = ["cc", "-O2", "-o", client, source, "-ldl", "-lpthread"]
    subprocess.run(words, check=True)
    table = Table("live", "threads", "call", "bare", "with", "added", "ratio", "target", "")
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder) / "driver", build_library())
        rig.cards(A=8000)
        (rig.root / "run/fakegpu/oracle").unlink()
        for live, threads in SHAPES:
            add_rows(table, rig, client, live, threads)
    Console(width=120).print(table)


def add_rows(table: Table, rig: Rig, client: Path, live: int, threads: int) -> None:
    """Measures one shape, both ways in turn."""
    all_ways: dict[tuple[bool, int], list[Costs]] = {(False, 0): [], (True, 0): [], (True, 50): []}
    for _ in range(TURNS):
        for (interposed, cores), costs in all_ways.items():
            turn = measure(rig, client, live, threads, interposed=interposed, cores=cores)
            costs.append(turn)
    bare, ours, paced = map(best, all_ways.values())
    rows = [
        ("launch", bare.launch, ours.launch, "ns", LAUNCH_TARGET_NS),
        ("launch, paced below the limit", bare.launch, paced.launch, "ns", LAUNCH_TARGET_NS),
        ("alloc + free", bare.pair, ours.pair, "ns", ALLOCATION_TARGET_NS),
        ("any of them, anew", bare.churn, ours.churn, "ns", ALLOCATION_TARGET_NS),
        ("cuMemGetInfo", bare.info, ours.info, "ns", None),
        ("start", bare.start, ours.start, "ms", START_TARGET_MS),
        ("resident, one block", bare.few, ours.few, "KiB", MEMORY_TARGET_KIB),
        ("resident, all of them", bare.all, ours.all, "KiB", None),
    ]
    for name, without, with_us, unit, target in rows if threads == 1 else rows[:4]:
        added = with_us - without
        table.add_row(
            f"{live:,}",
            str(threads),
            name,
            f"{without:.2f} {unit}",
            f"{with_us:.2f} {unit}",
            f"{added:+.2f} {unit}",
            f"{with_us / without:.2f}" if without else "-",
            f"<= {target} {unit}" if target else "",
            "" if target is None else "met" if added <= target else "MISSED",
        )


if __name__ == "__main__":
    main()
