"""Google's TPUs: whole chips, on nodes of one accelerator and topology.

Source: GKE's documentation of TPUs: a pod names both by node selectors.
"""

from dataclasses import replace
from typing import ClassVar, Final

from tranche.vendors.base import Written
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack
from tranche.words.models import rows_of
from tranche.words.request import Request

ACCELERATOR: Final = "cloud.google.com/gke-tpu-accelerator"
_TOPOLOGY: Final = (
    "GKE places TPUs by cloud.google.com/gke-tpu-topology too, which has to be among the pod's "
    "node selectors"
)


class Google(Stack, frozen=True):
    """Google's chips."""

    key: ClassVar[str] = "google"
    title: ClassVar[str] = "Google TPU"
    cards: ClassVar[Names] = Names("google.com/tpu", whole=True)

    def write(self, request: Request) -> Written:
        """The chips, and the nodes that have them where one model is named."""
        written = super().write(request)
        names = {name for model in request.models for row in rows_of(model) for name in row.names}
        selector = {ACCELERATOR: names.pop()} if len(names) == 1 else {}
        return replace(written, node_selector=selector, warnings=(_TOPOLOGY,))
