"""A second, tiny plugin of the same resource, for the time that the agent is away.

When the last plugin of a resource is gone the kubelet fails every pod that arrives (it says
UnexpectedAdmissionError and never tries again), be it for the second that an agent takes to start
anew. A kubelet of 1.37 keeps several plugins of one resource and calls another when one goes, so a
standby in a process of its own keeps pods coming: it hands out names, which needs no knowledge, and
passes every question about a start on to the agent; while that is away, the start waits.

Source: Kubernetes 1.37, pkg/kubelet/cm/devicemanager/manager.go, PluginDisconnected.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import grpc
import grpc.aio

from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from nodeagent.kubelet.services import Context, DevicePluginClient
from nodeagent.kubelet.tokens import offer
from nodeagent.slices.names import cdi_name, fresh_name

OFFER: Final = "offer.json"
"""In the state folder: how many tokens the agent offers, for the standby to offer the same."""

_PRE_START: Final = 28.0
_PATIENCE: Final = 20.0
"""Seconds for the agent to come back; the kubelet waits 30 in all, then asks again by itself."""


def dump_offer(total: int, healthy: int) -> bytes:
    """The content of `OFFER`."""
    return json.dumps({"total": total, "healthy": healthy}).encode()


def read_offer(state: Path) -> tuple[int, int]:
    """Tokens in all, and those that can be had; none of either before the agent's first word."""
    try:
        said = json.loads((state / OFFER).read_bytes())
        return int(said["total"]), int(said["healthy"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


class Standby:
    """A `nodeagent.kubelet.services.DevicePluginService`."""

    def __init__(self, state: Path, agent: Path) -> None:
        self._state = state
        self._agent = agent

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
            now = read_offer(self._state)
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
        answer = dp.AllocateResponse()
        for _ in request.container_requests:
            answer.container_responses.add().cdi_devices.add(name=cdi_name(fresh_name()))
        return answer

    async def PreStartContainer(  # noqa: N802
        self, request: dp.PreStartContainerRequest, context: Context
    ) -> dp.PreStartContainerResponse:
        """The agent's answer, once there is one."""
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
        async with grpc.aio.insecure_channel(f"unix:{self._agent}") as channel:
            await DevicePluginClient(channel).pre_start(ids, seconds=_PRE_START)
