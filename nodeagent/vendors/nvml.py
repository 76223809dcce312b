"""Binds `pynvml` to the driver library of a root folder other than the agent's own.

A GPU Operator's driver container, and the project's fake driver, keep the library under a root of
their own; ``/`` leaves the choice to the loader.
"""

import ctypes
from pathlib import Path
from typing import Any, Final

LIBRARY: Final = "libnvidia-ml.so.1"
FOLDERS: Final = (
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib64",
    "usr/lib",
    "lib/x86_64-linux-gnu",
    "lib/aarch64-linux-gnu",
    "lib64",
    "lib",
)


def find_library(root: Path) -> Path | None:
    """NVML under a root, or None when it is not there or the root is ``/``."""
    if root == Path("/"):
        return None
    candidates = (root / folder / LIBRARY for folder in FOLDERS)
    return next((path for path in candidates if path.exists()), None)


def bind(nvml: Any, root: Path) -> None:
    """Makes the module use the library under ``root`` from its next ``nvmlInit`` on.

    Always loads anew: a driver may have been installed or replaced since the last time, and the
    loader hands back the same library when it is the same file.

    Raises:
        OSError: no library there, or it cannot be loaded.
    """
    path = find_library(root)
    if path is None and root != Path("/"):
        raise FileNotFoundError(f"no {LIBRARY} under {root}")
    library = ctypes.CDLL(str(path or LIBRARY))
    with nvml.libLoadLock:
        nvml.nvmlLib = library
        # pynvml keeps the addresses of the functions of the library it saw first.
        nvml._nvmlGetFunctionPointer_cache.clear()  # noqa: SLF001
