"""Writes files so that a reader, or the next start after a crash, sees all of one or nothing."""

import os
import secrets
from pathlib import Path


def write_file(path: Path, content: bytes, mode: int, *, size: int = 0) -> None:
    """Puts a whole new file in place of ``path``; what was mapped or mounted of the old one stays.

    Args:
        path: in a folder that is there.
        content: its bytes.
        mode: its permissions, whatever the umask.
        size: zeros follow up to this many bytes, and take no room on the disk.

    Raises:
        OSError: the folder is not there or not writable.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.ftruncate(file.fileno(), max(size, len(content)))
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last through a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """A folder that containers' users may pass through and only we may write."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
