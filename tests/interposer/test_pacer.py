"""Shares of a card, held by the library's own arithmetic on a simulated card.

A long kernel cannot be cut: in any window a slice may be off by one kernel. Windows are a second,
or so long that a kernel is 2 points of it.
"""

import subprocess
from pathlib import Path

import pytest

from tests.interposer.rig import build_unit

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


@pytest.fixture(scope="module")
def simulator() -> Path:
    return build_unit("pacer", "core/pacer.c", "core/prices.c", "../fakes/timeline.c")


class Card:
    """What slices had of a simulated card, every 10 ms."""

    def __init__(self, simulator: Path, *script: str, multiprocessors: int = 132) -> None:
        text = "\n".join([f"card {multiprocessors}", *script, ""])
        done = subprocess.run(
            [simulator], input=text, check=True, capture_output=True, text=True, timeout=60
        )
        self.ticks = [list(map(int, line.split())) for line in done.stdout.splitlines()]

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


@pytest.mark.parametrize("multiprocessors", [132, 188])
@pytest.mark.parametrize("processes", [1, 4])
@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("share", SHARES)
def test_a_share_is_held(
    simulator: Path, share: int, kernels: str, processes: int, multiprocessors: int
) -> None:
    programs = [f"program 0 async 0 {KERNELS[kernels]}"] * processes
    script = [f"slice {share} {FIXED} 0", *programs, "run 30000"]
    card = Card(simulator, *script, multiprocessors=multiprocessors)
    windows = card.windows(0, 15 * SECOND, width(kernels))
    assert holds(windows, share), (min(windows), max(windows))


@pytest.mark.parametrize("share", SHARES)
def test_short_kernels_keep_to_their_share_from_the_first_second(
    simulator: Path, share: int
) -> None:
    card = Card(simulator, f"slice {share} {FIXED} 0", "program 0 async 0 5:132", "run 3000")
    assert holds(card.windows(0, 0), share)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("share", SHARES)
def test_a_program_that_waits_for_each_round_reaches_its_share(
    simulator: Path, share: int, kernels: str
) -> None:
    program = f"program 0 sync 1 {KERNELS[kernels]}"
    card = Card(simulator, f"slice {share} {FIXED} 0", program, "run 30000")
    windows = card.windows(0, 15 * SECOND, width(kernels))
    assert holds(windows, share), (min(windows), max(windows))


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("short", "short"),
        ("short", "middling"),
        ("short", "long"),
        ("short", "mixed"),
        ("waves", "longer"),
        ("middling", "long"),
        ("middling", "mixed"),
        ("long", "long"),
        ("long", "mixed"),
        ("mixed", "mixed"),
    ],
)
def test_two_slices_of_half_a_card_each_get_half(
    simulator: Path, one: str, other: str, processes: int
) -> None:
    """Their processes take turns on the card, so what a kernel is seen to take is too long."""
    programs = [f"program 0 async 0 {KERNELS[one]}"] * processes
    programs.append(f"program 1 async 0 {KERNELS[other]}")
    slices = [f"slice 50 {FIXED} 1"] * 2
    card = Card(simulator, *slices, *programs, "run 30000")
    for slice_ in 0, 1:
        windows = card.windows(slice_, 10 * SECOND, width(one, other))
        assert holds(windows, 50), (slice_, min(windows), max(windows))


@pytest.mark.parametrize("kernels", KERNELS)
def test_unequal_slices_of_one_card_each_get_theirs(simulator: Path, kernels: str) -> None:
    programs = [f"program {slice_} async 0 {KERNELS[kernels]}" for slice_ in (0, 1)]
    slices = [f"slice 30 {FIXED} 1", f"slice 70 {FIXED} 1"]
    card = Card(simulator, *slices, *programs, "run 30000")
    for slice_, share in enumerate([30, 70]):
        windows = card.windows(slice_, 10 * SECOND, width(kernels))
        assert holds(windows, share), (slice_, min(windows), max(windows))


@pytest.mark.parametrize("microseconds", [2500, 3000, 3500, 5000])
def test_a_kernel_of_few_turns_beside_a_neighbour_takes_up_to_nine_points_more(
    simulator: Path, microseconds: int
) -> None:
    """How long turns are nobody tells, so half of a sample is believed: of 3 + 2 ms 2.5, not 3."""
    programs = [f"program {slice_} async 0 {microseconds}:132" for slice_ in (0, 1)]
    slices = [f"slice 30 {FIXED} 1", f"slice 70 {FIXED} 1"]
    card = Card(simulator, *slices, *programs, "run 20000")
    windows = card.windows(0, 10 * SECOND)
    assert min(windows) >= 30 - WITHIN
    assert max(windows) <= 30 + 9


