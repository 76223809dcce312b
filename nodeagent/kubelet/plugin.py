"""The device plugin's answers to the kubelet."""

from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import structlog

from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from nodeagent.kubelet.services import Context
from nodeagent.kubelet.tokens import named, tokens
from nodeagent.signals import Signal
from tranche.words.cards import Card
from tranche.words.errors import Malformed, Refusal

_log = structlog.get_logger("plugin")


class DevicePlugin:
    """A `nodeagent.kubelet.services.DevicePluginService`.

    Args:
        cards: those there are now.
        changed: raised when they are others.
        per_card: tokens offered for each.
        new_name: a fresh CDI name for an answer of Allocate.
        start: lets the container that holds these devices start, or raises Refusal.
    """

    def __init__(
        self,
        *,
        cards: Callable[[], tuple[Card, ...]],
        changed: Signal,
        per_card: int,
        new_name: Callable[[], str],
        start: Callable[[frozenset[str]], Awaitable[None]],
    ) -> None:
        self._cards = cards
        self._changed = changed
        self._per_card = per_card
        self._new_name = new_name
        self._start = start

    async def GetDevicePluginOptions(  # noqa: N802
        self, _request: dp.Empty, _context: Context
    ) -> dp.DevicePluginOptions:
        """Every start is to be asked for."""
        return dp.DevicePluginOptions(pre_start_required=True)

    async def ListAndWatch(  # noqa: N802
        self, _request: dp.Empty, _context: Context
    ) -> AsyncIterator[dp.ListAndWatchResponse]:
        """All tokens, now and after every change, for as long as the kubelet listens."""
        while True:
            seen = self._changed.count
            yield tokens(self._cards(), self._per_card)
            await self._changed.after(seen)

    async def GetPreferredAllocation(  # noqa: N802
        self, request: dp.PreferredAllocationRequest, _context: Context
    ) -> dp.PreferredAllocationResponse:
        """One token is as good as another. Not called, as the options say."""
        answer = dp.PreferredAllocationResponse()
        for one in request.container_requests:
            ids = dict.fromkeys((*one.must_include_deviceIDs, *one.available_deviceIDs))
            answer.container_responses.add(deviceIDs=list(ids)[: one.allocation_size])
        return answer

    async def Allocate(  # noqa: N802
        self, request: dp.AllocateRequest, _context: Context
    ) -> dp.AllocateResponse:
        """A fresh CDI name for each container, and no more.

        The kubelet's admission of all pods waits for this, and the pod it is for is not told.
        Asking the kubelet anything from here can make it hand a device out twice
        (kubernetes#137534).
        """
        return named(request, self._new_name)

    async def PreStartContainer(  # noqa: N802
        self, request: dp.PreStartContainerRequest, context: Context
    ) -> dp.PreStartContainerResponse:
        """Nothing, once the container may start; else an error that becomes the pod's event."""
        try:
            await self._start(frozenset(request.devices_ids))
        except Refusal as refusal:
            _log.warning("a container may not start", why=str(refusal))
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(refusal))
        except (Malformed, OSError) as error:
            _log.error("a start could not be proven", why=str(error))
            why = f"Tranche's node agent cannot prove the slice now: {error}"
            await context.abort(grpc.StatusCode.ABORTED, why)
        return dp.PreStartContainerResponse()
