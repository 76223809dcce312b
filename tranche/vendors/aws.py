"""AWS Neuron: whole devices, or cores of one device. Memory goes with the cores.

HAMi takes it that a device has two cores; those of some generations have more. Source: HAMi
v2.10.0, pkg/device/awsneuron/device.go. A uuid is ``<node>-AWSNeuron-<index>``.
"""

from fractions import Fraction
from typing import Annotated, ClassVar, Final

import msgspec

from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.shares import Share, Shared

_CORE: Final = "aws.amazon.com/neuroncore"


class Aws(Shared, frozen=True):
    """AWS's devices.

    Attributes:
        cores_per_device: NeuronCores of one device, as this cluster's instances have them.
    """

    key: ClassVar[str] = "aws"
    title: ClassVar[str] = "AWS Neuron"
    cards: ClassVar[Names] = Names("aws.amazon.com/neuron", whole=True)
    keys: ClassVar[Keys] = keys(cards="aws.amazon.com/{}-neuron-uuid")

    cores_per_device: Annotated[int, msgspec.Meta(ge=2, le=32)] = 2

    def shares(self) -> tuple[Share, ...]:
        """So many cores of a device, and at least one."""
        per = self.cores_per_device
        return tuple(Share(_CORE, n, Fraction(n, per)) for n in range(1, per))

    def cards_in(self, resource: str, number: int) -> int | None:  # noqa: ARG002
        """Cores that fill their devices are devices."""
        cards, rest = divmod(number, self.cores_per_device)
        return None if rest else cards
