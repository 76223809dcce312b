"""Words a slice for the container engine: one CDI spec with one device, the slice.

Engines cache specs by name and notice a rewritten file late, so the content under a name never
changes once written.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from nodeagent.slices.vendor_cdi import Edits, VendorSpec
from nodeagent.vendors.base import Found
from tranche.words.names import CDI_KIND, LIBRARY_PATH, LIMITS_PATH, REGION_PATH

PRELOAD_PATH: Final = "/etc/ld.so.preload"
"""Read by glibc's loader at every start of a program, whatever the environment says."""

_OLDEST: Final[tuple[int, ...]] = (0, 5, 0)
"""The first CDI version in which a device's name may begin with a digit, as ours may."""


class DriverMode(StrEnum):
    """How the driver reaches the container.

    ``CDI`` merges the vendor's own spec; ``RUNTIME`` leaves it to a vendor's container runtime that
    reads an environment variable.
    """

    CDI = "cdi"
    RUNTIME = "runtime"


@dataclass(frozen=True, slots=True)
class Mounts:
    """The files on the host that the interposer needs in the container."""

    library: Path
    limits: Path
    region: Path
    preload: Path


def spec_path(folder: Path, name: str) -> Path:
    """Where the spec of a slice lies."""
    return folder / f"{CDI_KIND.replace('/', '-')}-{name}.json"


def spec_text(
    name: str,
    driver: VendorSpec | str,
    cards: Sequence[Found],
    mounts: Mounts | None,
) -> str:
    """The spec of a slice.

    Args:
        name: of the slice.
        driver: the vendor's spec to merge, or the environment variable that its runtime reads.
        cards: those granted, all of them in the vendor's spec.
        mounts: None for whole cards, which run without the interposer.
    """
    version = _OLDEST
    parts: list[Edits] = []
    if isinstance(driver, VendorSpec):
        version = max(version, _version(driver.version))
        parts.append(driver.edits)
        parts.extend(edits for edits in map(driver.device, cards) if edits is not None)
    else:
        parts.append({"env": [f"{driver}={','.join(found.card.uuid for found in cards)}"]})
    if mounts is not None:
        parts.append({"mounts": _mounts(mounts)})
    spec = {
        "cdiVersion": ".".join(map(str, version)),
        "kind": CDI_KIND,
        "devices": [{"name": name, "containerEdits": merge(parts)}],
    }
    return json.dumps(spec, indent=1, sort_keys=True) + "\n"


def merge(parts: Sequence[Edits]) -> dict[str, Any]:
    """Several edits as one: lists joined, the same entry once, the last of what is no list."""
    merged: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if isinstance(value, list):
                have = merged.setdefault(key, [])
                have.extend(entry for entry in value if entry not in have)
            elif value is not None:
                merged[key] = value
    return merged


def _mounts(files: Mounts) -> list[dict[str, Any]]:
    pairs = (
        (files.library, LIBRARY_PATH, "ro"),
        (files.limits, LIMITS_PATH, "ro"),
        (files.region, REGION_PATH, "rw"),
        (files.preload, PRELOAD_PATH, "ro"),
    )
    return [
        {
            "hostPath": str(host),
            "containerPath": container,
            "options": [access, "nosuid", "nodev", "bind"],
        }
        for host, container, access in pairs
    ]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.removeprefix("v").split("."))
