"""Runs the demo's program in a container made by hand, and listens to what it prints."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from tranche.cli.demo.box import NAMESPACE_REFUSED, Box
from tranche.cli.demo.nodes import Node
from tranche.cli.demo.workshop import FILL, LIBRARY, DemoError

_IMAGE_ENV: Final = {"PATH": "/usr/local/bin", "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu"}
"""What an image brings along; vendors' images name their driver's folder as well."""


def run_program(folder: Path, node: Node, env: dict[str, str], spec: dict[str, Any]) -> str:
    """Runs it to its end; the last line that it printed.

    Raises:
        DemoError: this machine cannot make the container.
    """
    root = folder / "container"
    root.mkdir()
    box = folder / "box.json"
    libraries = [str(file) for file in (*node.libraries, LIBRARY)]
    argv = [str(FILL), "--progress"]
    box.write_bytes(msgspec.json.encode(Box(str(root), argv, libraries, _IMAGE_ENV | env, spec)))
    command = [sys.executable, "-m", "tranche.cli.demo.container", str(box)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder) as process:
        printed = _pass_on(process)
    if process.returncode == NAMESPACE_REFUSED:
        raise DemoError(
            "this machine forbids the namespaces that a container is made of; run it as root, or"
            " allow user namespaces (on Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns"
            "=0)"
        )
    lines = printed.decode(errors="replace").replace("\r", "\n").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _pass_on(process: subprocess.Popen[bytes]) -> bytes:
    printed = bytearray()
    if process.stdout is not None:
        while chunk := os.read(process.stdout.fileno(), 4096):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            printed += chunk
    return bytes(printed)
