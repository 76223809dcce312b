"""Sockets: which server stands on which port, with what patience for clients that say nothing."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

HANDSHAKE: Final = 5.0
"""Seconds for a TLS handshake; a client that opens one and falls silent is cut off."""

FIRST_REQUEST: Final = 10.0
"""Seconds from the handshake to the first request's last header."""

IDLE: Final = 120.0
"""Seconds that a connection is kept for its next request. API servers drop theirs after 90, so it
is they who close, and no request is lost to a close that crosses it."""

STOPPING: Final = 5.0
"""Seconds for requests under way when the server stops."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Prompt(web.RequestHandler):
    """A connection that is closed unless its first request comes in time."""

    __slots__ = ("_deadline",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(FIRST_REQUEST, self.force_close)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._deadline.cancel()
        super().connection_lost(exc)

    def came(self) -> None:
        """A request came."""
        self._deadline.cancel()


class BareServer(web.Server):
    """A server of one handler, without routes: what is asked a thousand times a second."""

    def __init__(self, handler: Handler, longest: int) -> None:
        super().__init__(handler, request_factory=self._request)
        self._longest = longest

    def __call__(self) -> web.RequestHandler:
        """A handler for one new connection."""
        return _Prompt(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE,
            access_log=None,  # type: ignore[arg-type]
            # No API server sends any, and a small body would unpack into a large one.
            auto_decompress=False,
        )

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        if isinstance(protocol, _Prompt):
            protocol.came()
        loop = asyncio.get_running_loop()
        return web.BaseRequest(
            message, payload, protocol, writer, task, loop, client_max_size=self._longest
        )


class Listener:
    """One server on one port.

    Attributes:
        port: the one that it got, where 0 was asked.
    """

    def __init__(self, runner: web.BaseRunner, host: str | None, port: int) -> None:
        self._runner = runner
        self._host = host
        self._server: asyncio.Server | None = None
        self.port = port

    @classmethod
    def bare(cls, handler: Handler, host: str | None, port: int, longest: int) -> "Listener":
        """Of one handler that takes bodies of ``longest`` bytes."""
        server = BareServer(handler, longest)
        return cls(web.ServerRunner(server, shutdown_timeout=STOPPING), host, port)

    @classmethod
    def routed(cls, app: web.Application, host: str | None, port: int) -> "Listener":
        """Of an application."""
        runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=IDLE, shutdown_timeout=STOPPING
        )
        return cls(runner, host, port)

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        tls: dict[str, Any] = {}
        if context is not None:
            tls = {"ssl": context, "ssl_handshake_timeout": HANDSHAKE, "ssl_shutdown_timeout": 2.0}
        factory = self._runner.server
        if factory is None:
            raise RuntimeError("the runner made no server")
        self._server = await asyncio.get_running_loop().create_server(
            factory, self._host, self.port, backlog=512, **tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no more connections, finish what is under way, close the rest."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()
