"""As much of an API server as the agent asks."""

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.nodeagent.machine import NODE


class Server:
    """What it says is in its attributes; a test sets them.

    Attributes:
        fail: the status to answer everything with but a running watch, or 0.
        watches: the resource version that each watch began at.
        patches: the annotations that were patched, each time.
        token: the bearer token that it wants, or empty.
    """

    def __init__(self) -> None:
        self.pods: list[dict[str, Any]] = []
        self.annotations: dict[str, str] = {}
        self.patches: list[Any] = []
        self.daemon_set: Any = {"metadata": {}}
        self.fail = 0
        self.lists = 0
        self.watches: list[str] = []
        self.token = ""
        self._events: asyncio.Queue[bytes | None] = asyncio.Queue()

    def app(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/api/v1/pods", self._pods),
                web.get(f"/api/v1/nodes/{NODE}", self._node),
                web.patch(f"/api/v1/nodes/{NODE}", self._node),
                web.get("/apis/apps/v1/namespaces/ns/daemonsets/agent", self._daemon_set),
            ]
        )
        return app

    def tell(self, kind: str, pod: dict[str, Any], version: str) -> None:
        """An event of the watch that runs, or of the next."""
        pod = pod | {"metadata": pod["metadata"] | {"resourceVersion": version}}
        self.tell_line(json.dumps({"type": kind, "object": pod}).encode() + b"\n")

    def tell_line(self, line: bytes) -> None:
        """Any bytes."""
        self._events.put_nowait(line)

    def end_watch(self) -> None:
        """As the server does after a while."""
        self._events.put_nowait(None)

    async def _pods(self, request: web.Request) -> web.StreamResponse:
        assert request.query["fieldSelector"] == f"spec.nodeName={NODE}"
        self._check(request)
        if "watch" not in request.query:
            self.lists += 1
            return web.json_response({"metadata": {"resourceVersion": "5"}, "items": self.pods})
        self.watches.append(request.query["resourceVersion"])
        answer = web.StreamResponse()
        await answer.prepare(request)
        while (line := await self._events.get()) is not None:
            await answer.write(line)
        return answer

    async def _node(self, request: web.Request) -> web.Response:
        self._check(request)
        if request.method == "PATCH":
            assert request.content_type == "application/merge-patch+json"
            patch = (await request.json())["metadata"]["annotations"]
            self.patches.append(patch)
            self.annotations |= patch
        return web.json_response({"metadata": {"annotations": self.annotations}})

    async def _daemon_set(self, request: web.Request) -> web.Response:
        self._check(request)
        if self.daemon_set is None:
            raise web.HTTPNotFound
        return web.json_response(self.daemon_set)

    def _check(self, request: web.Request) -> None:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            raise web.HTTPUnauthorized
        if self.fail == 403:
            raise web.HTTPForbidden
        if self.fail:
            raise web.HTTPInternalServerError
