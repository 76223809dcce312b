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
from statistics import mean, median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.interposer.builds import LIMITS, TESTS, build_library, make
from tests.interposer.rig import Rig

ROUNDS = 300_000
TURNS = 5
ROUNDS_TOGETHER = 500_000
TURNS_TOGETHER, MOST_TURNS = 9, 30
AT_ONCE = 0.9
"""For what part of a turn each of two processes must have had a processor, for it to count."""
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
        ran: for what part of the pairs' time it had a processor.
    """

    launch: float
    pair: float
    churn: float
    info: float
    start: float
    few: float
    all: float
    ran: float


def measure(
    rig: Rig, client: Path, live: int, threads: int, *, interposed: bool, cores: int = 0
) -> Costs:
    """One turn."""
    rig.slice({"cores_percent": cores}, A=8000)
    (costs,) = together(rig, [client, live, threads, ROUNDS], 1, interposed=interposed)
    return costs


def together(rig: Rig, command: list[Any], processes: int, *, interposed: bool) -> list[Costs]:
    """The costs of some processes of the slice, each told the same."""
    words, env = [str(word) for word in command], rig.environment(interposed=interposed)
    running = [
        subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    try:
        said = [one.communicate(timeout=120)[0] for one in running]
    finally:
        for one in running:
            one.kill()  # it would wait for ever for one that has failed
    if any(one.returncode for one in running):
        raise SystemExit(f"{words}: ended with {[one.returncode for one in running]}")
    return [Costs(*map(float, some.split())) for some in said]


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
        add_processes(table, rig, client)
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
    for row in rows if threads == 1 else rows[:4]:
        add_row(table, (f"{live:,}", str(threads)), row)


def add_row(
    table: Table, shape: tuple[str, str], row: tuple[str, float, float, str, int | None]
) -> None:
    """``row``: what, without the interposer, with it, the unit of both, and the target."""
    name, without, with_us, unit, target = row
    added = with_us - without
    table.add_row(
        *shape,
        name,
        f"{without:.2f} {unit}",
        f"{with_us:.2f} {unit}",
        f"{added:+.2f} {unit}",
        f"{with_us / without:.2f}" if without else "-",
        f"<= {target} {unit}" if target else "",
        "" if target is None else "met" if added <= target else "MISSED",
    )


def add_processes(table: Table, rig: Rig, client: Path) -> None:
    """Two processes of the slice that make the same calls at the same time.

    The median of the turns in which they ran at once: the least would be of one in which they met
    the least.
    """
    means: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(MOST_TURNS):
        if min(map(len, means.values())) >= TURNS_TOGETHER:
            break
        for interposed, pairs in means.items():
            rig.slice(A=8000)
            gate = rig.root.with_name("gate")
            gate.write_bytes(bytes(4))
            command = [client, 10, 1, ROUNDS_TOGETHER, gate, 2]
            costs = together(rig, command, 2, interposed=interposed)
            if min(one.ran for one in costs) >= AT_ONCE:
                pairs.append(mean(one.pair for one in costs))
    if not all(means.values()):
        print("two processes never ran at once: other work takes the processors")
        return
    bare, ours = map(median, means.values())
    name = "alloc + free, two at once"
    add_row(table, ("10", "1 each"), (name, bare, ours, "ns", ALLOCATION_TARGET_NS))


if __name__ == "__main__":
    main()
