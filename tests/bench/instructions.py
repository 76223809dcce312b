"""Instructions per call, bare and interposed, by callgrind: ``python -m tests.bench.instructions``.

Counts, not times: they do not drift with the machine's load. Each is the difference of two runs of
different length, so that starting up is left out. Times are in ``tests.bench.interposer``.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.interposer.builds import LIMITS, TESTS, build_library, make
from tests.interposer.rig import Rig

ROUNDS = 1000
CALLS = {"launch": "launch", "pair": "alloc + free", "info": "cuMemGetInfo"}
LIVE = (1, 10_000)


def count(rig: Rig, client: Path, call: str, rounds: int, live: int, *, interposed: bool) -> int:
    """Instructions of a whole run."""
    rig.slice(A=8000)
    words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(client)]
    done = subprocess.run(
        [*words, call, str(rounds), str(live)],
        env=rig.environment(interposed=interposed),
        check=True,
        capture_output=True,
        text=True,
    )
    collected = re.search(r"Collected : (\d+)", done.stderr)
    assert collected, done.stderr
    return int(collected[1])


def per_call(rig: Rig, client: Path, call: str, live: int, *, interposed: bool) -> float:
    """Of one call."""
    one, two = (
        count(rig, client, call, rounds, live, interposed=interposed)
        for rounds in (ROUNDS, 2 * ROUNDS)
    )
    return (two - one) / ROUNDS


def main() -> None:
    """Measures and prints."""
    if not shutil.which("valgrind"):
        print("valgrind is not installed: no instructions are counted")
        return
    make("all", "fakes", f"PYTHON={sys.executable}")
    LIMITS.parent.mkdir(parents=True, exist_ok=True)
    client = TESTS / "clients/instructions"
    client.parent.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).with_name("instructions_client.c")
    subprocess.run(["cc", "-O2", "-o", client, source, "-ldl"], check=True)
    table = Table("call", "live", "bare", "with", "added")
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder) / "driver", build_library())
        rig.cards(A=8000)
        (rig.root / "run/fakegpu/oracle").unlink()
        for call, name in CALLS.items():
            for live in LIVE:
                bare = per_call(rig, client, call, live, interposed=False)
                ours = per_call(rig, client, call, live, interposed=True)
                table.add_row(
                    name, f"{live:,}", f"{bare:.0f}", f"{ours:.0f}", f"{ours - bare:+.0f}"
                )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
