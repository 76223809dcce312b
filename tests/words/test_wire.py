"""The annotations that the two programs write for each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.words.assignment import Assignment, Grant, dump_assignment, load_assignment
from tranche.words.cards import Card, dump_cards, load_cards
from tranche.words.errors import Malformed, Refusal, shorten

grants = st.builds(
    Grant,
    card=st.text(min_size=1, max_size=40),
    mib=st.integers(1, 2**40),
    cores=st.integers(0, 100),
    whole=st.booleans(),
)
assignments = st.builds(
    Assignment,
    node=st.text(max_size=20),
    containers=st.dictionaries(
        st.text(min_size=1, max_size=20),
        st.lists(grants, max_size=4, unique_by=lambda g: g.card).map(tuple),
        max_size=4,
    ),
)
cards = st.lists(
    st.builds(
        Card,
        uuid=st.text(min_size=1, max_size=40),
        vendor=st.just("nvidia"),
        model=st.text(max_size=40),
        mib=st.integers(1, 2**40),
        numa=st.none() | st.integers(0, 8),
        healthy=st.booleans(),
    ),
    unique_by=lambda card: card.uuid,
    max_size=8,
).map(tuple)


@given(assignments)
def test_an_assignment_read_back_is_the_one_written(assignment: Assignment):
    assert load_assignment(dump_assignment(assignment)) == assignment


@given(cards)
def test_cards_read_back_are_those_written_whatever_their_order(some: tuple[Card, ...]):
    assert dump_cards(some) == dump_cards(tuple(reversed(some)))
    assert set(load_cards(dump_cards(some))) == set(some)


@given(st.text())
def test_any_other_text_is_malformed_and_nothing_worse(text: str):
    for load in (load_assignment, load_cards):
        with pytest.raises(Malformed):
            load(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"v":2,"node":"n","containers":{}}',
        '{"v":1,"node":"n","containers":{"main":[{"card":"A","mib":0}]}}',
        '{"v":1,"node":"n","containers":{"main":[{"card":"A","mib":1,"cores":101}]}}',
        '{"v":1,"node":"n","containers":{"main":[{"card":"A","mib":1},{"card":"A","mib":1}]}}',
    ],
)
def test_an_assignment_out_of_range_is_malformed(text: str):
    with pytest.raises(Malformed, match="assigned"):
        load_assignment(text)


def test_a_refusal_says_where_what_why_and_the_way_out():
    refusal = Refusal("3000", "a number without a unit", "write 3000Mi").at("annotation x")
    assert str(refusal) == 'annotation x: "3000": a number without a unit; write 3000Mi'


@given(st.text())
def test_quoted_input_is_bounded_and_printable(text: str):
    assert len(shorten(text, 20)) <= 21
    assert shorten(text, 20).isprintable()
