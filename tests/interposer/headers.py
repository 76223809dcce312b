"""NVIDIA's headers and runtime of several CUDA releases, each from its Python package.

The packages of one major release share a folder, so they cannot be installed beside each other:
each is fetched once, with pip, into ``build/headers``, and opened there.
"""

import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

from tests.interposer.builds import BUILD, REPOSITORY

CUDA = {
    "11.8": ("nvidia-cuda-runtime-cu11", "11.8.89"),
    "12.1": ("nvidia-cuda-runtime-cu12", "12.1.105"),
    "12.9": ("nvidia-cuda-runtime-cu12", "12.9.79"),
    "13.0": ("nvidia-cuda-runtime", "13.0.96"),
    "13.5": ("nvidia-cuda-runtime", "13.5.37"),
}
NVML = {
    "11.8": ("nvidia-nvml-dev-cu11", "11.8.86"),
    "12.9": ("nvidia-nvml-dev-cu12", "12.9.79"),
    "13.5": ("nvidia-nvml-dev", "13.5.37"),
}
CUDA_HEADERS = ("cuda.h", "cudaGL.h", "cudaEGL.h", "cudaVDPAU.h")


def package(name: str, version: str) -> Path:
    """The folder of a package's files."""
    folder = BUILD / "headers" / f"{name}-{version}"
    if not (folder / ".whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", f"--dest={folder}", f"{name}=={version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name} {version} is needed from PyPI: {done.stderr}"
        for wheel in folder.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(folder)
            wheel.unlink()
        (folder / ".whole").touch()
    return folder


def header(name: str, version: str, file: str) -> Path:
    """One header of a package."""
    return next(package(name, version).rglob(f"include/{file}"))


def cudart(release: str) -> Path:
    """The runtime library of a CUDA release."""
    return next(package(*CUDA[release]).rglob("libcudart.so.*"))


def generator() -> ModuleType:
    """`interposer/fakes/generate.py`, which reads NVIDIA's headers."""
    path = REPOSITORY / "interposer/fakes/generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(kind: str, release: str) -> set[str]:
    """Every name that the driver's library of a release exports, by its headers."""
    generate = generator()
    files = CUDA_HEADERS if kind == "cuda" else ("nvml.h",)
    origin = (CUDA if kind == "cuda" else NVML)[release]
    found: set[str] = set()
    for file in files:
        text = generate.strip_comments(header(*origin, file).read_text("latin-1"))
        found |= set(generate.exported(kind, text))
    return {name for name in found if not _NO_FUNCTION.search(name)}


_NO_FUNCTION = re.compile(r"_t$|^nvmlClocks(Event|Throttle)Reason|^nvmlFlag")
"""What the headers define that looks like another spelling of a function."""
