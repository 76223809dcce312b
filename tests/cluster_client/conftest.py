"""A small API server over real HTTP: lists in pages, watches, bookmarks, and faults on demand."""

import asyncio
import json
from collections import deque

import pytest
from aiohttp import web
from kubernetes_asyncio.client import Configuration

from webhook.cluster.client import Cluster


class FakeApi:
    """One collection at /api/v1/things with a history, plus any single object at its path.

    ``faults`` holds answers given instead of the next ones, first come first served.
    """

    def __init__(self):
        self.version = 10
        self.objects = {}
        self.events = []
        self.oldest = 0
        self.page = 2
        self.changed = asyncio.Condition()
        self.faults = deque()
        self.requests = []
        self.streams = set()
        self.single = {}
        self.answers = {}

    def app(self):
        app = web.Application()
        app.router.add_get("/api/v1/things", self._things)
        app.router.add_route("*", "/{path:.*}", self._object)
        return app

    async def put(self, name, *, uid="", **fields):
        self.version += 1
        kind = "MODIFIED" if name in self.objects else "ADDED"
        self.objects[name] = {
            "metadata": {
                "name": name,
                "uid": uid or f"uid-{name}",
                "resourceVersion": str(self.version),
            },
            **fields,
        }
        await self._event(kind, self.objects[name])

    async def delete(self, name):
        self.version += 1
        gone = self.objects.pop(name)
        gone["metadata"]["resourceVersion"] = str(self.version)
        await self._event("DELETED", gone)

    async def bookmark(self):
        self.version += 1
        await self._event("BOOKMARK", {"metadata": {"resourceVersion": str(self.version)}})

    async def raw_event(self, line):
        await self._event(None, line)

    async def _event(self, kind, what):
        line = what if kind is None else json.dumps({"type": kind, "object": what}).encode()
        async with self.changed:
            self.events.append((self.version, line + b"\n"))
            self.changed.notify_all()

    async def forget(self):
        """Compact the history: a watch from before now is answered 410."""
        self.events.clear()
        self.oldest = self.version

    def cut(self):
        """Break every open stream in the middle of a line."""
        for response, transport in list(self.streams):
            if transport is not None:
                transport.write(b'40\r\n{"type": "ADD')
                transport.abort()
            self.streams.discard((response, transport))

    async def _things(self, request):
        self.requests.append(dict(request.query))
        if self.faults:
            status, headers = self.faults.popleft()
            return web.json_response({"message": f"fault {status}"}, status=status, headers=headers)
        if request.query.get("watch"):
            return await self._watch(request)
        names = sorted(self.objects)
        start = int(request.query.get("continue") or 0)
        page = names[start : start + self.page]
        after = start + self.page
        meta = {"resourceVersion": str(self.version)}
        if after < len(names):
            meta["continue"] = str(after)
        items = [self.objects[name] for name in page]
        return web.json_response({"metadata": meta, "items": items})

    async def _watch(self, request):
        since = int(request.query["resourceVersion"])
        if since < self.oldest:
            return web.json_response({"code": 410, "message": "too old"}, status=410)
        response = web.StreamResponse()
        await response.prepare(request)
        entry = (response, request.transport)
        self.streams.add(entry)
        sent = since
        try:
            while True:
                async with self.changed:
                    while not (lines := [line for v, line in self.events if v > sent]):
                        await self.changed.wait()
                    sent = self.events[-1][0]
                for line in lines:
                    # In two parts, so that a reader must join what belongs together.
                    await response.write(line[:7])
                    await response.write(line[7:])
        finally:
            self.streams.discard(entry)

    async def _object(self, request):
        path = request.path
        body = await request.json() if request.can_read_body else None
        self.requests.append((request.method, path, body, request.headers.get("Content-Type")))
        if (request.method, path) in self.answers:
            status, answer = self.answers[request.method, path]
            return web.json_response(answer, status=status)
        if request.method == "GET" and path in self.single:
            return web.json_response(self.single[path])
        return web.json_response({"message": f"{path} not found"}, status=404)


@pytest.fixture
async def api(aiohttp_server_port):
    fake, _ = aiohttp_server_port
    return fake


@pytest.fixture
async def aiohttp_server_port():
    fake = FakeApi()
    runner = web.AppRunner(fake.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield fake, site.port
    fake.cut()
    await runner.cleanup()


@pytest.fixture
async def cluster(aiohttp_server_port):
    _, port = aiohttp_server_port
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{port}"
    cluster = Cluster(configuration)
    yield cluster
    await cluster.close()
