"""Shares of a card beside a neighbour, whose turns on the card make kernels look longer.

By the library's own arithmetic on a simulated card, with what the node agent makes of the driver's
measurements and without.
"""

from pathlib import Path

import pytest

from tests.interposer.simulator import (
    BALANCE,
    FIXED,
    KERNELS,
    SECOND,
    SHARES,
    WITHIN,
    Card,
    holds,
    width,
)


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
def test_before_the_agent_has_measured_kernels_of_few_turns_take_up_to_nine_points_more(
    simulator: Path, microseconds: int
) -> None:
    """How long turns are nobody tells, so half of a sample is believed: of 3 + 2 ms 2.5, not 3."""
    programs = [f"program {slice_} async 0 {microseconds}:132" for slice_ in (0, 1)]
    slices = [f"slice 30 {FIXED} 1", f"slice 70 {FIXED} 1"]
    card = Card(simulator, *slices, *programs, "run 20000")
    windows = card.windows(0, 10 * SECOND)
    assert min(windows) >= 30 - WITHIN
    assert max(windows) <= 30 + 9


@pytest.mark.parametrize("microseconds", [700, 1500, 2500, 3000, 3500, 4000, 5000, 10_000])
@pytest.mark.parametrize("shares", [(30, 70), (10, 90), (20, 30, 50)])
def test_what_the_agent_has_measured_is_made_up_for(
    simulator: Path, microseconds: int, shares: tuple[int, ...]
) -> None:
    neighbours = len(shares) - 1
    slices = [f"slice {share} {FIXED} {neighbours}" for share in shares]
    programs = [f"program {slice_} async 0 {microseconds}:132" for slice_ in range(len(shares))]
    card = Card(simulator, *slices, *programs, metered_s=20)
    for slice_, share in enumerate(shares):
        windows = card.windows(slice_, 8 * SECOND)
        assert holds(windows, share), (slice_, min(windows), max(windows))


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
    """It cannot be told from one that is cut in halves, but by the agent."""
    program = f"program 0 async 0 {KERNELS[kernels]}"
    card = Card(simulator, f"slice {share} {FIXED} 1", program, "run 20000")
    windows = card.windows(0, 10 * SECOND)
    assert min(windows) >= share - WITHIN
    assert max(windows) <= 2 * share + WITHIN


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("shares", "loads"),
    [
        ((30, 70), ("mixed", "mixed")),
        ((30, 70), ("middling", "short")),
        ((50, 50), ("mixed", "middling")),
        ((10, 40, 50), ("middling", "waves", "short")),
        ((10,) * 10, ("middling",) * 10),
    ],
)
def test_what_the_agent_has_measured_spoils_no_share_that_was_held(
    simulator: Path, shares: tuple[int, ...], loads: tuple[str, ...], processes: int
) -> None:
    slices = [f"slice {share} {FIXED} {len(shares) - 1}" for share in shares]
    programs = [f"program {at} async 0 {KERNELS[load]}" for at, load in enumerate(loads)]
    card = Card(simulator, *slices, *programs * processes, metered_s=20)
    for slice_, share in enumerate(shares):
        windows = card.windows(slice_, 8 * SECOND)
        assert holds(windows, share), (slice_, min(windows), max(windows))


@pytest.mark.parametrize("neighbours", [1, 9])
@pytest.mark.parametrize("microseconds", [3000, 9000, 20_000])
@pytest.mark.parametrize("share", [10, 30, 50])
def test_beside_idle_neighbours_a_share_is_held_once_the_agent_has_measured(
    simulator: Path, share: int, microseconds: int, neighbours: int
) -> None:
    program = f"program 0 async 0 {microseconds}:132"
    card = Card(simulator, f"slice {share} {FIXED} {neighbours}", program, metered_s=20)
    assert holds(card.windows(0, 8 * SECOND), share)


def test_a_surcharge_counts_only_beside_a_neighbour(simulator: Path) -> None:
    orders = ["at 1 0 surcharge 1024", "at 4000 0 neighbours 1"]
    program = "program 0 async 0 50:132"
    card = Card(simulator, f"slice 40 {FIXED} 0", program, *orders, "run 8000")
    assert holds(card.windows(0, 0)[:300], 40)
    assert holds(card.windows(0, 4100), 20)


def test_a_surcharge_of_any_size_stops_nobody(simulator: Path) -> None:
    order = f"at 1 0 surcharge {(1 << 32) - 1}"
    program = "program 0 async 0 50:132"
    card = Card(simulator, f"slice 64 {FIXED} 1", program, order, "run 30000")
    assert 1 < card.share(0, 10_000, 30_000) < 3


def test_a_kernel_that_never_ends_stops_no_neighbour(simulator: Path) -> None:
    programs = ["program 0 async 0 99999999:132 5:132", "program 1 async 0 5:132"]
    card = Card(simulator, *[f"slice 50 {FIXED} 1"] * 2, *programs, "run 5000")
    assert card.share(1, 1000, 5000) > 50 - WITHIN


TURN_US = 2000


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("microseconds", [5, 50, 700, 3000])
def test_one_that_ran_free_yields_soon_after_a_neighbour_has_come(
    simulator: Path, microseconds: int, processes: int
) -> None:
    """It queues no more than 40 ms ahead in each process, besides two of its kernels."""
    orders = [f"at {at} 1 hold 900" for at in range(1, 4200, 500)]  # until 5 s
    orders += [f"at 5000 {slice_} neighbours 1" for slice_ in (0, 1)]
    programs = [f"program 0 async 0 {microseconds}:132"] * processes + ["program 1 async 0 50:132"]
    slices = [f"slice 30 {BALANCE} 0", f"slice 70 {BALANCE} 0"]
    card = Card(simulator, *slices, *programs, *orders, "run 7000")
    within = 9 if microseconds > TURN_US else WITHIN
    assert card.share(0, 1000, 4900) > 99
    assert holds([card.share(0, 5000 + 200 * processes, 7000)], 30, within)
