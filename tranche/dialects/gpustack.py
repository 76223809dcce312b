"""gpustack-operator: suffixes on each vendor's own resource, and one card at a time.

Source: gpustack-operator, docs/accelerator-requests.md.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import field, unsized
from tranche.vendors.base import Asked
from tranche.words.request import Partition
from tranche.words.said import NOTHING, Reading, Said
from tranche.words.scanner import IS_PARTITION

BASES: Final = {
    "nvidia.com/gpu": "nvidia",
    "amd.com/gpu": "amd",
    "huawei.com/npu": "ascend",
    "cambricon.com/mlu": "cambricon",
    "hygon.com/dcu": "hygon",
    "iluvatar.com/gpu": "iluvatar",
    "metax-tech.com/gpu": "metax",
    "mthreads.com/gpu": "mthreads",
    "alibabacloud.com/ppu": "thead",
}
_SLICED: Final = {
    base: Family(
        count=f"{base}.sliced",
        memory=f"{base}.sliced.memory-mib",
        share=f"{base}.sliced.memory-percentage",
        cores=f"{base}.sliced.cores-percentage",
        vendor=vendor,
    )
    for base, vendor in BASES.items()
}


class Gpustack(Spoken, frozen=True):
    """gpustack-operator, read. The bases alone are the vendors' own."""

    key: ClassVar[str] = "gpustack"
    title: ClassVar[str] = "gpustack-operator"
    claims: ClassVar[frozenset[str]] = frozenset(
        {name for family in _SLICED.values() for name in family.names}
        | {f"{base}.shared" for base in BASES}
        | {f"{base}.partitioned" for base in BASES}
        | {f"{base}.partitioned.*" for base in BASES}
    )

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """One card: a share of it, a slice, or a partition."""
        return read_containers(pod, _read)


def _read(asked: Asked) -> Reading:
    found = [
        (place, reading)
        for base in BASES
        if any(name.startswith(f"{base}.") for name in asked)
        for place, reading in _of(base, asked)
        if reading.said != NOTHING or reading.warnings
    ]
    if len(found) > 1:
        first, second = (field(asked, place) for place, _ in found[:2])
        if first and second:
            raise first.refuse(f"beside {second.where} on one container", "write one of them")
    return found[0][1] if found else Reading(NOTHING)


def _of(base: str, asked: Asked) -> list[tuple[str, Reading]]:
    family, vendor = _SLICED[base], BASES[base]
    found: list[tuple[str, Reading]] = []
    shared = field(asked, f"{base}.shared")
    if shared:
        shared.whole(1)
        found.append((shared.where, unsized(shared.where, vendor)))
    sliced = family.read(asked)
    count = field(asked, family.count)
    if count:
        count.whole(1, 0)
    if sliced.said != NOTHING:
        found.append((min(family.names & asked.keys()), sliced))
    return found + _partitions(base, asked)


def _partitions(base: str, asked: Asked) -> list[tuple[str, Reading]]:
    prefix = f"{base}.partitioned"
    found: list[tuple[str, Reading]] = []
    for name in asked:
        one = field(asked, name)
        if one is None or not (name == prefix or name.startswith(f"{prefix}.")):
            continue
        one.whole(1)
        called = name[len(prefix) + 1 :].removeprefix("mig-")
        if called and not IS_PARTITION.fullmatch(called):
            raise one.refuse("not the name of a partition", f"write such as {prefix}.mig-1g.10gb")
        if called:
            said = Said(amount=Partition(called), count=1, vendor=BASES[base])
            found.append((name, Reading(said)))
    if prefix in asked and not found:
        one = field(asked, prefix)
        if one:
            raise one.refuse("no partition is named", f"write such as {prefix}.mig-1g.10gb: 1")
    return found
