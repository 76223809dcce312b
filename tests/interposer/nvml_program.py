"""A program of a container that asks NVML, under the library: prints one JSON object.

Started by `test_nvml.py`; imports nothing of the project, as a program would not.
"""

import contextlib
import json
import sys
from typing import Any

import pynvml


def tried(ask: Any, *words: Any) -> Any:
    """The answer, or the number of NVML's error."""
    try:
        return ask(*words)
    except pynvml.NVMLError as error:
        return -error.value


def about(handle: Any) -> dict[str, Any]:
    """All that a program might ask of one card."""
    memory = tried(pynvml.nvmlDeviceGetMemoryInfo, handle)
    newer = tried(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle, version=pynvml.nvmlMemory_v2))
    bar1 = tried(pynvml.nvmlDeviceGetBAR1MemoryInfo, handle)
    attributes = tried(pynvml.nvmlDeviceGetAttributes_v2, handle)
    found: dict[str, Any] = {
        "uuid": tried(pynvml.nvmlDeviceGetUUID, handle),
        "index": tried(pynvml.nvmlDeviceGetIndex, handle),
        "memory": memory if isinstance(memory, int) else [memory.total, memory.free, memory.used],
        "newer": newer if isinstance(newer, int) else [newer.total, newer.free, newer.used],
        "mib": attributes if isinstance(attributes, int) else attributes.memorySizeMB,
        "bar1": bar1 if isinstance(bar1, int) else [bar1.bar1Total, bar1.bar1Free],
    }
    for version in ("", "_v2", "_v3"):
        ask = getattr(pynvml, f"nvmlDeviceGetComputeRunningProcesses{version}")
        some = tried(ask, handle)
        found[f"processes{version}"] = (
            some if isinstance(some, int) else [[one.pid, one.usedGpuMemory] for one in some]
        )
    samples = tried(pynvml.nvmlDeviceGetProcessUtilization, handle, 0)
    found["utilisation"] = samples if isinstance(samples, int) else [one.pid for one in samples]
    found["accounted"] = tried(pynvml.nvmlDeviceGetAccountingPids, handle)
    instances = tried(pynvml.nvmlDeviceGetMaxMigDeviceCount, handle)
    found["instances"] = []
    for index in range(max(instances, 0)):
        with contextlib.suppress(pynvml.NVMLError):
            instance = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, index)
            found["instances"].append(about(instance))
    return found


def main() -> None:
    """Asks of every card, and of those that are named."""
    pynvml.nvmlInit()
    count = pynvml.nvmlDeviceGetCount()
    handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    said = {
        "cards": [about(handle) for handle in handles],
        "beyond": tried(pynvml.nvmlDeviceGetHandleByIndex, count),
        "named": {},
        "stats": {},
    }
    for word in sys.argv[1:]:
        if word.isdigit():
            said["stats"][word] = tried(pynvml.nvmlDeviceGetAccountingStats, handles[0], int(word))
            said["stats"][word] = said["stats"][word] if isinstance(said["stats"][word], int) else 0
            continue
        ask = (
            pynvml.nvmlDeviceGetHandleByPciBusId
            if word[4:5] == ":"
            else pynvml.nvmlDeviceGetHandleByUUID
        )
        found = tried(ask, word)
        said["named"][word] = found if isinstance(found, int) else 0
    print(json.dumps(said))


if __name__ == "__main__":
    main()
