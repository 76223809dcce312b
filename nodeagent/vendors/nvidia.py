"""NVIDIA's cards through NVML, from whatever root the driver is installed under."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import pynvml
import structlog

from nodeagent.vendors.base import Busy, Found, Process
from nodeagent.vendors.nvml import bind
from nodeagent.vendors.nvml_faults import Faults
from nodeagent.vendors.nvml_processes import busy_on, processes_on
from tranche.words.cards import Card

_MIB: Final = 1 << 20
_NUMA_WORDS: Final = 16
"""Of 64 nodes each: 1024, the most that Linux is built for."""

_T = TypeVar("_T")

_log = structlog.get_logger("nvidia")


class Nvidia:
    """A `Vendor`. ``nvml`` is the module `pynvml`, or what stands in for it."""

    key = "nvidia"
    cdi_kind = "nvidia.com/gpu"
    visible = "NVIDIA_VISIBLE_DEVICES"

    def __init__(
        self,
        driver_root: Path,
        nvml: Any = pynvml,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = driver_root
        self._nvml = nvml
        self._faults = Faults(nvml, clock)
        self._known: dict[str, Found] = {}
        self._open = False
        self._said = ""

    def look(self) -> tuple[Found, ...]:
        """Every card there is or was; see `Vendor.look`."""
        seen: dict[str, Found] = {}
        ailment = "NVML no longer lists it"
        try:
            self._start()
            for index in range(self._nvml.nvmlDeviceGetCount()):
                found = self._card(index)
                if found is not None:
                    seen[found.card.uuid] = found
            self._say("")
        except (self._nvml.NVMLError, OSError) as error:
            ailment = f"NVML: {error}"
            self._say(ailment)
            self.close()
        for uuid, last in self._known.items():
            if uuid not in seen:
                seen[uuid] = replace(
                    last,
                    card=_with_health(last.card, healthy=False),
                    used=None,
                    busy=None,
                    ailment=ailment,
                )
        self._known = dict(sorted(seen.items(), key=lambda item: int(item[1].names[-1])))
        return tuple(self._known.values())

    def processes(self, cards: Collection[str]) -> Mapping[str, tuple[Process, ...]]:
        """Who is on these cards; see `Vendor.processes`."""
        return self._of_each(cards, lambda _, handle: processes_on(self._nvml, handle))

    def busy(self, cards: Mapping[str, int]) -> Mapping[str, tuple[Busy, ...]]:
        """Who has worked on these cards; see `Vendor.busy`."""
        return self._of_each(cards, lambda uuid, handle: busy_on(self._nvml, handle, cards[uuid]))

    def close(self) -> None:
        """Shuts NVML down; the next look starts it anew, with the library that is there then."""
        if self._open:
            self._open = False
            self._faults.forget()
            try:
                self._nvml.nvmlShutdown()
            except self._nvml.NVMLError as error:
                _log.debug("NVML did not shut down", error=str(error))

    def _of_each(
        self, cards: Iterable[str], told: Callable[[str, Any], tuple[_T, ...]]
    ) -> dict[str, tuple[_T, ...]]:
        """What is told of the processes on each card; without the cards of which it is not."""
        found: dict[str, tuple[_T, ...]] = {}
        for uuid in cards if self._open else ():
            try:
                handle = self._nvml.nvmlDeviceGetHandleByUUID(uuid)
                # The card's own list does not say all of the processes on its instances.
                if not self._in_mig_mode(handle):
                    found[uuid] = told(uuid, handle)
            except self._nvml.NVMLError as error:
                _log.debug("a card's processes are not told", uuid=uuid, error=str(error))
        return found

    def _start(self) -> None:
        if not self._open:
            bind(self._nvml, self._root)
            self._nvml.nvmlInit()
            self._open = True

    def _say(self, trouble: str) -> None:
        """Logs a trouble once, and its end once."""
        if trouble and trouble != self._said:
            _log.warning("no NVIDIA driver to speak to; asking again", why=trouble)
        elif self._said and not trouble:
            _log.info("NVML answers again")
        self._said = trouble

    def _card(self, index: int) -> Found | None:
        """One card, or None when it cannot be told apart or is not ours to slice."""
        nvml = self._nvml
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            uuid = _text(nvml.nvmlDeviceGetUUID(handle))
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            model = _text(nvml.nvmlDeviceGetName(handle))
        except nvml.NVMLError as error:
            # A card that fell off the bus fails here; its last known form is kept as unhealthy.
            _log.debug("a card does not answer", index=index, error=str(error))
            return None
        if self._in_mig_mode(handle):
            _log.debug("a card in MIG mode is not offered", uuid=uuid)
            return None
        ailment = self._faults.of(handle, uuid)
        busy = self._ask(nvml.nvmlDeviceGetUtilizationRates, handle, default=None)
        return Found(
            card=Card(
                uuid=uuid,
                vendor=self.key,
                model=model,
                mib=int(memory.total) // _MIB,
                numa=self._numa(handle),
                healthy=not ailment,
                holds=("interposer",),
            ),
            # nvidia-ctk names devices by uuid and, or only, by NVML's index.
            names=(uuid, str(index)),
            used=int(memory.used) // _MIB,
            busy=None if busy is None else int(busy.gpu),
            ailment=ailment,
        )

    def _in_mig_mode(self, handle: Any) -> bool:
        return bool(self._ask(self._nvml.nvmlDeviceGetMigMode, handle, default=(0, 0))[0])

    def _numa(self, handle: Any) -> int | None:
        """The host's NUMA node nearest to a card: by NVML, else by the kernel; None when unsaid.

        Not NVML's own "NUMA node id", which is that of a card whose memory is a node itself.
        """
        words = self._ask(self._affinity, handle, default=())
        nodes = [at for at in range(64 * len(words)) if words[at // 64] >> at % 64 & 1]
        if len(nodes) == 1:
            return nodes[0]
        pci = self._ask(self._nvml.nvmlDeviceGetPciInfo, handle, default=None)
        if pci is None:
            return None
        domain, _, rest = _text(pci.busId).lower().partition(":")
        try:
            address = f"{int(domain, 16):04x}:{rest}"
            node = int(Path(f"/sys/bus/pci/devices/{address}/numa_node").read_text())
        except (OSError, ValueError):
            return None
        return node if node >= 0 else None

    def _affinity(self, handle: Any) -> list[int]:
        scope = self._nvml.NVML_AFFINITY_SCOPE_NODE
        return list(self._nvml.nvmlDeviceGetMemoryAffinity(handle, _NUMA_WORDS, scope))

    def _ask(self, question: Callable[[Any], Any], handle: Any, *, default: Any) -> Any:
        """What few cards or old drivers do not know."""
        try:
            return question(handle)
        except self._nvml.NVMLError:
            return default


def _with_health(card: Card, *, healthy: bool) -> Card:
    return Card(
        uuid=card.uuid,
        vendor=card.vendor,
        model=card.model,
        mib=card.mib,
        numa=card.numa,
        healthy=healthy,
        holds=card.holds,
        partitions=card.partitions,
    )


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
