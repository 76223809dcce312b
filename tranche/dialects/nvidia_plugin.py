"""NVIDIA's own device plugin: replicas of a shared card, and MIG.

``nvidia.com/gpu`` itself is read by `tranche.vendors.nvidia`, adorned or not.
Source: NVIDIA/k8s-device-plugin, README.md.
"""

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import read_containers
from tranche.dialects.measure import Field, field, unsized
from tranche.dialects.writing import PRODUCT
from tranche.vendors.base import Asked
from tranche.words.request import Partition
from tranche.words.said import NOTHING, Reading, Said

_SHARED: Final = "nvidia.com/gpu.shared"
_MIG: Final = "nvidia.com/mig-"
_PROFILE: Final = re.compile(
    r"(?P<size>(?:\d{1,2}c\.)?\d{1,2}g\.\d{1,4}gb)(?:\.(?P<extra>me(?:\.all)?))?(?P<shared>\.shared)?",
    re.ASCII,
)
_DRESS: Final = re.compile(r"-(?:SHARED|MIG-.{0,40})$", re.ASCII)


def _product(written: str) -> Reading:
    return keys.one_model(_DRESS.sub("", written))


class NvidiaPlugin(Spoken, frozen=True):
    """NVIDIA's plugin, read."""

    key: ClassVar[str] = "nvidia-plugin"
    title: ClassVar[str] = "NVIDIA device plugin"
    claims: ClassVar[frozenset[str]] = frozenset({_SHARED, f"{_MIG}*", PRODUCT})

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """A share of no known size, or a partition by its name."""
        selectors: keys.Readers = {PRODUCT: _product}
        return read_containers(
            pod, _read, lambda: keys.read_keys(pod.node_selector, selectors, "node selector")
        )


def _read(asked: Asked) -> Reading:
    shared = field(asked, _SHARED)
    profiles = [one for name in asked if name.startswith(_MIG) and (one := field(asked, name))]
    if len(profiles) + bool(shared) > 1:
        first = shared or profiles[0]
        raise first.refuse(f"beside {profiles[-1].where} on one container", "write one of them")
    if shared:
        if shared.whole() > 1:
            raise shared.refuse("more replicas are no more of a card, nor other cards", "write 1")
        return unsized(_SHARED, "nvidia")
    return _partition(profiles[0]) if profiles else Reading(NOTHING)


def _partition(profile: Field) -> Reading:
    name = _PROFILE.fullmatch(profile.where[len(_MIG) :])
    if name is None:
        raise profile.refuse("no such profile of MIG", "write such as nvidia.com/mig-1g.10gb: 1")
    called = name["size"] + (f"+{name['extra']}" if name["extra"] else "")
    said = Said(amount=Partition(called), count=profile.whole(), vendor="nvidia")
    gone = f"{profile.where} is a share of a partition; here it is all of one"
    return Reading(said, (gone,) if name["shared"] else ())
