"""The process from its first socket to its last: starts, serves, drains, stops."""

import asyncio
import gc
import random
import signal
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import REGISTRY

from webhook import metrics, reviews
from webhook.certificates.served import Served
from webhook.cluster.watch import Watch
from webhook.clustered import clustered
from webhook.health import Health
from webhook.listeners import Listener
from webhook.namespaces import Namespaces
from webhook.options import Options
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.routes import routes
from webhook.settings import Settings
from webhook.standalone import standalone
from webhook.status import status_app
from webhook.world import Source

LOOPBACK: Final = "127.0.0.1"

_log = structlog.get_logger(__name__)


async def serve(options: Options, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; a second one cuts the draining short.

    Raises:
        TrancheError: the world cannot be reached or read at all.
        OSError: a port is taken, or a file cannot be read.
    """
    told = _told_to_stop()
    served = Served()
    world = await (standalone if options.standalone else clustered)(options, settings, served)
    ledger = Ledger(counted=settings.resources.nvidia.count)
    namespaces = Namespaces(world.fetch, ledger.namespace, ledger.namespace_gone)
    watches = world.feed(ledger, namespaces)
    health = Health(
        {
            "certificate": world.source.problem,
            **{f"watch of {watch.resource.name}": _unsynced(watch) for watch in watches},
            **world.conditions,
        }
    )
    front = reviews.Reviews(namespaces, settings, health)
    extender = web.Application(middlewares=[_only_when_synced(watches)])
    extender.router.add_routes(routes(world.extender(ledger)))
    collector = metrics.WatchCollector(lambda: watches)
    REGISTRY.register(collector)

    admission = Listener.bare(front.handle, options.host, options.admission_port, reviews.LONGEST)
    extending = Listener.routed(extender, LOOPBACK, options.extender_port)
    status = Listener.routed(status_app(health, served), options.host, options.status_port)
    try:
        async with asyncio.TaskGroup() as group:
            # Whichever of these ends by an error ends the process: the kubelet starts it anew.
            tasks = [group.create_task(watch.run()) for watch in watches]
            tasks.append(group.create_task(_look_after(world.source)))
            tasks.append(group.create_task(_settle(watches)))
            await extending.start()
            await admission.start(served.context)
            # Last, since it may say at once that the process is ready.
            await status.start()
            _log.info(
                "serving",
                admission_port=admission.port,
                extender_port=extending.port,
                status_port=status.port,
                standalone=options.standalone,
            )
            await told.stop.wait()
            health.draining = True
            _log.info("draining", seconds=options.drain)
            await _at_most(options.drain, told.hurry)
            await admission.stop()
            await extending.stop()
            for task in tasks:
                task.cancel()
    finally:
        await status.stop()
        REGISTRY.unregister(collector)
        await world.close()
    _log.info("stopped")


class _Told:
    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()

    def __call__(self) -> None:
        if self.stop.is_set():
            self.hurry.set()
        self.stop.set()


def _told_to_stop() -> _Told:
    told = _Told()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told)
    return told


def _unsynced(watch: Watch) -> Callable[[], str]:
    return lambda: "" if watch.synced.is_set() else "the first list has not been read yet"


def _only_when_synced(watches: list[Watch]) -> Middleware:
    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        # An empty ledger would promise cards that are taken. kube-scheduler tries again later.
        if not all(watch.synced.is_set() for watch in watches):
            return web.Response(status=503, text="the ledger is not filled yet\n")
        return await handler(request)

    return gate


async def _settle(watches: list[Watch]) -> None:
    for watch in watches:
        await watch.synced.wait()
    # What a large cluster's ledger is made of stays for good. Left to the collector, each full
    # collection would walk it, and hold every review up for 100 ms.
    gc.collect()
    gc.freeze()


async def _look_after(source: Source) -> None:
    while True:
        wait = await source.round()
        # Spread, so that replicas seldom write at the same moment.
        await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
