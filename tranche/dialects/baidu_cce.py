"""Baidu CCE's cGPU: resources that have the model in their name, as totals over the count.

Source: cloud.baidu.com, CCE's document on the names of shared GPUs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import field
from tranche.vendors.base import Asked
from tranche.words.models import parse_model
from tranche.words.said import NOTHING, Reading

MODELS: Final = (
    *("a100_40g", "a100_80g", "a800_80g", "h800_80g", "h20_96g", "h20_141g", "v100_16g"),
    *("v100_32g", "t4_16g", "a10_24g", "a30_24g", "l20", "l40", "rtx_4090"),
)
_FAMILIES: Final = {
    model: Family(
        count=f"baidu.com/{model}_cgpu",
        memory=f"baidu.com/{model}_cgpu_memory",
        unit=1024,
        share=f"baidu.com/{model}_cgpu_memory_percent",
        cores=f"baidu.com/{model}_cgpu_core",
        total=True,
    )
    for model in MODELS
}


class BaiduCce(Spoken, frozen=True):
    """cGPU, read."""

    key: ClassVar[str] = "baidu"
    title: ClassVar[str] = "Baidu CCE cGPU"
    claims: ClassVar[frozenset[str]] = frozenset(
        name for family in _FAMILIES.values() for name in family.names
    )

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Totals, divided by the number of cards, and the model."""
        return read_containers(pod, _read)


def _read(asked: Asked) -> Reading:
    named = [model for model, family in _FAMILIES.items() if family.names & asked.keys()]
    if not named:
        return Reading(NOTHING)
    if len(named) > 1:
        one = field(asked, min(_FAMILIES[named[0]].names & asked.keys()))
        if one:
            raise one.refuse(f"beside {named[1]} on one container", "write one model")
    reading = _FAMILIES[named[0]].read(asked)
    if reading.said == NOTHING:
        return reading
    model = parse_model(named[0].replace("_", " "))
    return Reading(replace(reading.said, models=(model,)), reading.warnings)
