"""Volcengine's mGPU: MiB and percent in all, over cards that an annotation counts by container.

Source: VKE's documents on mGPU, and the published checks of its requests (package validate).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import ONE_CARD, Field, field
from tranche.dialects.qgpu import whole_cards
from tranche.vendors.base import Asked
from tranche.words.said import Reading

_PREFIX: Final = "vke.volcengine.com/"
_COUNTS: Final = f"{_PREFIX}container-multiple-gpu"
_FAMILY: Final = Family(
    count=_COUNTS, memory=f"{_PREFIX}mgpu-memory", cores=f"{_PREFIX}mgpu-core", total=True
)
_ANNOTATIONS: Final[keys.Readers] = {
    f"{_PREFIX}mgpu-compute-policy": keys.lost("Tranche has one policy of cores")
}


class Volcengine(Spoken, frozen=True):
    """mGPU, read."""

    key: ClassVar[str] = "mgpu"
    title: ClassVar[str] = "Volcengine mGPU"
    claims: ClassVar[frozenset[str]] = _FAMILY.names | _ANNOTATIONS.keys()

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Totals, divided by the number of cards; whole cards by their cores alone."""
        return read_containers(
            replace(pod, containers=_counted(pod)),
            _read,
            lambda: keys.read_keys(pod.annotations, _ANNOTATIONS),
        )


def _read(asked: Asked) -> Reading:
    cores, count = field(asked, _FAMILY.cores), field(asked, _COUNTS)
    if cores is None or cores.quantity().value < ONE_CARD:
        return _FAMILY.read(asked)
    if count and cores.quantity().value != count.whole() * ONE_CARD:
        return _FAMILY.read(asked)
    return whole_cards(cores, field(asked, _FAMILY.memory), _FAMILY.vendor)


def _counted(pod: PodWords) -> Mapping[str, Asked]:
    """The containers, each with its number of cards beside its resources.

    The list counts app containers in their order; init containers start before them.
    """
    counts = field(pod.annotations, _COUNTS, "annotation")
    if counts is None:
        return pod.containers
    if len(counts.written) > keys.LONGEST:
        raise counts.refuse(f"longer than {keys.LONGEST} characters", "write less")
    listed = [
        Field(counts.where, part.strip()).whole(least=0) for part in counts.written.split(",")
    ]
    if len(listed) > len(pod.containers):
        raise counts.refuse("more numbers than containers", "write one for each container")
    names = list(pod.containers)
    numbers = dict(zip(names[len(names) - len(listed) :], listed, strict=True))
    counted: dict[str, Asked] = {}
    for name, asked in pod.containers.items():
        resources = _FAMILY.names & asked.keys()
        number = numbers.get(name, 0)
        if bool(resources) != bool(number):
            raise counts.refuse(
                f"{number} cards for container {name}, and its resources say otherwise",
                "write one number for each container, 0 where it asks for no card",
            )
        counted[name] = {**asked, _COUNTS: number} if number else asked
    return counted
