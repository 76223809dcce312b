"""Puts the parts together and runs them until told to end."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import structlog

from nodeagent.enforcement import audit, meter
from nodeagent.enforcement.contexts import Contexts
from nodeagent.enforcement.owner import read_owner
from nodeagent.enforcement.shares import Shares
from nodeagent.health.inventory import Inventory
from nodeagent.kubelet.plugin import DevicePlugin
from nodeagent.kubelet.pod_resources import active_pods
from nodeagent.kubelet.registration import Registration
from nodeagent.kubelet.standby import OFFER, Offer, dump_offer
from nodeagent.metrics.server import serve_metrics
from nodeagent.pods import PodBook
from nodeagent.settings import Settings
from nodeagent.slices import library
from nodeagent.slices.cgroups import read_home
from nodeagent.slices.files import write_file
from nodeagent.slices.names import cdi_name, fresh_name
from nodeagent.slices.reclaim import Reclaimer
from nodeagent.slices.start import Node, Starter
from nodeagent.slices.store import Folders, Store
from nodeagent.vendors import known
from nodeagent.vendors.base import Vendor
from nodeagent.world import World, open_world

RECLAIM_EVERY = 30.0
"""Seconds between looks for slices of the dead when no pod changes."""

_log = structlog.get_logger("agent")


async def run(settings: Settings) -> None:
    """Runs with the vendors known until SIGTERM or SIGINT; raises as `serve`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, [make(settings.driver_root) for make in known.values()], stop)


async def serve(settings: Settings, vendors: Sequence[Vendor], stop: asyncio.Event) -> None:
    """Runs until ``stop`` is set.

    Raises:
        OSError: the disk, or the library to hand out, is not as it must be.
        Malformed: the credentials for the API server are not as they must be.
    """
    store = Store(Folders(settings.state_dir, settings.cdi_dir))
    store.restore()
    installed = library.install(settings.library, store.folders.libraries)
    store.prune_libraries(installed.name)
    inventory = Inventory(vendors)
    await inventory.look()
    book = PodBook()
    async with open_world(settings, book) as world, AsyncExitStack() as stack:
        stack.push_async_callback(inventory.close)
        lock = asyncio.Lock()
        contexts = Contexts()
        reclaimer = Reclaimer(store, book, settings.cgroup_root, installed.name, lock)
        starter = Starter(
            _node(settings, installed.name),
            book=book,
            pods=world,
            active=lambda: active_pods(settings.pod_resources_socket),
            inventory=inventory,
            store=store,
            contexts=contexts,
            lock=lock,
            make_room=reclaimer.run_once,
        )
        plugin = DevicePlugin(
            cards=lambda: inventory.cards,
            changed=inventory.changed,
            per_card=settings.slices_per_card,
            new_name=lambda: cdi_name(fresh_name()),
            start=starter.start,
        )
        registration = Registration(
            settings.device_plugins_dir, settings.resource_name, plugin, told=inventory.changed
        )
        if settings.metrics_port:
            await serve_metrics(stack, settings.metrics_port, inventory, store, registration)
        await _until(
            stop,
            world.follow(),
            world.publish(inventory),
            inventory.keep_looking(settings.look_every),
            registration.run(),
            _keep_offer(settings, inventory, registration),
            reclaimer.run(RECLAIM_EVERY),
            Shares(store.sharers).run(),
            audit.Auditor(
                store.sharers,
                contexts=contexts,
                names=book.container_names,
                processes=inventory.processes,
                home=partial(read_home, settings.proc_root),
                owner=partial(read_owner, settings.proc_root),
            ).run(audit.EVERY),
            meter.Meter(
                store.sharers,
                names=book.container_names,
                busy=inventory.busy,
                home=partial(read_home, settings.proc_root),
            ).run(meter.EVERY),
        )
        await _leave(world, store, registration)


async def _keep_offer(settings: Settings, inventory: Inventory, registration: Registration) -> None:
    """Tells the standby what to offer, again at each change, until cancelled."""
    path = settings.state_dir / OFFER
    while True:
        seen = inventory.changed.count
        per_card, cards = settings.slices_per_card, inventory.cards
        healthy = per_card * sum(card.healthy for card in cards)
        offer = Offer(per_card * len(cards), healthy, registration.endpoint)
        write_file(path, dump_offer(offer), 0o644)
        await inventory.changed.after(seen)


async def _until(stop: asyncio.Event, *parts: Coroutine[Any, Any, None]) -> None:
    """Runs the parts side by side until told to stop; a part that fails ends the agent."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part) for part in parts]
        await stop.wait()
        for task in tasks:
            task.cancel()


async def _leave(world: World, store: Store, registration: Registration) -> None:
    """An upgrade leaves all as it is; an uninstall leaves nothing."""
    if not await world.leaving():
        _log.info("ending; slices stay for the next start", slices=len(store.records))
        return
    _log.info("uninstalled; cleaning the node", slices=len(store.records))
    try:
        await world.unpublish()
    except OSError as error:
        _log.error("the node's annotation stays", why=str(error))
    registration.remove()
    (store.folders.state / OFFER).unlink(missing_ok=True)
    store.remove_all()


def _node(settings: Settings, library_name: str) -> Node:
    return Node(
        name=settings.node_name,
        resource=settings.resource_name,
        device_plugins=settings.device_plugins_dir,
        library=library_name,
        mode=settings.driver_mode,
        vendor_cdi=settings.vendor_cdi_dirs,
        cores=settings.cores_policy,
    )
