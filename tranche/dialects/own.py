"""Tranche's own way: the words that its webhook puts on a pod for its scheduler and agents."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from tranche.dialects.base import NO_VENDORS, Settings
from tranche.dialects.plugin import Plugin
from tranche.dialects.writing import of_vendor, vendor_key
from tranche.vendors.base import Vendor, Written
from tranche.vendors.nvidia import DEFAULT_NAMES, Nvidia, ResourceNames
from tranche.words.makers import without_told_maker
from tranche.words.names import LIBRARY_PATH, LIBRARY_VARIABLE, SCHEDULER_NAME
from tranche.words.request import Partition, Request, Slice
from tranche.words.slices import SLICES_ANNOTATION, dump_slices


class Own(Settings, frozen=True):
    """Tranche, written.

    Attributes:
        resources: NVIDIA's, as they are called in this cluster.
        scheduler_name: of the scheduler that asks Tranche's extender.
        runtime_class_name: of pods with slices; empty leaves it.
    """

    key: ClassVar[str] = "tranche"
    title: ClassVar[str] = "Tranche"

    resources: ResourceNames = DEFAULT_NAMES
    scheduler_name: str = SCHEDULER_NAME
    runtime_class_name: str = ""

    def write(
        self, requests: Mapping[str, Request], vendors: Mapping[str, Vendor] = NO_VENDORS
    ) -> Mapping[str, Written]:
        """The vendor's resources, the sentences, and the interposer where it holds a slice."""
        stacks = {Nvidia.key: Nvidia(resources=self.resources), **vendors}
        plain = {name: without_told_maker(one, Nvidia.key) for name, one in requests.items()}
        annotations = {SLICES_ANNOTATION: dump_slices(plain)}
        written: dict[str, Written] = {}
        for name, request in requests.items():
            stack = self._stack(request, stacks)
            written[name] = replace(
                stack,
                annotations={**stack.annotations, **annotations},
                scheduler=self.scheduler_name,
            )
        return written

    def _stack(self, request: Request, stacks: Mapping[str, Vendor]) -> Written:
        key = vendor_key(request)
        if key == Nvidia.key and isinstance(request.amount, Partition):
            return Plugin(runtime_class_name=self.runtime_class_name).one(request, stacks)
        written, warnings = of_vendor(request, stacks, self.title)
        written = replace(written, warnings=warnings)
        if not stacks[key].interposed or not isinstance(request.amount, Slice):
            return written
        runtime = self.runtime_class_name or written.runtime_class
        return replace(written, env={LIBRARY_VARIABLE: LIBRARY_PATH}, runtime_class=runtime)
