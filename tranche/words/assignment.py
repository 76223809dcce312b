"""Which cards each container of a pod was given, and the form of that on the wire.

Wire: the pod annotation ``tranche.dev/assigned``, JSON, put on the pod by the one Binding that the
extender posts and by nothing else::

    {"v": 1, "node": "gpu-7", "containers": {"main": [{"card": "GPU-…", "mib": 3000, "cores": 30}]}}

Keys are names of containers, never positions. Kubernetes does not repeat a name over the init, app
and ephemeral containers of a pod.
"""

from typing import Final

import msgspec

from tranche.words.errors import Malformed

ASSIGNED_ANNOTATION: Final = "tranche.dev/assigned"
VERSION: Final = 1


class Grant(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a container holds of one card.

    Attributes:
        card: uuid.
        mib: memory in MiB; all of the card's for a whole one.
        cores: percent promised and enforced; 0 when none was asked.
        whole: the container has the card alone and runs without the interposer.
        priority: 0 launches first, 1 stands back while a 0 works on the card; None when not said.
    """

    card: str
    mib: int
    cores: int = 0
    whole: bool = False
    priority: int | None = None


class Assignment(msgspec.Struct, frozen=True):
    """All grants of one pod, by container's name, and the node they are on."""

    node: str
    containers: dict[str, tuple[Grant, ...]]
    v: int = VERSION


_decoder = msgspec.json.Decoder(Assignment)


def dump_assignment(assignment: Assignment) -> str:
    """The annotation's text."""
    return msgspec.json.encode(assignment, order="sorted").decode()


def load_assignment(text: str) -> Assignment:
    """The grants that an annotation tells of.

    Raises:
        Malformed: not this version's form, a grant of nothing, or a card twice in one container.
    """
    try:
        assignment = _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise Malformed(f"{ASSIGNED_ANNOTATION}: {error}") from error
    if assignment.v != VERSION:
        found = f"version {assignment.v}, and this release reads {VERSION}"
        raise Malformed(f"{ASSIGNED_ANNOTATION}: {found}")
    for container, grants in assignment.containers.items():
        if len({grant.card for grant in grants}) != len(grants):
            raise Malformed(f"{ASSIGNED_ANNOTATION}: {container}: a card twice")
        if not all(map(_in_range, grants)):
            raise Malformed(f"{ASSIGNED_ANNOTATION}: {container}: a grant out of range")
    return assignment


def _in_range(grant: Grant) -> bool:
    return grant.mib > 0 and grant.cores in range(101) and grant.priority in {None, 0, 1}
