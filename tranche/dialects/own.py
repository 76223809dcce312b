"""Tranche's own way: the words that its webhook puts on a pod for its scheduler and agents."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from tranche.dialects.base import NO_VENDORS, Settings
from tranche.dialects.writing import of_vendor
from tranche.vendors.base import Vendor, Written
from tranche.vendors.nvidia import DEFAULT_NAMES, ResourceNames, write_resources
from tranche.words.names import LIBRARY_PATH, SCHEDULER_NAME
from tranche.words.request import Request, Whole
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
        """The vendor's resources, the sentences, and the interposer where there is a slice."""
        annotations = {SLICES_ANNOTATION: dump_slices(requests)}
        sliced = any(not isinstance(one.amount, Whole) for one in requests.values())
        runtime = self.runtime_class_name if sliced else ""
        written: dict[str, Written] = {}
        for name, request in requests.items():
            stack, warnings = self._stack(request, vendors)
            written[name] = replace(
                stack,
                annotations={**stack.annotations, **annotations},
                runtime_class=runtime or stack.runtime_class,
                scheduler=self.scheduler_name,
                warnings=warnings,
            )
        return written

    def _stack(
        self, request: Request, vendors: Mapping[str, Vendor]
    ) -> tuple[Written, tuple[str, ...]]:
        if request.vendor not in (None, "nvidia"):
            return of_vendor(request, vendors, self.title)
        return Written(write_resources(request, self.resources), env=_preload(request)), ()


def _preload(request: Request) -> dict[str, str]:
    return {} if isinstance(request.amount, Whole) else {"LD_PRELOAD": LIBRARY_PATH}
