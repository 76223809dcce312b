"""A small kubelet: enough of one to hold a real conversation with a device plugin.

For the demo and the tests. It serves Registration and PodResources on unix sockets, keeps the
checkpoint file in the kubelet's own form, and takes a pod through the same calls in the same order
as Kubernetes 1.37 does: Allocate for every container at admission, init containers first, whose
tokens the app containers then use again; PreStartContainer before each start.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import grpc.aio

from nodeagent.kubelet import services
from nodeagent.kubelet.checkpoint import FILE
from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from nodeagent.kubelet.proto import podresources_pb2 as pr
from nodeagent.kubelet.registration import KUBELET
from nodeagent.kubelet.tokens import HEALTHY
from nodeagent.signals import Signal
from nodeagent.slices.files import write_file
from tranche.words.pod import Role, members_of

_PRE_START: Final = 30.0
_Answers = dict[str, tuple[tuple[str, ...], dp.ContainerAllocateResponse]]


@dataclass(frozen=True, slots=True)
class _Plugin:
    client: services.DevicePluginClient
    channel: grpc.aio.Channel
    watch: asyncio.Task[None]


class StartRefused(Exception):
    """PreStartContainer answered an error; its text is what a pod's event would say."""


class StandInKubelet:
    """A kubelet of one resource.

    Use as ``async with``; then `wait_for_tokens`, `admit` a pod, and `start` its containers.

    Args:
        folder: the device plugins' folder.
        pod_resources: the socket to answer PodResources on.
        resource: the one resource that it knows.

    Attributes:
        checkpoint: whether the record on disk follows what is held; a test may stop it.
    """

    def __init__(self, folder: Path, pod_resources: Path, resource: str) -> None:
        self.checkpoint = True
        self._folder = folder
        self._pod_resources = pod_resources
        self._resource = resource
        self._pods: dict[str, Mapping[str, Any]] = {}
        self._held: dict[str, _Answers] = {}
        self._healthy: frozenset[str] = frozenset()
        self._changed = Signal()
        self._plugins: dict[str, _Plugin] = {}
        self._server: grpc.aio.Server | None = None

    async def __aenter__(self) -> Self:
        """Serves its sockets, having removed those of plugins as a kubelet does when it starts."""
        for folder in (self._folder, self._pod_resources.parent):
            folder.mkdir(parents=True, exist_ok=True)
        for socket in self._folder.glob("*.sock"):
            socket.unlink()
        server = grpc.aio.server()
        services.serve_registration(server, self)
        services.serve_pod_resources(server, self)
        server.add_insecure_port(f"unix:{self._folder / KUBELET}")
        server.add_insecure_port(f"unix:{self._pod_resources}")
        await server.start()
        self._server = server
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops; what is held stays in the checkpoint."""
        for endpoint in tuple(self._plugins):
            await self._forget(endpoint)
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    async def restart(self) -> None:
        """As after ``systemctl restart kubelet``: plugins must come by themselves."""
        await self.__aexit__()
        await self.__aenter__()

    # What plugins and PodResources' clients call.

    async def Register(  # noqa: N802
        self, request: dp.RegisterRequest, context: services.Context
    ) -> dp.Empty:
        """Takes a plugin of our resource and listens to its list."""
        if request.resource_name != self._resource or request.version != "v1beta1":
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not a plugin of this kubelet's")
        await self._forget(request.endpoint)
        channel = grpc.aio.insecure_channel(f"unix:{self._folder / request.endpoint}")
        client = services.DevicePluginClient(channel)
        if not (await client.options()).pre_start_required:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "asks for no PreStartContainer")
        watch = asyncio.create_task(self._listen(request.endpoint, client))
        self._plugins[request.endpoint] = _Plugin(client, channel, watch)
        return dp.Empty()

    async def List(  # noqa: N802
        self, _request: pr.ListPodResourcesRequest, _context: services.Context
    ) -> pr.ListPodResourcesResponse:
        """Active pods; no init containers but sidecars, and no uids, as the real one."""
        return pr.ListPodResourcesResponse(
            pod_resources=[self._listed(uid, pod) for uid, pod in self._pods.items()]
        )

    # What the demo and the tests do.

    @property
    def healthy(self) -> frozenset[str]:
        """The tokens that can be had."""
        return self._healthy

    async def wait_for_tokens(self, count: int, seconds: float = 10.0) -> None:
        """Returns once exactly ``count`` tokens are healthy.

        Raises:
            TimeoutError: not within ``seconds``.
        """
        async with asyncio.timeout(seconds):
            while len(self._healthy) != count:
                await self._changed.after(self._changed.count)

    async def admit(self, pod: Mapping[str, Any]) -> None:
        """Takes a pod as the kubelet does: a raw object with its ``spec.nodeName`` set.

        Raises:
            RuntimeError: no plugin, or too few tokens.
            grpc.aio.AioRpcError: Allocate failed.
        """
        uid = pod["metadata"]["uid"]
        wanted = _wanted(pod["spec"], self._resource)
        answers: _Answers = {}
        self._held[uid] = answers
        reusable: list[str] = []
        for member in members_of(pod["spec"]):
            count = wanted.get(member.name, 0)
            if count == 0:
                continue
            ids = (reusable + self._free())[:count]
            plugin = self._plugin
            if plugin is None or len(ids) < count:
                del self._held[uid]
                raise RuntimeError(f"{count} {self._resource} are not to be had")
            answers[member.name] = (tuple(ids), await plugin.allocate(tuple(ids)))
            if member.role is Role.INIT:
                reusable = list(dict.fromkeys((*reusable, *ids)))
            else:
                reusable = [one for one in reusable if one not in ids]
        self._pods[uid] = pod
        self._write()

    async def start(self, uid: str, container: str) -> tuple[str, ...]:
        """Asks the plugin for a start; returns the CDI names for the container engine.

        Raises:
            StartRefused: the plugin says no.
        """
        ids, answer = self._held[uid][container]
        plugin = self._plugin
        if plugin is None:
            raise StartRefused("the plugin is not there")
        try:
            await plugin.pre_start(ids, seconds=_PRE_START)
        except grpc.aio.AioRpcError as error:
            raise StartRefused(error.details()) from error
        return tuple(device.name for device in answer.cdi_devices)

    def remove(self, uid: str) -> None:
        """A pod has ended: its tokens are free."""
        self._pods.pop(uid, None)
        self._held.pop(uid, None)
        self._write()

    @property
    def _plugin(self) -> services.DevicePluginClient | None:
        """The one that is called: the last to have come of those that are there."""
        return next((plugin.client for plugin in reversed(self._plugins.values())), None)

    async def _listen(self, endpoint: str, client: services.DevicePluginClient) -> None:
        try:
            async for answer in client.watch():
                self._healthy = frozenset(d.ID for d in answer.devices if d.health == HEALTHY)
                self._changed.raise_()
        except grpc.aio.AioRpcError:
            gone = self._plugins.pop(endpoint, None)
            if gone is not None:
                await gone.channel.close(None)
            if not self._plugins:  # as Kubernetes 1.37: any other of the same resource takes over
                self._healthy = frozenset()
            self._changed.raise_()

    async def _forget(self, endpoint: str) -> None:
        plugin = self._plugins.pop(endpoint, None)
        if plugin is not None:
            plugin.watch.cancel()
            await asyncio.gather(plugin.watch, return_exceptions=True)
            await plugin.channel.close(None)
        if not self._plugins:
            self._healthy = frozenset()

    def _free(self) -> list[str]:
        taken = {i for held in self._held.values() for ids, _ in held.values() for i in ids}
        return sorted(self._healthy - taken)

    def _listed(self, uid: str, pod: Mapping[str, Any]) -> pr.PodResources:
        held = self._held.get(uid, {})
        shown = (m.name for m in members_of(pod["spec"]) if m.role is not Role.INIT)
        return pr.PodResources(
            name=pod["metadata"]["name"],
            namespace=pod["metadata"]["namespace"],
            containers=[
                pr.ContainerResources(
                    name=name,
                    devices=[
                        pr.ContainerDevices(resource_name=self._resource, device_ids=[one])
                        for one in (held[name][0] if name in held else ())
                    ],
                )
                for name in shown
            ],
        )

    def _write(self) -> None:
        if not self.checkpoint:
            return
        entries = [
            {
                "PodUID": uid,
                "ContainerName": container,
                "ResourceName": self._resource,
                "DeviceIDs": {"-1": list(ids)},
                "AllocResp": base64.b64encode(answer.SerializeToString()).decode(),
            }
            for uid, held in self._held.items()
            for container, (ids, answer) in held.items()
        ]
        registered = {self._resource: sorted(self._healthy)}
        data = {"PodDeviceEntries": entries, "RegisteredDevices": registered}
        text = json.dumps({"Data": data, "Checksum": 0}).encode()
        write_file(self._folder / FILE, text, 0o600)


def _wanted(spec: Mapping[str, Any], resource: str) -> dict[str, int]:
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    limits = {c["name"]: (c.get("resources") or {}).get("limits") or {} for c in containers}
    return {name: int(of.get(resource, 0)) for name, of in limits.items()}
