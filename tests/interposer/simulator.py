"""Plays scripts of `core/pacer.c`: programs of several slices that launch kernels on one card."""

import subprocess
from pathlib import Path
from subprocess import PIPE

from nodeagent.enforcement.meter import EVERY
from nodeagent.enforcement.surcharge import surcharge
from nodeagent.enforcement.unaccounted import settled

FIXED, BALANCE, NONE = 0, 1, 2
TICK_MS = 10
SECOND = 1000
WITHIN = 3
SHARES = [10, 30, 50, 70]
KERNELS = {
    "short": "5:132",
    "waves": "5:132 7:140 3:264 2:1000",
    "middling": "700:132",
    "long": "50000:132",
    "longer": "200000:100",
    "mixed": "5:132 50:1000 4000:200 20:132 30000:100",
}
"""Microseconds that a full load of the card takes, and blocks: one for each multiprocessor."""


class Card:
    """What slices had of a simulated card, every 10 ms."""

    def __init__(
        self, simulator: Path, *script: str, multiprocessors: int = 132, metered_s: int = 0
    ) -> None:
        """Plays a script, and after it so many seconds with what the node agent does meanwhile."""
        self.ticks: list[list[int]] = []
        words = [line.split() for line in script if line.startswith("slice")]
        self.slices = [(int(cores), 1 + int(neighbours)) for _, cores, _, neighbours in words]
        with subprocess.Popen([simulator], stdin=PIPE, stdout=PIPE, text=True) as self._process:
            self._say(f"card {multiprocessors}", *script)
            for line in script:
                if line.startswith("run"):
                    self._read(int(line.split()[1]))
            self._meter(metered_s)

    def _say(self, *lines: str) -> None:
        assert self._process.stdin
        self._process.stdin.write("".join(f"{line}\n" for line in lines))
        self._process.stdin.flush()

    def _numbers(self) -> list[int]:
        assert self._process.stdout
        return [int(word) for word in self._process.stdout.readline().split()]

    def _read(self, ms: int) -> None:
        self.ticks += [self._numbers() for _ in range(ms // TICK_MS)]

    def _meter(self, seconds: int) -> None:
        """The driver tells of whole percents, as NVML."""
        every = int(EVERY * SECOND)
        told, before = [0] * len(self.slices), [0] * len(self.slices)
        last: list[int | None] = [None] * len(self.slices)
        for end in range(every, seconds * SECOND + 1, every):
            self._say(f"run {every}", "priced")
            self._read(every)
            priced = self._numbers()
            for of in range(len(self.slices)):
                seen = int(self.share(of, end - every, end)) * every * 10_000
                cores, slices = self.slices[of]
                now = surcharge(seen, priced[of] - before[of], cores=cores, slices=slices)
                told[of], last[of] = settled(told[of], last[of], now), now
                self._say(f"at {end + 1} {of} surcharge {told[of]}")
            before = priced

    def share(self, of: int, start_ms: int, end_ms: int) -> float:
        """Percent of the card in that time."""
        ticks = self.ticks[start_ms // TICK_MS : end_ms // TICK_MS]
        return sum(tick[of] for tick in ticks) / (len(ticks) * TICK_MS * 10_000)

    def windows(self, of: int, start_ms: int, width_ms: int = SECOND) -> list[float]:
        """The same of every window from a start to the end."""
        last = len(self.ticks) * TICK_MS - width_ms
        starts = range(start_ms, last + 1, TICK_MS)
        return [self.share(of, start, start + width_ms) for start in starts]


def holds(windows: list[float], share: float, within: float = WITHIN) -> bool:
    return share - within <= min(windows) and max(windows) <= share + within


def width(*kernels: str) -> int:
    return 10 * SECOND if "longer" in kernels else SECOND
