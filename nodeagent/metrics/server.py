"""``/metrics`` and ``/healthz`` on one port."""

from contextlib import AsyncExitStack

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from nodeagent.health.inventory import Inventory
from nodeagent.kubelet.registration import Registration
from nodeagent.metrics.collector import Collector
from nodeagent.slices.store import Store


async def serve_metrics(
    stack: AsyncExitStack,
    port: int,
    inventory: Inventory,
    store: Store,
    registration: Registration,
) -> None:
    """Serves until ``stack`` is left.

    ``/healthz`` answers as long as the agent's loop turns: being without cards or without a kubelet
    is a state to wait in, not one that a restart would mend.

    Raises:
        OSError: the port is taken.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(inventory, store, registration))

    async def metrics(_request: web.Request) -> web.Response:
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/healthz", healthz)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, None, port).start()
