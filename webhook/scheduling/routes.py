"""The extender's paths: bytes in, bytes out. The only module here that knows HTTP."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from tranche.words.errors import Malformed
from webhook.scheduling import metrics
from webhook.scheduling.extender import Extender
from webhook.scheduling.wire import (
    BindingResult,
    FilterResult,
    HostPriority,
    read_args,
    read_binding,
    write,
)

LONGEST: Final = 32 * 1024 * 1024
"""Bytes of a body: 100,000 nodes of the longest names, and a pod of etcd's largest."""

_log = structlog.get_logger(__name__)

Answer = FilterResult | BindingResult | list[HostPriority]


def routes(extender: Extender) -> list[web.RouteDef]:
    """POST /filter, /prioritize and /bind. A body that kube-scheduler would not send gets 400."""

    async def on_filter(body: bytes) -> Answer:
        return await extender.filter(read_args(body))

    async def on_prioritize(body: bytes) -> Answer:
        return await extender.prioritize(read_args(body))

    async def on_bind(body: bytes) -> Answer:
        return await extender.bind(read_binding(body))

    return [
        web.post("/filter", _handler("filter", on_filter, lambda e: FilterResult([], {}, {}, e))),
        web.post("/prioritize", _handler("prioritize", on_prioritize, lambda _: [])),
        web.post("/bind", _handler("bind", on_bind, BindingResult)),
    ]


def _handler(
    verb: str, answer: Callable[[bytes], Awaitable[Answer]], failed: Callable[[str], Answer]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    seconds = metrics.SECONDS.labels(verb)

    async def handle(request: web.Request) -> web.Response:
        started = time.perf_counter()
        try:
            answered = await answer(await _body(request))
        except Malformed as error:
            return web.Response(status=400, text=str(error))
        except Exception as error:  # noqa: BLE001
            # A fault of ours: kube-scheduler shows this field's text, and of a 500 only the number.
            _log.exception("the extender failed", verb=verb)
            answered = failed(f"the Tranche extender failed: {type(error).__name__}")
        seconds.observe(time.perf_counter() - started)
        return web.Response(body=write(answered), content_type="application/json")

    return handle


async def _body(request: web.Request) -> bytes:
    """The body, whatever limit the application sets on those of others."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LONGEST:
            raise Malformed(f"a body of more than {LONGEST} bytes")
    return bytes(body)
