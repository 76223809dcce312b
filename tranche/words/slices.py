"""What the webhook understood of a pod, as one annotation that it alone writes.

Wire: ``tranche.dev/slices``, JSON, container's name to normalised sentence::

    {"main": "3000Mi on a100", "sidecar": "10% spread"}

The extender reads requests from here, so that words are understood once, at admission.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from tranche.words.errors import Malformed, Refusal
from tranche.words.request import Request
from tranche.words.sentence import parse_sentence, print_sentence

SLICES_ANNOTATION: Final = "tranche.dev/slices"
LONGEST: Final = 64 * 1024

_decoder = msgspec.json.Decoder(dict[str, str])


def dump_slices(requests: Mapping[str, Request]) -> str:
    """The annotation's text, in the order of the containers given."""
    return msgspec.json.encode(
        {name: print_sentence(request) for name, request in requests.items()}
    ).decode()


def load_slices(text: str) -> dict[str, Request]:
    """The requests of a pod by container's name.

    Raises:
        Malformed: too long, not JSON of this form, or a sentence that the grammar refuses: the
            webhook writes only what it can read.
    """
    if len(text) > LONGEST:
        raise Malformed(f"{SLICES_ANNOTATION}: longer than {LONGEST} characters")
    try:
        sentences = _decoder.decode(text)
        return {name: parse_sentence(sentence) for name, sentence in sentences.items()}
    except (msgspec.MsgspecError, Refusal) as error:
        raise Malformed(f"{SLICES_ANNOTATION}: {error}") from error
