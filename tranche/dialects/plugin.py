"""The vendor's own device plugin, with the cluster's own scheduler: what it can cut by itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from tranche.dialects.base import NO_VENDORS, Settings
from tranche.dialects.writing import (
    PRODUCT,
    alike,
    all_names,
    fitted,
    lost,
    one_name,
    vendor_key,
    without_choice,
)
from tranche.vendors.base import Vendor, Written
from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.request import Partition, Request, Slice, Whole
from tranche.words.sentence import print_sentence


class Plugin(Settings, frozen=True):
    """The vendor's plugin, written.

    Attributes:
        runtime_class_name: of pods with NVIDIA's cards, such as ``nvidia``; empty leaves it.
    """

    key: ClassVar[str] = "plugin"
    title: ClassVar[str] = "the vendor's plugin"

    runtime_class_name: str = ""

    def write(
        self, requests: Mapping[str, Request], vendors: Mapping[str, Vendor] = NO_VENDORS
    ) -> Mapping[str, Written]:
        """The vendor's resources alone; no scheduler knows what a card has left."""
        return alike(
            self.title, {name: self.one(request, vendors) for name, request in requests.items()}
        )

    def one(self, request: Request, vendors: Mapping[str, Vendor] = NO_VENDORS) -> Written:
        """As `write`, for one container.

        Raises:
            Refusal: likewise.
        """
        without_choice(request, self.title, models=True)
        gone = lost(request, self.title)
        if vendor_key(request) == Nvidia.key:
            return self._nvidia(request, gone)
        vendor, fitting, warnings = fitted(request, vendors, self.title)
        if vendor.lent and isinstance(fitting.amount, Slice):
            raise Refusal(
                print_sentence(request),
                f"{vendor.title}'s own plugin has no such slices; they are HAMi's making",
                "ask for whole cards, or write for HAMi",
            )
        stack = vendor.write(fitting)
        return replace(stack, warnings=(*warnings, *stack.warnings, *gone))

    def _nvidia(self, request: Request, gone: tuple[str, ...]) -> Written:
        match request.amount:
            case Whole():
                name = "nvidia.com/gpu"
            case Partition(profile):
                name = f"nvidia.com/mig-{profile.replace('+', '.')}"
            case Slice():
                raise Refusal(
                    "",
                    "NVIDIA's plugin cuts no card to size",
                    "ask for whole cards or a MIG profile such as 1g.10gb, or write for another",
                )
        reported = tuple(name.replace(" ", "-") for name in all_names(request.models))
        several = reported if len(reported) > 1 else ()
        one = request.models and not several
        return Written(
            {name: request.count},
            node_selector={PRODUCT: one_name(request.models, self.title)} if one else {},
            node_affinity={PRODUCT: several} if several else {},
            runtime_class=self.runtime_class_name,
            warnings=gone,
        )