@pytest.mark.parametrize("kernels", ["short", "waves", "middling"])
@pytest.mark.parametrize("share", SHARES)
def test_beside_a_neighbour_that_is_idle_what_is_shorter_than_a_turn_keeps_to_its_share(
    simulator: Path, share: int, kernels: str
) -> None:
    program = f"program 0 async 0 {KERNELS[kernels]}"
    card = Card(simulator, f"slice {share} {FIXED} 1", program, "run 20000")
    assert holds(card.windows(0, 10 * SECOND), share)


@pytest.mark.parametrize("kernels", ["long", "mixed"])
@pytest.mark.parametrize("share", [10, 30])
def test_beside_a_neighbour_that_is_idle_what_is_longer_takes_at_most_twice_its_share(
    simulator: Path, share: int, kernels: str
) -> None:
    """It cannot be told from one that is cut in halves."""
    program = f"program 0 async 0 {KERNELS[kernels]}"
    card = Card(simulator, f"slice {share} {FIXED} 1", program, "run 20000")
    windows = card.windows(0, 10 * SECOND)
    assert min(windows) >= share - WITHIN
    assert max(windows) <= 2 * share + WITHIN


@pytest.mark.parametrize("kernels", ["short", "mixed"])
def test_a_share_changed_while_running_is_held_at_once(simulator: Path, kernels: str) -> None:
    program = f"program 0 async 0 {KERNELS[kernels]}"
    orders = ["at 6000 0 percent 30", "at 9000 0 percent 50"]
    card = Card(simulator, f"slice 70 {FIXED} 0", program, *orders, "run 12000")
    assert holds([card.share(0, 4000, 6000)], 70)
    assert holds([card.share(0, 6300, 9000)], 30)
    assert holds([card.share(0, 9300, 12000)], 50)


def test_one_that_is_alone_runs_free_and_yields_when_a_neighbour_comes(simulator: Path) -> None:
    orders = ["at 2000 0 neighbours 1", "at 4000 0 neighbours 0"]
    program = "program 0 async 0 50:132"
    card = Card(simulator, f"slice 50 {BALANCE} 0", program, *orders, "run 6000")
    assert card.share(0, 100, 2000) > 99
    assert holds(card.windows(0, 2100, 100)[:170], 50)
    assert card.share(0, 4100, 6000) > 99


@pytest.mark.parametrize(("percent", "policy"), [(0, FIXED), (100, FIXED), (30, NONE)])
def test_what_is_not_to_be_held_is_not(simulator: Path, percent: int, policy: int) -> None:
    card = Card(simulator, f"slice {percent} {policy} 1", "program 0 async 0 50:132", "run 1000")
    assert card.share(0, 0, 1000) > 99


def test_a_slice_waits_at_most_ten_seconds_for_what_it_had(simulator: Path) -> None:
    """A kernel of 3 s at one percent: 300 s would be its due."""
    program = "program 0 sync 1 3000000:132"
    card = Card(simulator, f"slice 1 {FIXED} 0", program, "run 16000")
    assert card.share(0, 3010, 12_900) == 0
    assert card.share(0, 13_100, 16_000) > 99


@pytest.mark.parametrize("word", [0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_garbage_in_the_region_hangs_nobody(simulator: Path, word: int) -> None:
    """Ten seconds at most, and then the share is held again."""
    program = "program 0 async 0 50:132"
    order = f"at 1000 0 word {word}"
    card = Card(simulator, f"slice 50 {FIXED} 0", program, order, "run 13000")
    assert holds(card.windows(0, 11_500), 50)


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_a_hold_is_obeyed_whatever_the_share(simulator: Path, percent: int) -> None:
    program = "program 0 async 0 50:132"
    orders = ["at 1000 0 hold 300"]
    card = Card(simulator, f"slice {percent} {FIXED} 0", program, *orders, "run 2000")
    # What was queued before it comes still runs.
    assert card.share(0, 1100, 1300) == 0
    assert card.share(0, 1320, 2000) > 45


def test_a_hold_that_is_renewed_goes_on(simulator: Path) -> None:
    orders = [f"at {at} 0 hold 300" for at in range(1000, 4000, 200)]
    card = Card(simulator, f"slice 50 {FIXED} 0", "program 0 async 0 50:132", *orders, "run 5000")
    assert card.share(0, 1100, 4000) == 0
    assert card.share(0, 4200, 5000) > 45


def test_a_hold_without_end_is_not_believed(simulator: Path) -> None:
    orders = ["at 1000 0 hold 3600000"]
    card = Card(simulator, f"slice 50 {FIXED} 0", "program 0 async 0 50:132", *orders, "run 4000")
    assert card.share(0, 1100, 1900) == 0
    assert holds(card.windows(0, 2100), 50)


def test_a_kernel_that_never_ends_stops_no_neighbour(simulator: Path) -> None:
    programs = ["program 0 async 0 99999999:132 5:132", "program 1 async 0 5:132"]
    card = Card(simulator, *[f"slice 50 {FIXED} 1"] * 2, *programs, "run 5000")
    assert card.share(1, 1000, 5000) > 50 - WITHIN
