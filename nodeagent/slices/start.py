"""Answers the kubelet's question whether a container may start, and makes its slice if so.

Every start of every container with devices passes here. What cannot be proven does not start; the
sentence of the refusal becomes the pod's event.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import structlog

from nodeagent.enforcement import interposer
from nodeagent.enforcement.contexts import Contexts
from nodeagent.enforcement.interposer import CoresPolicy
from nodeagent.health.inventory import Inventory
from nodeagent.kubelet.checkpoint import read_checkpoint
from nodeagent.kubelet.holders import RETRY, Claim, claim, confirm
from nodeagent.kubelet.proto import podresources_pb2 as pr
from nodeagent.pods import Pod, PodBook
from nodeagent.slices import vendor_cdi
from nodeagent.slices.cdi import DriverMode, spec_text
from nodeagent.slices.guard import check_room, pod_footprint, taken
from nodeagent.slices.plan import PLACE_ANEW, Plan, plan, read_assignment
from nodeagent.slices.record import Record
from nodeagent.slices.store import Store
from tranche.words.errors import Refusal

PATIENCE: Final = 10.0
"""Seconds for the watch to bring a pod that the kubelet knows, and again for the dead to give their
cards back. The kubelet itself waits 30."""

_AGAIN: Final = 0.5
_ANSWER: Final = 5.0

_log = structlog.get_logger("slices")


class Pods(Protocol):
    """Asks the API server itself, for what the watch has not brought."""

    async def fetch(self) -> Sequence[Pod]:
        """Every pod of this node, now. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Node:
    """What stays the same while the agent runs.

    Attributes:
        name: of the node.
        resource: what the device plugin offers.
        device_plugins: the kubelet's folder of sockets and its checkpoint.
        library: the name, in the library folder, of the file that new slices map.
        mode: how the driver reaches containers.
        vendor_cdi: folders of the vendor's own CDI specs, the later the stronger.
        cores: when shares of cards' cores are held to.
    """

    name: str
    resource: str
    device_plugins: Path
    library: str
    mode: DriverMode
    vendor_cdi: tuple[Path, ...]
    cores: CoresPolicy


class Starter:
    """Proves starts and makes slices.

    ``contexts`` is asked what new limits are to say of them.
    ``lock`` is held while what the cards have left is counted and taken; ``make_room`` takes it to
    reclaim the slices of the dead.
    """

    def __init__(
        self,
        node: Node,
        *,
        book: PodBook,
        pods: Pods,
        active: Callable[[], Awaitable[pr.ListPodResourcesResponse]],
        inventory: Inventory,
        store: Store,
        contexts: Contexts,
        lock: asyncio.Lock,
        make_room: Callable[[], Awaitable[object]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node = node
        self._make_room = make_room
        self._clock = clock
        self._book = book
        self._pods = pods
        self._active = active
        self._inventory = inventory
        self._store = store
        self._contexts = contexts
        self._lock = lock

    async def start(self, ids: frozenset[str]) -> None:
        """Lets a container start: when this returns, its slice lies ready under its CDI name.

        Raises:
            Refusal: it may not start, or not yet.
            Malformed: the kubelet's records cannot be read.
            OSError: the kubelet, the API server or the disk does not answer.
        """
        held = await asyncio.to_thread(read_checkpoint, self._node.device_plugins)
        asked = claim(held, self._node.resource, ids)
        pod = await self._holder(asked)
        mine = asked.of(pod.uid)
        confirm(pod, mine, await self._active(), self._node.resource)
        assignment = read_assignment(pod, self._node.name)
        plans = plan(pod, assignment, mine, self._inventory.found)
        cards = {card.uuid: card for card in self._inventory.cards}
        footprint = pod_footprint(pod.members, assignment, cards)
        until = self._clock() + PATIENCE
        while True:
            async with self._lock:
                others = taken(self._store.records.values(), but=pod.uid)
                try:
                    check_room(footprint, others, cards)
                except Refusal as error:
                    if self._clock() >= until:
                        raise error.at(pod.where) from error
                else:
                    for one in plans:
                        await asyncio.to_thread(self._make, pod, one, footprint)
                    return
            # The scheduler learns of a pod's end a moment before its slices are taken back.
            await self._make_room()
            await asyncio.sleep(_AGAIN)

    async def _holder(self, asked: Claim) -> Pod:
        """The one pod of a claim.

        Raises:
            Refusal: nobody, two, or one that the API server does not know.
        """
        if not asked.exact:
            why = "its record does not say which container holds these devices"
            raise Refusal("", why, RETRY, where="the kubelet")
        answers = await asyncio.gather(*(self._known(uid) for uid in sorted(asked.uids)))
        known = [pod for pod in answers if pod is not None]
        if len(known) > 1:
            names = " and ".join(f"{pod.namespace}/{pod.name}" for pod in known)
            raise Refusal("", f"gave the same tokens to {names}", "delete one", where="the kubelet")
        if not known or not asked.of(known[0].uid):
            uids = ", ".join(sorted(asked.uids))
            why = f"no pod of uid {uids} is on this node by the API server's word"
            raise Refusal("", why, RETRY, where="the kubelet")
        return known[0]

    async def _known(self, uid: str) -> Pod | None:
        """A pod that has not ended, from the watch, or at last from the API server itself."""
        pod = await self._book.wait(uid, PATIENCE)
        if pod is None:
            pod = next((one for one in await self._fetch() if one.uid == uid), None)
            if pod is not None:
                self._book.put(pod)  # else its slice would be taken for one of the dead
        return None if pod is None or pod.over else pod

    async def _fetch(self) -> Sequence[Pod]:
        try:
            async with asyncio.timeout(_ANSWER):
                return await self._pods.fetch()
        except TimeoutError as error:
            raise OSError(f"the API server did not answer within {_ANSWER:.0f} s") from error

    def _make(self, pod: Pod, one: Plan, footprint: dict[str, int]) -> None:
        before = self._store.records.get(one.name)
        if before is None:
            record = self._new(pod, one, footprint)
        elif (before.uid, before.container, before.grants) == (pod.uid, one.container, one.grants):
            record = before  # a restart: the same spec, whatever the vendor's says by now
        else:
            why = f"its slice {one.name} was made for something else"
            raise Refusal("", why, PLACE_ANEW, where=f"{pod.where}, container {one.container}")
        context = partial(self._contexts.told, pod.namespace)
        limits = None if one.whole else interposer.limits(one.grants, self._node.cores, context)
        self._store.put(record, limits)
        _log.info(
            "slice ready",
            name=one.name,
            pod=f"{pod.namespace}/{pod.name}",
            container=one.container,
            cards={grant.card: grant.mib for grant in one.grants},
            whole=one.whole,
        )

    def _new(self, pod: Pod, one: Plan, footprint: dict[str, int]) -> Record:
        vendor = self._inventory.vendor(one.grants[0].card)
        driver: vendor_cdi.VendorSpec | str = vendor.visible
        if self._node.mode is DriverMode.CDI:
            try:
                driver = vendor_cdi.find_spec(self._node.vendor_cdi, vendor.cdi_kind, one.cards)
            except Refusal as error:
                raise error.at(f"{pod.where}, container {one.container}") from error
        library = "" if one.whole else self._node.library
        mounts = None if one.whole else self._store.folders.mounts(one.name, library)
        return Record(
            name=one.name,
            uid=pod.uid,
            namespace=pod.namespace,
            pod=pod.name,
            container=one.container,
            grants=one.grants,
            footprint=footprint,
            library=library,
            spec=spec_text(one.name, driver, one.cards, mounts),
        )
