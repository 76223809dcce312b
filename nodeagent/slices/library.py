"""Keeps libtranche.so on the host under a name of its content.

Never replaced in place: an upgrade puts the new one beside the old, and a process that has the old
one mapped keeps it.
"""

import hashlib
from collections.abc import Collection
from pathlib import Path

from nodeagent.slices.files import make_folder, write_file


def install(library: Path, folder: Path) -> Path:
    """Copies the library to ``folder`` if its content is not there yet; returns its path there.

    Raises:
        OSError: it cannot be read or copied.
    """
    content = library.read_bytes()
    path = folder / f"libtranche-{hashlib.sha256(content).hexdigest()[:16]}.so"
    make_folder(folder)
    if not path.exists():
        write_file(path, content, 0o755)
    return path


def prune(folder: Path, used: Collection[str]) -> None:
    """Removes every library that no slice uses; ``used`` holds names of files."""
    for path in folder.glob("libtranche-*.so"):
        if path.name not in used:
            path.unlink(missing_ok=True)
