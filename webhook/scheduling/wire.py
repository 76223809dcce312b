"""The extender's JSON, as kube-scheduler writes and reads it.

The Go types (k8s.io/kube-scheduler/extender/v1) carry no JSON tags, so fields stand under their Go
names; inside ``Pod`` stands an ordinary pod.
"""

from typing import Final, TypeVar

import msgspec

from tranche.words.errors import Malformed
from webhook.scheduling.podview import Pod


class ExtenderArgs(msgspec.Struct):
    """The body of filter and prioritize.

    ``NodeNames`` is null, and ``Nodes`` filled instead, when the scheduler's configuration does not
    say ``nodeCacheCapable: true``.
    """

    Pod: Pod
    NodeNames: list[str] | None = None


class BindingArgs(msgspec.Struct):
    """The body of bind."""

    PodName: str
    PodNamespace: str
    PodUID: str
    Node: str


class FilterResult(msgspec.Struct):
    """The answer to filter.

    Attributes:
        FailedAndUnresolvableNodes: node to reason. All refusals stand here and none in
            ``FailedNodes``: kube-scheduler 1.37 tries preemption for those, its dry run does not
            ask extenders, and the pod's event then ends in an error about missing victims.
        Error: set only when the question could not be answered.
    """

    NodeNames: list[str]
    FailedNodes: dict[str, str]
    FailedAndUnresolvableNodes: dict[str, str]
    Error: str = ""


class HostPriority(msgspec.Struct, gc=False):
    """One node's score, 0 to 10.

    An answer has thousands; were they the collector's business, each would make it look at all.
    """

    Host: str
    Score: int


class BindingResult(msgspec.Struct):
    """The answer to bind; an empty ``Error`` says that the pod is bound."""

    Error: str = ""


MAX_SCORE: Final = 10
"""kube-scheduler's MaxExtenderPriority."""

_T = TypeVar("_T")
_args = msgspec.json.Decoder(ExtenderArgs)
_binding = msgspec.json.Decoder(BindingArgs)
_encoder = msgspec.json.Encoder()


def read_args(body: bytes) -> ExtenderArgs:
    """The question of filter or prioritize.

    Raises:
        Malformed: anything else.
    """
    return _read(_args, body)


def read_binding(body: bytes) -> BindingArgs:
    """The question of bind.

    Raises:
        Malformed: anything else.
    """
    return _read(_binding, body)


def write(answer: FilterResult | BindingResult | list[HostPriority]) -> bytes:
    """An answer's bytes."""
    return _encoder.encode(answer)


def _read(decoder: msgspec.json.Decoder[_T], body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not what kube-scheduler sends: {error}") from error
