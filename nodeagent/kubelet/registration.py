"""Serves a device plugin on a socket and keeps the kubelet knowing of it.

A kubelet that starts removes every socket of the folder, forgets the plugins and makes its own
socket anew; so that socket's identity is watched, and so is ours. Each time it is made under
another name: gRPC's server removes its socket by name, at a moment of its own choosing.
"""

import asyncio
import secrets
from pathlib import Path
from typing import Final

import grpc
import grpc.aio
import structlog

from nodeagent.kubelet import services
from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from nodeagent.signals import Signal

VERSION: Final = "v1beta1"
KUBELET: Final = "kubelet.sock"
_TIMEOUT: Final = 10.0
_log = structlog.get_logger("plugin")

Identity = tuple[int, int]


class Registration:
    """One plugin of one resource.

    Args:
        folder: the kubelet's, of plugins' sockets.
        told: raised after each registration.
        role: begins the socket's name; one process of each role runs on a node.

    Attributes:
        registered: the kubelet that runs now knows of the plugin.
        endpoint: the name of the socket that the kubelet last took; empty before the first.
    """

    def __init__(
        self,
        folder: Path,
        resource: str,
        plugin: services.DevicePluginService,
        *,
        told: Signal | None = None,
        role: str = "agent",
    ) -> None:
        self.registered = False
        self.endpoint = ""
        self._told = told
        self._folder = folder
        self._resource = resource
        self._plugin = plugin
        self._prefix = f"tranche-{role}-{resource.replace('/', '-')}-"
        self._socket = folder / f"{self._prefix}0.sock"
        self._server: grpc.aio.Server | None = None
        self._kubelet: Identity | None = None
        self._ours: Identity | None = None

    async def run(self, every: float = 0.2) -> None:
        """Serves and registers until cancelled, looking at the sockets each ``every`` seconds."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(every)
        finally:
            await self._stop()

    def renew(self) -> None:
        """At the next look serves and registers anew: the kubelet calls who came last."""
        self._ours = None

    async def look(self) -> None:
        """Serves anew if our socket is gone, registers if the kubelet is another."""
        kubelet = _identity(self._folder / KUBELET)
        if kubelet is None:
            self.registered = False
            return
        if self._ours is None or _identity(self._socket) != self._ours:
            await self._serve()
            self.registered = False
        if kubelet != self._kubelet:
            self.registered = False
        if not self.registered:
            self.registered = await self._register()
            self._kubelet = kubelet

    async def _serve(self) -> None:
        await self._stop()
        self.remove()
        self._socket = self._folder / f"{self._prefix}{secrets.token_hex(4)}.sock"
        server = grpc.aio.server()
        services.serve_device_plugin(server, self._plugin)
        server.add_insecure_port(f"unix:{self._socket}")
        await server.start()
        self._server = server
        self._ours = _identity(self._socket)

    async def _register(self) -> bool:
        request = dp.RegisterRequest(
            version=VERSION,
            endpoint=self._socket.name,
            resource_name=self._resource,
            options=dp.DevicePluginOptions(pre_start_required=True),
        )
        try:
            async with grpc.aio.insecure_channel(f"unix:{self._folder / KUBELET}") as channel:
                await services.register(channel, request, seconds=_TIMEOUT)
        except grpc.aio.AioRpcError as error:
            _log.warning("the kubelet does not take the plugin; asking again", why=error.details())
            return False
        _log.info("registered with the kubelet", resource=self._resource)
        self.endpoint = self._socket.name
        if self._told is not None:
            self._told.raise_()
        return True

    async def _stop(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop(None)  # the kubelet never ends ListAndWatch by itself

    def remove(self) -> None:
        """Leaves no socket behind, not that of a process killed before either."""
        for socket in self._folder.glob(f"{self._prefix}*.sock"):
            socket.unlink(missing_ok=True)


def _identity(path: Path) -> Identity | None:
    """Tells one socket from another of the same name: inode numbers are soon used again."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_ctime_ns
