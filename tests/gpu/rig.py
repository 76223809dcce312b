"""A slice on a real card, without a cluster: limits, a region, and programs under the library.

The driver is what the loader finds: NVIDIA's on a machine with a card, or the project's fake where
``LD_LIBRARY_PATH`` names it. What the programs are written in (PyTorch and so on) is taken from
``GPU_PYTHON``, by default the system's Python.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pynvml

from tests.interposer.builds import LIMITS, REGION, build_library, make
from tests.interposer.rig import MIB, REGION_SIZE, limits_file

PROGRAMS = Path(__file__).parent / "programs"
BUILD = Path(__file__).resolve().parents[2] / "build"
PYTHON = os.environ.get("GPU_PYTHON") or shutil.which("python3", path=os.defpath) or sys.executable


@dataclass(frozen=True, slots=True)
class RealCard:
    """The card that is tested on, as the driver tells of it. ``mib``: its memory."""

    uuid: str
    model: str
    driver: str
    mib: int


def find_card() -> RealCard | str:
    """The first card, or why there is none."""
    try:
        pynvml.nvmlInit()
        try:
            if pynvml.nvmlDeviceGetCount() == 0:
                return "the driver sees no card"
            handle = pynvml.nvmlDeviceGetHandleByIndex(0)
            return RealCard(
                uuid=pynvml.nvmlDeviceGetUUID(handle),
                model=pynvml.nvmlDeviceGetName(handle),
                driver=pynvml.nvmlSystemGetDriverVersion(),
                mib=pynvml.nvmlDeviceGetMemoryInfo(handle).total // MIB,
            )
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        return f"no NVIDIA driver: {error}"


class GpuRig:
    """One slice of one real card; ``library`` is built with paths under ``build``."""

    def __init__(self, card: RealCard, library: Path) -> None:
        self.card = card
        self.library = library

    def slice(self, mib: int, **fields: int) -> None:
        """Makes limits and region anew, as at every start of a container.

        Args:
            mib: memory.
            fields: of the card's entry in the limits, as `tests.interposer.rig.change` knows them.
        """
        for path, content in (
            (LIMITS, limits_file({self.card.uuid: mib * MIB}, **fields)),
            (REGION, bytes(REGION_SIZE)),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(content)

    def environment(self, *, interposed: bool = True, **more: str) -> Mapping[str, str]:
        """What a program sees: this process's environment, the one card, and the library."""
        own = {"CUDA_VISIBLE_DEVICES": self.card.uuid}
        if interposed:
            own["LD_PRELOAD"] = str(self.library)
        return {**os.environ, **own, **more}

    def start(
        self, *command: str | Path, interposed: bool = True, **env: str
    ) -> subprocess.Popen[str]:
        """Starts a program."""
        return subprocess.Popen(
            list(map(str, command)),
            env=self.environment(interposed=interposed, **env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str | Path, interposed: bool = True, **env: str) -> str:
        """What a program prints; it must end well, with nothing from the library on stderr."""
        program = self.start(*command, interposed=interposed, **env)
        out, errors = program.communicate(timeout=300)
        assert program.returncode == 0, (command, program.returncode, errors[-2000:])
        assert "tranche:" not in errors, errors
        return out

    def python(self, name: str, *words: object, interposed: bool = True, **env: str) -> str:
        """What one of the Python programs beside this file prints."""
        script = PROGRAMS / f"{name}.py"
        return self.run(PYTHON, script, *map(str, words), interposed=interposed, **env)


def has(module: str) -> bool:
    """Whether the programs' Python can use a module on this machine's card."""
    words = [PYTHON, "-c", f"import {module}"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def build() -> Path:
    """The library and the tools."""
    make("all", f"PYTHON={sys.executable}")
    return build_library()
