"""Runs the demo's program in a container made by hand, and listens to what it prints."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from tranche.cli.demo import show
from tranche.cli.demo.box import NAMESPACE_REFUSED, Box
from tranche.cli.demo.nodes import Node
from tranche.cli.demo.workshop import FILL, LIBRARY, REPOSITORY, DemoError
from tranche.words.names import LIMITS_PATH, REGION_PATH

_IMAGE_ENV: Final = {"PATH": "/usr/local/bin", "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu"}
"""What an image brings along; vendors' images name their driver's folder as well."""


def run_program(
    folder: Path, node: Node, env: dict[str, str], spec: dict[str, Any], card: str
) -> str:
    """Runs it to its end; the last line that it printed. ``card`` is the uuid that it was given.

    Raises:
        DemoError: it could be run neither in a container nor outside of one.
    """
    root = folder / "container"
    root.mkdir()
    box = folder / "box.json"
    libraries = [str(file) for file in (*node.libraries, LIBRARY)]
    argv = [str(FILL), "--progress"]
    box.write_bytes(msgspec.json.encode(Box(str(root), argv, libraries, _IMAGE_ENV | env, spec)))
    status, printed = _run([sys.executable, "-m", "tranche.cli.demo.container", str(box)])
    if status == NAMESPACE_REFUSED:
        show.line("This machine forbids the namespaces that a container is made of, unless you are")
        show.line("root. So the program runs outside of one, over the same files: a library is")
        show.line("built that looks for them where they are on this machine.")
        outside = _build_outside(folder, spec)
        around = {
            "LD_LIBRARY_PATH": str(node.libraries[0].parent),
            "LD_PRELOAD": str(outside),
            "CUDA_VISIBLE_DEVICES": card,
        }
        status, printed = _run(argv, around)
    lines = printed.decode(errors="replace").replace("\r", "\n").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _build_outside(folder: Path, spec: dict[str, Any]) -> Path:
    edits = spec["devices"][0]["containerEdits"]
    host = {mount["containerPath"]: mount["hostPath"] for mount in edits["mounts"]}
    defines = " ".join(
        f'-D{name}=\\"{host[path]}\\"'
        for name, path in {
            "TRANCHE_LIMITS_PATH": LIMITS_PATH,
            "TRANCHE_REGION_PATH": REGION_PATH,
        }.items()
    )
    build = folder / "build"
    command = ["make", "-C", str(REPOSITORY / "interposer"), "library"]
    made = subprocess.run(
        [*command, f"BUILD={build}", f"DEFINES={defines}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise DemoError(f"the library could not be built\n{made.stderr}")
    return build / "interposer" / "libtranche.so"


def _run(command: list[str], env: dict[str, str] | None = None) -> tuple[int, bytes]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as process:
        printed = _pass_on(process)
    return process.returncode, printed


def _pass_on(process: subprocess.Popen[bytes]) -> bytes:
    printed = bytearray()
    if process.stdout is not None:
        while chunk := os.read(process.stdout.fileno(), 4096):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            printed += chunk
    return bytes(printed)
