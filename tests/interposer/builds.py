"""Builds what tests of the interposer run: the library, and C programs beside this file.

The library is built in a variant of its own whose paths lie under ``build``: the real ones belong
to a container.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "build"
SANITIZE = os.environ.get("TRANCHE_SANITIZE", "")
"""What all is built with: thread, or address,undefined."""
TESTS = BUILD / "-".join(["tests-interposer", *SANITIZE.split(",")[: bool(SANITIZE)]])
LIMITS = TESTS / "slice/limits"
REGION = TESTS / "slice/region"
CLIENTS = Path(__file__).parent / "clients"


def make(*words: str) -> None:
    """Runs the interposer's Makefile."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-C", REPOSITORY / "interposer", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def build_library(
    variant: str = "plain",
    sanitize: str = "",
    compiler: str = "",
    *,
    folder: Path = LIMITS.parent,
    defines: str = "",
) -> Path:
    """The library with the paths of the tests."""
    paths = {"LIMITS": folder / LIMITS.name, "REGION": folder / REGION.name}
    all_defines = " ".join(
        [*(f'-DTRANCHE_{name}_PATH=\\"{path}\\"' for name, path in paths.items()), defines]
    )
    words = ["library", f"VARIANT={TESTS.name}/{variant}", f"DEFINES={all_defines}"]
    sanitize = sanitize or SANITIZE
    words += [f"SANITIZE={sanitize}"] if sanitize else []
    make(*words, *([f"CC={compiler}"] if compiler else []))
    return TESTS / variant / "libtranche.so"


def build_client(
    name: str, *flags: str, source: str | None = None, compiler: Sequence[str] = ()
) -> Path:
    """One of the C programs beside this file."""
    target = TESTS / "clients" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    words = [*(compiler or [os.environ.get("CC", "cc")]), "-O1", "-g", "-w", "-o", target]
    words.append(CLIENTS / (source or f"{name}.c"))
    words += [f"-fsanitize={SANITIZE}"] if SANITIZE and not compiler else []
    subprocess.run([*words, *flags, "-ldl", "-lpthread"], check=True)
    return target


def build_cuda_client(name: str, *flags: str, source: str | None = None) -> Path:
    """A C program beside this file that speaks by NVIDIA's headers, linked with the fake."""
    generator = REPOSITORY / "interposer/fakes/generate.py"
    words = [sys.executable, generator, "--include"]
    include = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    driver = [f"-L{BUILD / 'fakes/lib'}", "-l:libcuda.so.1"]
    return build_client(name, *include, *flags, *driver, source=source)


def build_unit(
    program: str,
    *parts: str,
    name: str | None = None,
    sanitize: str = "",
    source: Path = REPOSITORY / "interposer/src",
) -> Path:
    """A program of ``core/`` beside this file, with parts of the library in it and no driver."""
    target = TESTS / "core" / (name or program)
    target.parent.mkdir(parents=True, exist_ok=True)
    include = [f"-I{REPOSITORY / 'interposer/include'}", f"-I{source}"]
    flags = ["-O1", "-g", "-Wall", "-Wextra", "-Werror", f"-fsanitize={sanitize}"]
    subprocess.run(
        [os.environ.get("CC", "cc"), "-std=gnu11", *(flags if sanitize else flags[:-1])]
        + [*include, "-o", str(target)]
        + [str(CLIENTS.parent / f"core/{program}.c"), "-lpthread"]
        + [str(source / part) for part in parts],
        check=True,
    )
    return target
