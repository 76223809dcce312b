"""Shares of a card, held by the library's own arithmetic on a simulated card.

A long kernel cannot be cut: in any window a slice may be off by one kernel. Windows are a second,
or so long that a kernel is 2 points of it.
"""

from pathlib import Path

import pytest

from tests.interposer.simulator import (
    BALANCE,
    FIXED,
    KERNELS,
    NONE,
    SECOND,
    SHARES,
    Card,
    holds,
    width,
)


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
