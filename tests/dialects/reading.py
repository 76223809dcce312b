"""How the tests of dialects read a pod, and say what they expect in a sentence."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tranche.dialects.base import Dialect, PodWords
from tranche.words.errors import Refusal
from tranche.words.request import Request, Whole
from tranche.words.said import Reading, Said, request_of
from tranche.words.sentence import print_sentence

Values = Mapping[str, str | int | float]


def pod(
    asked: Values | None = None,
    *,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    selector: Mapping[str, str] | None = None,
    containers: Mapping[str, Values] | None = None,
) -> PodWords:
    """A pod of one container ``main``, unless ``containers`` says otherwise."""
    inside = {"main": asked or {}} if containers is None else dict(containers)
    return PodWords(
        annotations=annotations or {},
        labels=labels or {},
        node_selector=selector or {},
        containers=inside,
        default=next(iter(inside), ""),
    )


def read(dialect: Dialect, words: PodWords, container: str = "main") -> Reading:
    """What the dialect makes of one container; of no other in the pod does it speak."""
    found = dialect.read(words)
    assert set(found) <= {container}
    return found.get(container, Reading(Said()))


def sentence(reading: Reading) -> str:
    """The sentence that asks the same, of whichever vendor; a bare count is of whole cards."""
    return print_sentence(replace(settled(reading), vendor=None))


def settled(reading: Reading) -> Request:
    """The request as the webhook settles it where no default speaks."""
    request = request_of(reading.said)
    if reading.said.amount is None and reading.said.count is not None:
        return replace(request, amount=Whole())
    return request


def refusal(dialect: Dialect, words: PodWords) -> str:
    """The sentence with which the dialect refuses the pod."""
    with pytest.raises(Refusal) as refused:
        dialect.read(words)
    assert refused.value.where, "a refusal says where the words stand"
    return str(refused.value)
