"""Intel: GPUs under the name of their kernel driver, and Gaudi. Whole cards; there are no slices.

What ``shared-dev-num`` of the GPU plugin offers are copies of a card with no size, which are
written the same. Source: intel/intel-device-plugins-for-kubernetes; docs.habana.ai.
"""

from typing import ClassVar, Final, Literal

from tranche.vendors.names import Names
from tranche.vendors.stack import Stack
from tranche.words.models import rows_of
from tranche.words.request import Request

_GAUDI: Final = Names("habana.ai/gaudi", whole=True, models=("Gaudi", "Gaudi2", "Gaudi3"))
_GPUS: Final = {
    "i915": Names("gpu.intel.com/i915", whole=True),
    "xe": Names("gpu.intel.com/xe", whole=True),
}


class Intel(Stack, frozen=True):
    """Intel's cards.

    Attributes:
        driver: the kernel driver of this cluster's GPUs, which their resource is named after.
    """

    key: ClassVar[str] = "intel"
    title: ClassVar[str] = "Intel"
    cards: ClassVar[Names] = _GPUS["i915"]
    older: ClassVar[tuple[Names, ...]] = (_GPUS["xe"], _GAUDI)
    published_class: ClassVar[str] = "habana"

    driver: Literal["i915", "xe"] = "i915"

    def cards_of(self, request: Request) -> Names:
        """Gaudi is another resource than the GPUs."""
        words = {row.word for model in request.models for row in rows_of(model)}
        return _GAUDI if words & set(_GAUDI.models) else _GPUS[self.driver]
