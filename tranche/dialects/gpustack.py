"""gpustack-operator: suffixes on each vendor's own resource, and one card at a time.

Source: gpustack-operator, docs/accelerator-requests.md.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import Field, field, unsized
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
        one
        for base in BASES
        if any(name.startswith(f"{base}.") for name in asked)
        for one in (*_shared(base, asked), *_sliced(base, asked), *_partitioned(base, asked))
    ]
    if len(found) > 1:
        (first, _), (second, _) = found[:2]
        raise first.refuse(f"beside {second.where} on one container", "write one of them")
    return found[0][1] if found else Reading(NOTHING)


def _shared(base: str, asked: Asked) -> Iterator[tuple[Field, Reading]]:
    shared = field(asked, f"{base}.shared")
    if shared:
        shared.whole(1)
        yield shared, unsized(shared.where, BASES[base])


def _sliced(base: str, asked: Asked) -> Iterator[tuple[Field, Reading]]:
    family = _SLICED[base]
    parts = [one for name in sorted(family.names) if (one := field(asked, name))]
    count = field(asked, family.count)
    if count:
        count.whole(1)
    if parts:
        yield parts[0], family.read(asked)


def _partitioned(base: str, asked: Asked) -> Iterator[tuple[Field, Reading]]:
    prefix = f"{base}.partitioned"
    named = [one for name in asked if name.startswith(f"{prefix}.") and (one := field(asked, name))]
    bare = field(asked, prefix)
    if bare:
        bare.whole(1)
        if not named:
            raise bare.refuse("no partition is named", f"write such as {prefix}.mig-1g.10gb: 1")
    for one in named:
        one.whole(1)
        called = one.where[len(prefix) + 1 :].removeprefix("mig-")
        if not IS_PARTITION.fullmatch(called):
            raise one.refuse("not the name of a partition", f"write such as {prefix}.mig-1g.10gb")
        yield one, Reading(Said(amount=Partition(called), count=1, vendor=BASES[base]))
