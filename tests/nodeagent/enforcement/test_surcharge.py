"""What slices take beyond their prices, whatever drivers and regions say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.enforcement.layout import SURCHARGE_WHOLE
from nodeagent.enforcement.shares import Sharer
from nodeagent.enforcement.surcharge import believable, percents, surcharge
from nodeagent.vendors.base import Busy
from tests.nodeagent.machine import A
from tranche.words.assignment import Grant

SECOND = 10**9
ONE, TWO = (Sharer(Path(f"/{name}"), 0, (Grant(A, 1),), name, "main") for name in ("one", "two"))
NS = st.integers(0, 2**63 - 1)


def of(seen: float, priced: int, *, cores: int = 30, slices: int = 2) -> float:
    """The surcharge, as a part of what launches are priced at."""
    return surcharge(seen, priced, cores=cores, slices=slices) / SURCHARGE_WHOLE


def test_a_slice_that_takes_half_as_much_again_is_surcharged_a_half():
    assert of(seen=0.3 * SECOND, priced=SECOND // 5) == 0.5


def test_of_one_that_hardly_works_or_runs_free_nothing_is_said():
    assert of(seen=SECOND, priced=SECOND // 100_000) == 0
    assert of(seen=SECOND, priced=0) == 0


def test_it_is_no_more_than_the_careful_guess_can_be_off():
    assert of(seen=SECOND, priced=SECOND // 20, slices=2) == 1.5
    assert of(seen=SECOND, priced=SECOND // 20, cores=50, slices=10) == 1.5
    assert of(seen=SECOND, priced=SECOND // 20, cores=10, slices=4) == 4


@given(NS, NS, st.integers(1, 99), st.integers(2, 100))
def test_a_surcharge_is_never_a_discount_and_fits_the_limits(
    seen: int, priced: int, cores: int, slices: int
):
    assert 0 <= surcharge(seen, priced, cores=cores, slices=slices) < 2**32


@given(st.integers(0, 2 * SECOND), st.integers(0, 2 * SECOND))
def test_one_that_is_priced_higher_than_it_works_is_not_surcharged(seen: int, more: int):
    assert of(seen, seen + more) == 0


def told(*parts: int) -> list[Busy]:
    return [Busy(pid, percent, 1) for pid, percent in enumerate(parts)]


@pytest.mark.parametrize("parts", [(), (30, 70), (34, 34, 37)])
def test_parts_of_a_cards_time_add_up_to_it_but_for_rounding(parts: tuple[int, ...]):
    assert believable(told(*parts))


@pytest.mark.parametrize("parts", [(60, 60), (4_000_000,)])
def test_what_adds_up_to_more_is_not_believed(parts: tuple[int, ...]):
    assert not believable(told(*parts))


def test_a_slice_took_what_all_its_processes_took():
    busy = [Busy(1, 10, 1), Busy(2, 20, 1), Busy(3, 5, 1), Busy(4, 50, 1)]
    owners = {1: [ONE], 2: [ONE], 3: [TWO]}
    assert percents(busy, owners, [ONE, TWO]) == {ONE.folder: 30, TWO.folder: 5}


def test_where_a_process_may_be_of_several_slices_none_of_them_is_judged():
    busy = [Busy(1, 10, 1), Busy(2, 20, 1)]
    owners = {1: [ONE, TWO], 2: [ONE]}
    assert percents(busy, owners, [ONE, TWO]) == {}
