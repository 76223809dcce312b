"""Who is on a card, and who works on it, put together from NVML's lists of processes."""

from collections.abc import Iterable
from typing import Any, Final

from nodeagent.vendors.base import Busy, Process

_REST: Final = ("MPSCompute", "Graphics")
"""Lists that few cards and not all drivers have; every one has that of ``Compute``."""

_VERSIONS: Final = ("_v3", "_v2")
"""Of the functions: drivers know the second from R470 on, the first from R510 on."""


def processes_on(nvml: Any, handle: Any) -> tuple[Process, ...]:
    """Every process once. One that is on several lists has all its memory told on each.

    Raises:
        nvml.NVMLError: the driver does not say.
    """
    used: dict[int, int | None] = {}
    for info in _listed(nvml, handle):
        told = (used.get(info.pid), info.usedGpuMemory)
        used[info.pid] = max((some for some in told if some is not None), default=None)
    return tuple(Process(pid, some) for pid, some in used.items())


def busy_on(nvml: Any, handle: Any, since: int) -> tuple[Busy, ...]:
    """Who has worked since; NVML tells of each process once, with the mean of that time.

    Source: the NVML API reference, nvmlDeviceGetProcessUtilization; that it is the mean since the
    time that is asked with, nvtop's pull request 91.

    Raises:
        nvml.NVMLError: the driver does not say.
    """
    try:
        samples = nvml.nvmlDeviceGetProcessUtilization(handle, since)
    except nvml.NVMLError_NotFound:
        return ()
    return tuple(Busy(int(one.pid), int(one.smUtil), int(one.timeStamp)) for one in samples)


def _listed(nvml: Any, handle: Any) -> Iterable[Any]:
    yield from _list(nvml, handle, "Compute")
    for kind in _REST:
        try:
            yield from _list(nvml, handle, kind)
        except (nvml.NVMLError_FunctionNotFound, nvml.NVMLError_NotSupported):
            continue


def _list(nvml: Any, handle: Any, kind: str) -> Any:
    *newer, oldest = (f"nvmlDeviceGet{kind}RunningProcesses{version}" for version in _VERSIONS)
    for name in newer:
        try:
            return getattr(nvml, name)(handle)
        except nvml.NVMLError_FunctionNotFound:
            continue
    return getattr(nvml, oldest)(handle)
