"""A request in a person's words."""

import pytest

from tranche.cli.describe import describe
from tranche.words.sentence import parse_sentence


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("2000Mi on Hygon", "2000 MiB of memory of one card, of Hygon"),
        ("whole on Moore Threads", "one whole card, alone, of Moore Threads"),
        ("50% on Ascend 910B4", "50% of the memory of one card, 910B4, of Ascend"),
        ("50% on 910B4", "50% of the memory of one card, 910B4"),
    ],
)
def test_whose_cards_are_told(sentence: str, words: str):
    assert describe(parse_sentence(sentence)) == words
