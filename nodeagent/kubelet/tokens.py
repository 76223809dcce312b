"""The devices that the plugin offers: tokens that say nothing but that a container may ask.

Which card a container gets is in its pod's assignment. So a token belongs to no card, has no NUMA
node, and a card that falls ill takes some tokens off the list, whichever containers hold them.
"""

from collections.abc import Callable, Sequence
from typing import Final

from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from tranche.words.cards import Card

HEALTHY: Final = "Healthy"
UNHEALTHY: Final = "Unhealthy"


def tokens(cards: Sequence[Card], per_card: int) -> dp.ListAndWatchResponse:
    """``per_card`` tokens for each card, of which those of healthy cards can be had."""
    return offer(per_card * len(cards), per_card * sum(card.healthy for card in cards))


def offer(total: int, healthy: int) -> dp.ListAndWatchResponse:
    """So many tokens, the first ``healthy`` of which can be had."""
    return dp.ListAndWatchResponse(
        devices=[
            dp.Device(ID=f"tranche-{number:04}", health=HEALTHY if number < healthy else UNHEALTHY)
            for number in range(total)
        ]
    )


def named(request: dp.AllocateRequest, new_name: Callable[[], str]) -> dp.AllocateResponse:
    """A fresh CDI name for each container that asks, and no more: the answer to Allocate."""
    return dp.AllocateResponse(
        container_responses=[
            dp.ContainerAllocateResponse(cdi_devices=[dp.CDIDevice(name=new_name())])
            for _ in request.container_requests
        ]
    )
