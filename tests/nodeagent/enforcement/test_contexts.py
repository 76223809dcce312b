"""What a context is taken to take, in whatever order it is seen and whoever shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.enforcement.contexts import MOST, Contexts, context_size, own_count
from nodeagent.enforcement.region import Slot
from tests.nodeagent.machine import A, B

BYTES = st.integers(0, 2**64 - 1)
SIZES = st.integers(1, MOST)


def shown(contexts: Contexts, pid: int, *sizes: int | None, namespace: str = "team") -> None:
    """A process that comes to card A, counts what it is told, and is seen to have so much."""
    contexts.newcomers(A, {})
    told = contexts.of(namespace, A)
    for size in sizes:
        if pid in contexts.newcomers(A, {pid: namespace}):
            contexts.weigh(A, pid, size, (told, told))


def test_nothing_is_known_before_a_process_was_seen_twice():
    contexts = Contexts()
    shown(contexts, 7, 300)
    assert contexts.of("team", A) == 0
    contexts.weigh(A, 7, 300, (0, 0))
    assert contexts.of("team", A) == 300


def test_of_two_looks_the_larger_one_counts_since_one_may_come_too_early():
    contexts = Contexts()
    shown(contexts, 7, 10, 300)
    assert contexts.of("team", A) == 300


def test_of_two_processes_the_lighter_one_counts():
    contexts = Contexts()
    for pid, size in enumerate((500, 300, 400)):
        shown(contexts, pid, size, size)
    assert contexts.of("team", A) == 300


def test_a_process_is_weighed_once():
    contexts = Contexts()
    shown(contexts, 7, 500, 500, 300, 300)
    assert contexts.of("team", A) == 500
    assert contexts.newcomers(A, {7: "team", 8: "team"}) == {8}


def test_whoever_is_there_at_a_cards_first_look_may_be_old_and_is_not_weighed():
    contexts = Contexts()
    assert not contexts.newcomers(A, {7: "team"})
    assert not contexts.newcomers(B, {7: "team"})
    assert contexts.newcomers(A, {7: "team", 8: "team", 9: None}) == {8}


def test_a_process_that_made_its_context_untold_is_weighed_so_once_another_has_taught():
    """Two come at once: what the first taught is not what the second has counted."""
    contexts = Contexts()
    contexts.newcomers(A, {})
    for _ in range(2):
        assert contexts.newcomers(A, {7: "team", 8: "team"}) == {7, 8}
        contexts.weigh(A, 7, 1500, (1000, 1000))
        contexts.weigh(A, 8, 1300, (1000, 1000))
    assert contexts.of("team", A) == 300


@given(
    context=st.integers(1, MOST // 2),
    told=st.integers(0, MOST),
    beside=st.integers(0, MOST // 2),
    counted=st.integers(0, 2**40),
)
def test_a_size_is_the_context_and_what_nobody_counts_beside_it(
    context: int, told: int, beside: int, counted: int
):
    count = counted + told
    size = context_size(counted + context + beside, (count, count), told)
    assert size == context + beside


def test_who_counts_less_than_it_was_told_has_not_counted_that():
    assert context_size(1000, (299, 299), 300) == 701
    assert context_size(1000, (300, 300), 300) == 1000


@given(BYTES, BYTES, SIZES | st.just(0))
def test_whatever_is_counted_a_size_is_none_or_a_contexts(used: int, count: int, told: int):
    size = context_size(used, (count, count), told)
    assert size is None or 0 < size <= min(MOST, used + told)


@pytest.mark.parametrize(
    ("used", "counts"), [(None, (1, 1)), (9, (1, 2)), (9, (None, None)), (9, (1, None))]
)
def test_what_is_not_known_or_on_its_way_has_no_size(
    used: int | None, counts: tuple[int | None, int | None]
):
    assert context_size(used, counts, 0) is None


def test_a_slot_is_a_processs_own_where_it_is_its_only_one():
    slots = [Slot(1, 10), Slot(2, 20), Slot(2, 30), Slot(0, 40)]
    assert own_count(slots, 1) == 10
    assert own_count(slots, 2) is None
    assert own_count(slots, 3) is None
    assert own_count(slots, 0) is None


@given(
    honest=st.lists(st.tuples(SIZES, SIZES), max_size=5),
    hostile=st.lists(st.tuples(BYTES, BYTES), max_size=5),
)
def test_what_one_namespace_shows_is_nothing_to_another(
    honest: list[tuple[int, int]], hostile: list[tuple[int, int]]
):
    contexts, alone = Contexts(), Contexts()
    for pid, (used, count) in enumerate(hostile, start=100):
        contexts.newcomers(A, {})
        for _ in range(2):
            contexts.newcomers(A, {pid: "hostile"})
            contexts.weigh(A, pid, used, (count, count))
    for pid, sizes in enumerate(honest):
        for some in (contexts, alone):
            shown(some, pid, *sizes)
    least = min((max(sizes) for sizes in honest), default=0)
    assert contexts.of("team", A) == alone.of("team", A)
    assert contexts.of("team", B) == 0
    assert contexts.of("team", A) <= least or not honest
