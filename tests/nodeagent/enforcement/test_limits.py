"""What the interposer is told to hold a container to."""

from pathlib import Path

import pytest

from nodeagent.enforcement import interposer, layout
from tests.nodeagent.machine import A
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed

B = "GPU-01020304-0506-0708-090a-0b0c0d0e0f10"
GRANTS = [Grant(A, 3000, 30), Grant(B, 1)]


def test_cards_stand_in_the_order_of_the_grants():
    limits = layout.Limits.from_buffer_copy(interposer.limits(GRANTS))
    assert (limits.magic, limits.version) == (layout.LIMITS_MAGIC, layout.LIMITS_VERSION)
    assert (limits.card_count, limits.size, limits.flags) == (2, layout.LIMITS_SIZE, 0)
    assert [limits.cards[i].memory_bytes for i in (0, 1, 2)] == [3000 << 20, 1 << 20, 0]
    assert [limits.cards[i].cores_percent for i in (0, 1)] == [30, 0]
    assert bytes(limits.cards[1].uuid) == bytes(range(1, 17))
    assert [limits.cards[i].context_bytes for i in (0, 1)] == [0, 0]


def test_each_card_is_told_what_a_context_takes_of_it():
    content = interposer.limits(GRANTS, context=lambda grant: {A: 300, B: 7}[grant.card])
    limits = layout.Limits.from_buffer_copy(content)
    assert [limits.cards[i].context_bytes for i in (0, 1, 2)] == [300, 7, 0]


@pytest.mark.parametrize("uuid", ["", "GPU-", "GPU-1", "nonsense", "GPU-" + "0" * 40])
def test_a_card_without_a_uuid_cannot_be_held(uuid: str):
    with pytest.raises(Malformed):
        interposer.limits([Grant(uuid, 1)])


def test_more_cards_than_fit_cannot_be_held():
    grants = [Grant(f"GPU-{number:032x}", 1) for number in range(layout.MAX_CARDS + 1)]
    assert interposer.limits(grants[:-1])
    with pytest.raises(Malformed, match="33 cards"):
        interposer.limits(grants)


def test_a_change_stores_one_word_of_the_same_file_and_counts_itself(tmp_path: Path):
    path = tmp_path / "limits"
    path.write_bytes(interposer.limits(GRANTS))
    inode = path.stat().st_ino
    interposer.change(tmp_path, 1, memory_bytes=5 << 20)
    assert path.stat().st_ino == inode
    now = path.read_bytes()
    limits = layout.Limits.from_buffer_copy(now)
    assert limits.generation == 1
    limits.generation = 0
    assert bytes(limits) == interposer.limits([GRANTS[0], Grant(B, 5)])
