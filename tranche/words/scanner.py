"""A sentence as a row of words, with what people leave out or add between them put right."""

import difflib
import re
from collections.abc import Iterable
from typing import Final

from tranche.words.errors import Refusal, shorten

LONGEST_WRITTEN: Final = 512
"""Characters that a person may write in one sentence."""

LONGEST: Final = 16 * 1024
"""Characters of a normalised sentence, which may carry long lists of uuids."""

_PARTITION: Final = (
    r"(?:\d+c\.)?\d+g\.\d+gb(?:\+[a-z.]{1,8})?"
    r"|vir\d{2}(?:_\d+c)?(?:_\d+g)?(?:_n?m|_n?dvpp)?"
    r"|[sdtqc]px_nps[1248]"
)
_FLAGS: Final = re.ASCII | re.IGNORECASE
IS_PARTITION: Final = re.compile(_PARTITION, re.ASCII)
_JOINED_IN_LABEL: Final = re.compile(rf"(?<![^_\s])(?:{_PARTITION})(?![^_\s,])", _FLAGS)
_WORD: Final = re.compile(r",|[^\s,]+")
_TIMES: Final = re.compile(r"(\d+)[x×](.*)", _FLAGS)  # noqa: RUF001
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_UNIT: Final = re.compile(r"%|pct|percent|[kmgtpe](?:i?b?)", _FLAGS)
_CORES: Final = re.compile(r"(.+(?:%|pct))(cores?)", _FLAGS)


class Cursor:
    """The words of one sentence and the place reached in them.

    Attributes:
        text: the sentence as it was written, to be quoted back.
    """

    def __init__(self, text: str, *, label: bool = False) -> None:
        check_length(text, LONGEST)
        self.text = text
        self._words = _scan(text, label=label)
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._words)

    def peek(self, ahead: int = 0) -> str:
        """A coming word in lower case; "" past the end."""
        at = self._at + ahead
        return self._words[at].lower() if at < len(self._words) else ""

    def take(self) -> str:
        """The coming word as it was written."""
        word = self._words[self._at] if self else ""
        self._at += 1
        return word

    def accept(self, *words: str) -> bool:
        """Step over the coming word if it is one of these."""
        if self and self.peek() in words:
            self._at += 1
            return True
        return False

    def refuse(self, why: str, remedy: str) -> Refusal:
        """A refusal that quotes the whole sentence."""
        return Refusal(self.text, why, remedy)

    def unknown(self, expected: str, vocabulary: Iterable[str] = ()) -> Refusal:
        """The coming word is not understood; say where it stands and what could stand there."""
        if not self:
            return self.refuse("it ends too early", f"here may stand {expected}")
        word = shorten(self._words[self._at], 40)
        near = difflib.get_close_matches(word.lower()[:40], list(vocabulary), 1, 0.6)
        remedy = f"did you mean {near[0]}? H" if near else "h"
        return self.refuse(
            f'the word "{word}" (number {self._at + 1}) is not understood',
            f"{remedy}ere may stand {expected}",
        )


def check_length(text: str, longest: int) -> None:
    """Bound what a person, or a pod that means harm, makes us read.

    Raises:
        Refusal: longer than ``longest`` characters.
    """
    if len(text) > longest:
        raise Refusal(text, f"longer than {longest} characters", "write less")


def _scan(text: str, *, label: bool) -> list[str]:
    if label:
        text = _apart(text)
    words: list[str] = []
    behind_on = False
    for found in _WORD.findall(text):
        word = found
        times = _TIMES.fullmatch(word)
        if times and not words:
            words += [times[1], "x"]
            word = times[2]
        cores = _CORES.fullmatch(word)
        if cores:
            words += [cores[1], cores[2]]
        elif words and _UNIT.fullmatch(word) and _NUMBER.fullmatch(words[-1]):
            # "2 Ti" is memory; behind "on" it is a model, such as RTX 2080 Ti.
            if word.lower() == "ti" and behind_on:
                words.append(word)
            else:
                words[-1] += word
        elif word:
            words.append(word)
            behind_on = behind_on or word.lower() == "on"
    return words


def _apart(text: str) -> str:
    """A label's value with its underscores as spaces, save for those within a partition's name."""
    spaced, end = "", 0
    for joined in _JOINED_IN_LABEL.finditer(text):
        spaced += text[end : joined.start()].replace("_", " ") + joined[0]
        end = joined.end()
    return spaced + text[end:].replace("_", " ")
