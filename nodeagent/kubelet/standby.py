"""A second, tiny plugin of the same resource, which the kubelet calls in the agent's stead.

When a plugin dies, the pod whose Allocate is on its way fails for good; when the last plugin of a
resource is gone, so does every pod that arrives (UnexpectedAdmissionError: the kubelet never tries
again), be it for the second that an agent takes to start anew. So what the kubelet calls is a
process of its own that has no reason to die: it hands out names, which needs no knowledge, and
passes every question about a start on to the agent; while that is away, the start waits.

A kubelet of 1.37 keeps several plugins of one resource. It calls the one that came last, and
another when that one goes: so the standby registers anew whenever the agent has, and the agent
stands by for the standby.

Source: Kubernetes 1.37, pkg/kubelet/cm/devicemanager/manager.go, PluginConnected and
PluginDisconnected.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import grpc
import grpc.aio
import msgspec

from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from nodeagent.kubelet.services import Context, DevicePluginClient
from nodeagent.kubelet.tokens import named, offer
from nodeagent.slices.names import cdi_name, fresh_name

OFFER: Final = "offer.json"
"""In the state folder: how many tokens the agent offers, for the standby to offer the same."""

_PRE_START: Final = 28.0
_PATIENCE: Final = 20.0
"""Seconds for the agent to come back; the kubelet waits 30 in all, then asks again by itself."""


class Offer(msgspec.Struct, frozen=True):
    """What the agent last told.

    Attributes:
        total: tokens in all.
        healthy: those that can be had.
        endpoint: the agent's socket in the kubelet's folder; another after each registration.
    """

    total: int = 0
    healthy: int = 0
    endpoint: str = ""


def dump_offer(offer: Offer) -> bytes:
    """The content of `OFFER`."""
    return msgspec.json.encode(offer)


def read_offer(state: Path) -> Offer:
    """What the agent last told; an empty offer before its first word."""
    try:
        return msgspec.json.decode((state / OFFER).read_bytes(), type=Offer)
    except (OSError, msgspec.MsgspecError):
        return Offer()


class Standby:
    """A `nodeagent.kubelet.services.DevicePluginService`.

    Attributes:
        busy: starts that are waited for now.
    """

    def __init__(self, state: Path, plugins: Path) -> None:
        self.busy = 0
        self._state = state
        self._plugins = plugins

    async def GetDevicePluginOptions(  # noqa: N802
        self, _request: dp.Empty, _context: Context
    ) -> dp.DevicePluginOptions:
        """As the agent's."""
        return dp.DevicePluginOptions(pre_start_required=True)

    async def ListAndWatch(  # noqa: N802
        self, _request: dp.Empty, _context: Context
    ) -> AsyncIterator[dp.ListAndWatchResponse]:
        """What the agent offered last."""
        last: tuple[int, int] | None = None
        while True:
            told = read_offer(self._state)
            now = (told.total, told.healthy)
            if now != last:
                last = now
                yield offer(*now)
            await asyncio.sleep(0.5)

    async def GetPreferredAllocation(  # noqa: N802
        self, _request: dp.PreferredAllocationRequest, context: Context
    ) -> dp.PreferredAllocationResponse:
        """Not called, as the options say."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "one token is as good as another")
        raise AssertionError

    async def Allocate(  # noqa: N802
        self, request: dp.AllocateRequest, _context: Context
    ) -> dp.AllocateResponse:
        """A fresh CDI name for each container."""
        return named(request, lambda: cdi_name(fresh_name()))

    async def PreStartContainer(  # noqa: N802
        self, request: dp.PreStartContainerRequest, context: Context
    ) -> dp.PreStartContainerResponse:
        """The agent's answer, once there is one."""
        self.busy += 1
        try:
            return await self._agents_answer(request, context)
        finally:
            self.busy -= 1

    async def _agents_answer(
        self, request: dp.PreStartContainerRequest, context: Context
    ) -> dp.PreStartContainerResponse:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                await self._ask(tuple(request.devices_ids))
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    await context.abort(error.code(), error.details() or "")
            else:
                return dp.PreStartContainerResponse()
            if time.monotonic() > until:
                why = "Tranche's node agent is away; the kubelet asks again"
                await context.abort(grpc.StatusCode.UNAVAILABLE, why)
            await asyncio.sleep(0.3)

    async def _ask(self, ids: tuple[str, ...]) -> None:
        agent = self._plugins / read_offer(self._state).endpoint
        async with grpc.aio.insecure_channel(f"unix:{agent}") as channel:
            await DevicePluginClient(channel).pre_start(ids, seconds=_PRE_START)
