"""What pods take of a card, and that it is never more than there is."""

import pytest

from nodeagent.slices.guard import check_room, pod_footprint, taken
from nodeagent.slices.record import Record
from tests.nodeagent.machine import MIB, A, B, found
from tranche.words.assignment import Assignment, Grant
from tranche.words.errors import Refusal
from tranche.words.pod import Member, Role

CARDS = {A: found(A, 0).card, B: found(B, 1).card}


def record(uid: str, name: str = "0" * 16, **footprint: int) -> Record:
    cards = {A if key == "a" else B: mib for key, mib in footprint.items()}
    return Record(name, uid, "team", "one", "main", (), cards, "", "")


def test_a_pod_with_several_slices_counts_once():
    records = [record("x", a=10), record("x", "1" * 16, a=10), record("y", a=1, b=5)]
    assert taken(records, but="z") == {A: 11, B: 5}


def test_the_pod_itself_does_not_stand_in_its_own_way():
    assert taken([record("x", a=10), record("y", a=1)], but="x") == {A: 1}


def test_the_last_mib_is_granted_and_the_next_is_not():
    check_room({A: 1}, {A: MIB - 1}, CARDS)
    with pytest.raises(Refusal, match=f"hold {MIB}, and this one is assigned 1"):
        check_room({A: 1}, {A: MIB}, CARDS)


def test_a_whole_card_counts_as_all_of_it_whatever_the_grant_says():
    members = (Member("main", Role.APP),)
    assignment = Assignment("n", {"main": (Grant(A, 5, whole=True), Grant(B, 7))})
    assert pod_footprint(members, assignment, CARDS) == {A: MIB, B: 7}
