"""Where built and downloaded things are kept between runs, and how a kept thing is named."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def cache(*parts: str) -> Path:
    """The folder of that name in the cache: `$TRANCHE_CACHE`, else `~/.cache/tranche`."""
    root = os.environ.get("TRANCHE_CACHE")
    base = Path(root) if root else Path.home() / ".cache" / "tranche"
    folder = base.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def key(*parts: bytes | str) -> str:
    """A short name for exactly these contents, in this order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:16]


def key_of_files(root: Path, files: Iterable[Path]) -> str:
    """A short name for these files' names (below `root`), modes and contents."""
    parts: list[bytes | str] = []
    for file in sorted(files):
        parts += [str(file.relative_to(root)), oct(file.stat().st_mode & 0o111), file.read_bytes()]
    return key(*parts)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the folder's lock, so that two runs never build the same thing at once."""
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def kept(place: Path, make: Callable[[Path], None]) -> Path:
    """`place`, made first if it is not there.

    `make` is given a path beside it to fill with a file or a folder, and only a finished one is
    renamed into place: what a killed run leaves is never taken for a result.
    """
    if place.exists():
        return place
    with locked(place.parent):
        if place.exists():
            return place
        partial = place.with_name(f".{place.name}.partial")
        remove(partial)
        make(partial)
        partial.rename(place)
    return place


def remove(path: Path) -> None:
    """Removes a file or a whole folder, or nothing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
