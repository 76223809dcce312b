"""Reads the vendor's own CDI spec on the node, as ``nvidia-ctk cdi generate`` writes it.

It says what device nodes, libraries and hooks a card needs in a container. Source of the form:
CNCF, Container Device Interface specification 1.1.0. Edits are carried over as they are, so that
fields newer than this module are not lost.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
import yaml

from nodeagent.vendors.base import Found
from tranche.words.errors import Malformed, Refusal

LARGEST: Final = 4 * 1024 * 1024
Edits = Mapping[str, Any]
_log = structlog.get_logger("cdi")
# The C loader reads a spec of real size in tens of milliseconds, the Python one in seconds.
_YAML: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class VendorSpec:
    """One file.

    Attributes:
        version: the CDI version that it keeps to.
        edits: what every container with a card of it needs.
        devices: what each card needs, by the vendor's name of it.
    """

    path: Path
    version: str
    edits: Edits
    devices: Mapping[str, Edits]

    def device(self, found: Found) -> Edits | None:
        """What a card needs, by the surest name that the file knows it under."""
        return next((self.devices[name] for name in found.names if name in self.devices), None)


def read_spec(path: Path) -> tuple[str, VendorSpec]:
    """The kind that a file speaks for, and what it says.

    Raises:
        Malformed: not a CDI spec, or too large for one.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise Malformed(f"{path}: larger than {LARGEST} bytes")
    try:
        # Safe: `_YAML` is one of the two safe loaders.
        raw = json.loads(text) if path.suffix == ".json" else yaml.load(text, _YAML)  # noqa: S506
        devices = {str(d["name"]): dict(d["containerEdits"]) for d in raw.get("devices") or ()}
        edits = dict(raw.get("containerEdits") or {})
        spec = VendorSpec(path, str(raw["cdiVersion"]), edits, devices)
        return str(raw["kind"]), spec
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, yaml.YAMLError) as why:
        raise Malformed(f"{path}: {type(why).__name__} {why}") from why


def find_spec(folders: Sequence[Path], kind: str, cards: Sequence[Found]) -> VendorSpec:
    """The file that knows all of these cards. Later folders come first, as container engines do.

    Raises:
        Refusal: there is none; says what was looked for and how it is made.
    """
    seen = False
    for path in _files(folders):
        try:
            of, spec = read_spec(path)
        except (Malformed, OSError) as error:
            _log.warning("a CDI spec is not read", path=str(path), why=str(error))
            continue
        if of == kind:
            seen = True
            if all(spec.device(found) is not None for found in cards):
                return spec
    names = ", ".join(found.card.uuid for found in cards)
    places = " or ".join(str(folder) for folder in folders)
    what = (
        f"the CDI spec of {kind} on this node lacks {names}" if seen else f"no CDI spec of {kind}"
    )
    raise Refusal(
        "",
        what if seen else f"{what} in {places} on this node",
        "the node's administrator makes it with `nvidia-ctk cdi generate`, or sets the driver mode"
        " to runtime",
    )


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in reversed(folders):
        found = (p for p in folder.glob("*") if p.suffix in {".json", ".yaml", ".yml"})
        # Our own specs lie in the same folder, and there may be hundreds.
        yield from sorted(p for p in found if not p.name.startswith("tranche.dev-slice-"))
