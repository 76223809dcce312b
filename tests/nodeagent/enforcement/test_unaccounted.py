"""What the driver says that slices have, less what they count, in every way it can be said."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.enforcement.region import Slot
from nodeagent.enforcement.shares import Sharer
from nodeagent.enforcement.unaccounted import astray, beyond, counted, settled, taken, whose
from nodeagent.slices.cgroups import Home
from nodeagent.vendors.base import Process
from tests.nodeagent.machine import A
from tranche.words.assignment import Grant

ONE, TWO, SIDE = Path("/one"), Path("/two"), Path("/side")
SLICES = [
    Sharer(ONE, 0, (Grant(A, 1),), "pod-1", "main"),
    Sharer(TWO, 0, (Grant(A, 1),), "pod-2", "main"),
    Sharer(SIDE, 0, (Grant(A, 1),), "pod-2", "side"),
]
NAMES = {"id-1": "main", "id-2": "main", "id-side": "side", "id-log": "log"}
BYTES = st.integers(0, 2**64 - 1)


def of(*processes: tuple[int | None, Home | None]) -> dict[Path, int | None]:
    """What the slices have where these are on the card: bytes, and where each process lives."""
    listed = [Process(pid, used) for pid, (used, _) in enumerate(processes)]
    homes = {pid: home for pid, (_, home) in enumerate(processes)}
    return taken(listed, whose(listed, homes, SLICES, NAMES), SLICES)


def test_a_slice_has_what_all_processes_of_its_container_have():
    main, side = Home("pod-2", "id-2"), Home("pod-2", "id-side")
    assert of((5, main), (7, side), (9, main), (1, Home("pod-1", "id-1"))) == {
        ONE: 1,
        TWO: 14,
        SIDE: 7,
    }


def test_a_slice_with_no_process_has_nothing():
    assert of() == {ONE: 0, TWO: 0, SIDE: 0}


def test_whoever_lives_in_no_slice_is_nobodys():
    assert of(
        (5, None),
        (5, Home("another", "id-1")),
        (5, Home("pod-2", "id-log")),
    ) == {ONE: 0, TWO: 0, SIDE: 0}


def test_before_its_pods_status_tells_of_it_a_container_is_the_only_one_it_can_be():
    assert of((5, Home("pod-1", "new"))) == {ONE: 5, TWO: 0, SIDE: 0}


def test_where_a_process_may_be_of_several_slices_none_of_them_is_known():
    assert of(
        (5, Home("pod-2", "new")), (7, Home("pod-2", "id-2")), (1, Home("pod-1", "id-1"))
    ) == {
        ONE: 1,
        TWO: None,
        SIDE: None,
    }


def test_where_the_driver_does_not_say_what_one_has_its_slice_is_not_known():
    assert of((None, Home("pod-1", "id-1")), (5, Home("pod-1", "id-1")), (None, None)) == {
        ONE: None,
        TWO: 0,
        SIDE: 0,
    }


def test_a_process_that_is_not_to_be_found_is_nobodys():
    listed = [Process(1, 5)]
    assert taken(listed, whose(listed, {}, SLICES, NAMES), SLICES) == {ONE: 0, TWO: 0, SIDE: 0}


def test_counted_is_what_those_on_the_card_count_or_else_everybody():
    slots = [Slot(1, 10), Slot(2, 20), Slot(3, 40)]
    assert counted(slots, {1, 3, 9}) == 50
    assert counted(slots, {9}) == 70
    assert counted([], {1}) == 0
    assert counted(None, {1}) is None


@given(st.lists(st.builds(Slot, st.integers(0, 4), BYTES)), st.sets(st.integers(0, 4)))
def test_no_more_is_counted_than_the_region_says(slots: list[Slot], owners: set[int]):
    count = counted(slots, owners)
    assert count is not None
    assert 0 <= count <= sum(slot.used for slot in slots)


def test_beyond_the_count_is_what_the_driver_says_less_the_larger_count():
    assert beyond(10, [3, 4]) == 6
    assert beyond(10, [4, 3]) == 6
    assert beyond(3, [4, 4]) == 0


@pytest.mark.parametrize("numbers", [(None, [1, 1]), (1, [None, 1]), (1, [1, None])])
def test_what_lacks_a_number_is_not_known(numbers: tuple[int | None, list[int | None]]):
    assert beyond(*numbers) is None


@given(BYTES, st.lists(BYTES, min_size=2, max_size=2))
def test_a_slice_is_charged_no_less_than_the_driver_says(has: int, counts: list[int]):
    """And no more than the larger of the two, but for numbers that no card has."""
    more = beyond(has, counts)
    assert more is not None
    assert 0 <= more < 2**63
    if has < 2**63:
        assert max(counts) + more == max(has, *counts)


@given(
    known=st.integers(0, 2**40),
    uncounted=st.integers(0, 2**40),
    flights=st.lists(st.integers(0, 2**40), min_size=3, max_size=3),
    way=st.sampled_from(["in", "out"]),
)
def test_an_allocation_on_its_way_is_not_beyond_the_count(
    known: int, uncounted: int, flights: list[int], way: str
):
    """Counted before it is taken and until it is given back: the count is never the smaller one."""
    moments = sorted(flights, reverse=way == "out")
    counted = [known + bytes_ for bytes_ in moments]
    for taken_by_then in (known, known + moments[1]):
        more = beyond(taken_by_then + uncounted, [counted[0], counted[2]])
        assert more is not None
        assert more <= uncounted


@given(BYTES, BYTES, st.none() | BYTES)
def test_two_looks_that_agree_are_believed_and_then_nothing_changes(told: int, now: int, odd: int):
    assert settled(told, now, now) == now
    assert settled(now, odd, now) == now


@given(BYTES, BYTES)
def test_one_look_changes_nothing(told: int, odd: int):
    assert settled(told, None, odd) == told
    assert settled(told, odd, None) == told
    assert settled(told, told, odd) == told
    assert settled(told, odd, told) == told


@given(BYTES, BYTES, BYTES)
def test_what_is_told_goes_no_further_than_the_nearer_of_two_looks(told: int, last: int, now: int):
    new = settled(told, last, now)
    assert min(told, last, now) <= new <= max(told, last, now)
    assert abs(new - told) <= min(abs(last - told), abs(now - told))


def test_pids_of_which_most_are_not_to_be_found_are_another_namespaces():
    assert not astray([], [])
    assert not astray([1, 2], [1])
    assert astray([1, 2, 3], [1])
    assert astray([1], [])


@given(
    processes=st.lists(st.builds(Process, st.integers(0, 5), st.none() | BYTES), max_size=8),
    homes=st.dictionaries(
        st.integers(0, 5),
        st.none()
        | st.builds(
            Home,
            st.sampled_from(["pod-1", "pod-2", "another"]),
            st.sampled_from([*NAMES, "new", ""]),
        ),
    ),
)
def test_no_byte_is_two_slices(processes: list[Process], homes: dict[int, Home | None]):
    has = taken(processes, whose(processes, homes, SLICES, NAMES), SLICES)
    assert has.keys() == {ONE, TWO, SIDE}
    known = [some for some in has.values() if some is not None]
    assert sum(known) <= sum(process.used or 0 for process in processes)
