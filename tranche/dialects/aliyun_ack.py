"""Aliyun ACK's cGPU: GiB, in all over the cards that a label counts.

Source: help.aliyun.com, ACK's documents on cGPU.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import field
from tranche.words.said import Reading

_FAMILY: Final = Family(
    memory="aliyun.com/gpu-mem",
    unit=1024,
    cores="aliyun.com/gpu-core.percentage",
    step=5,
    total=True,
)
_CARDS: Final = "aliyun.com/gpu-count"
_SELECTORS: Final[keys.Readers] = {
    "aliyun.accelerator/nvidia_name": keys.one_model,
    "ack.node.gpu.placement": keys.placing("card_policy"),
    "ack.node.gpu.schedule": keys.lost("Tranche holds slices in its own way; nodes still need it"),
}


class AliyunAck(Spoken, frozen=True):
    """ACK's cGPU, read."""

    key: ClassVar[str] = "ack"
    title: ClassVar[str] = "Aliyun ACK cGPU"
    claims: ClassVar[frozenset[str]] = _FAMILY.names | {_CARDS, *_SELECTORS}

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Totals, divided by the number of cards."""
        cards = field(pod.labels, _CARDS, "label")
        return read_containers(
            pod,
            lambda asked: _FAMILY.read(asked, cards),
            lambda: keys.read_keys(pod.node_selector, _SELECTORS, "node selector"),
        )
