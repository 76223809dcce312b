"""What the agent remembers of a slice, as ``slice.json`` beside the slice's files."""

from typing import Final

import msgspec

from nodeagent.slices.names import is_name
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed

VERSION: Final = 1


class Record(msgspec.Struct, frozen=True):
    """One slice: what one container of one pod was given.

    Attributes:
        name: of the slice, its folder and its CDI device.
        uid: of the pod.
        grants: what this container holds.
        footprint: card's uuid to the MiB that the whole pod takes of it at most, the same in every
            slice of the pod.
        library: the file in the library folder that its container maps; empty for whole cards.
        spec: the CDI spec's text, kept because the spec's folder does not outlive a reboot.
    """

    name: str
    uid: str
    namespace: str
    pod: str
    container: str
    grants: tuple[Grant, ...]
    footprint: dict[str, int]
    library: str
    spec: str
    v: int = VERSION


_decoder = msgspec.json.Decoder(Record)


def dump_record(record: Record) -> bytes:
    """The file's content."""
    return msgspec.json.encode(record)


def load_record(text: bytes, name: str) -> Record:
    """The slice of a name from its file.

    Raises:
        Malformed: not this version's form, or of another slice.
    """
    try:
        record = _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise Malformed(f"slice.json: {error}") from error
    if record.v != VERSION or record.name != name or not is_name(name):
        raise Malformed(f"slice.json: version {record.v} of {record.name!r}")
    return record
