"""Whether a card is well: its XID events, and what the driver says must be done to recover it."""

from collections.abc import Callable
from typing import Any, Final

import structlog

QUIET: Final = 300.0
"""Seconds without a new fault, and with nothing left to recover, until a card is well again."""

APPLICATION_XIDS: Final = frozenset({13, 31, 43, 45, 68, 109})
"""Faults of a program, not of the card. Source: NVIDIA, "XID Errors" catalogue."""

_log = structlog.get_logger("nvidia")


class Faults:
    """Remembers each card's last fault. Used from one thread at a time."""

    def __init__(self, nvml: Any, clock: Callable[[], float]) -> None:
        self._nvml = nvml
        self._clock = clock
        self._events: Any = None
        self._watched: set[str] = set()
        self._last: dict[str, tuple[float, int]] = {}

    def of(self, handle: Any, uuid: str) -> str:
        """What ails a card, in words; empty when it is well."""
        self._watch(handle, uuid)
        self._drain()
        action = self._recovery(handle)
        if action:
            return f"the driver asks for recovery action {action}"
        at, xid = self._last.get(uuid, (None, 0))
        if at is not None and self._clock() - at < QUIET:
            return f"XID {xid} less than {QUIET:.0f} s ago"
        return ""

    def forget(self) -> None:
        """Drops the event set, which does not outlive NVML; faults seen are kept."""
        if self._events is not None:
            try:
                self._nvml.nvmlEventSetFree(self._events)
            except self._nvml.NVMLError as error:
                _log.debug("event set not freed", error=str(error))
        self._events = None
        self._watched.clear()

    def _watch(self, handle: Any, uuid: str) -> None:
        if uuid in self._watched:
            return
        self._watched.add(uuid)
        nvml = self._nvml
        try:
            if self._events is None:
                self._events = nvml.nvmlEventSetCreate()
            nvml.nvmlDeviceRegisterEvents(handle, nvml.nvmlEventTypeXidCriticalError, self._events)
        except nvml.NVMLError as error:
            # Old cards have no events; they are still judged by whether they answer.
            _log.info("no XID events from a card", uuid=uuid, error=str(error))

    def _drain(self) -> None:
        """Takes every event that waits, without waiting for one."""
        nvml = self._nvml
        if self._events is None:
            return
        for _ in range(1024):
            try:
                event = nvml.nvmlEventSetWait_v2(self._events, 0)
                xid = int(event.eventData)
                if xid not in APPLICATION_XIDS:
                    uuid = nvml.nvmlDeviceGetUUID(event.device)
                    uuid = uuid.decode() if isinstance(uuid, bytes) else uuid
                    self._last[uuid] = (self._clock(), xid)
                    _log.warning("a card reports a fault", uuid=uuid, xid=xid)
            except nvml.NVMLError:
                return

    def _recovery(self, handle: Any) -> int:
        nvml = self._nvml
        try:
            field = nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION
            (value,) = nvml.nvmlDeviceGetFieldValues(handle, [field])
        except (nvml.NVMLError, AttributeError):
            return 0
        return int(value.value.uiVal) if value.nvmlReturn == nvml.NVML_SUCCESS else 0
