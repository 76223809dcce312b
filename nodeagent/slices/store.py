"""Slices on disk: a folder each, and a CDI spec each.

::

    <state>/lib/libtranche-<hash>.so
    <state>/slices/<name>/slice.json   0600  what the agent remembers
                          limits       0644  mounted read-only; a resize writes in place
                          region       0666  mounted for writing: hostile from the first start on
                          ld.so.preload 0444 mounted read-only
    <cdi>/tranche.dev-slice-<name>.json

``slice.json`` is written after the files it speaks of and before the CDI spec, so a crash leaves
either a folder that nothing refers to or a slice that is whole but for its spec; `restore` clears
the one and completes the other.
"""

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from nodeagent.enforcement.layout import REGION_SIZE
from nodeagent.enforcement.shares import Sharer
from nodeagent.slices.cdi import Mounts, spec_path
from nodeagent.slices.files import make_folder, write_file
from nodeagent.slices.library import prune
from nodeagent.slices.names import is_name
from nodeagent.slices.record import Record, dump_record, load_record
from tranche.words.errors import Malformed
from tranche.words.names import CDI_KIND, LIBRARY_PATH

_log = structlog.get_logger("slices")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things lie; the same paths on the host and in the agent's container."""

    state: Path
    cdi: Path

    @property
    def slices(self) -> Path:
        """A folder per slice."""
        return self.state / "slices"

    @property
    def libraries(self) -> Path:
        """The library, one file per content."""
        return self.state / "lib"

    @property
    def quarantine(self) -> Path:
        """What could not be read, kept for a person to look at."""
        return self.state / "quarantine"

    def mounts(self, name: str, library_file: str) -> Mounts:
        """The files of a slice that its container gets."""
        folder = self.slices / name
        return Mounts(
            library=self.libraries / library_file,
            limits=folder / "limits",
            region=folder / "region",
            preload=folder / "ld.so.preload",
        )


class Store:
    """All slices of the node. Blocking; one caller at a time."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self._records: dict[str, Record] = {}
        self._starts: Counter[str] = Counter()
        self._sharers: dict[str, Sharer] = {}

    @property
    def records(self) -> Mapping[str, Record]:
        """By name."""
        return self._records

    def sharers(self) -> tuple[Sharer, ...]:
        """The slices that hold parts of cards, and so have limits and a region.

        Asked many times a second, so what has not changed is the same object each time.
        """
        return tuple(self._sharers.values())

    def restore(self) -> None:
        """Reads what an earlier agent left and puts right what a crash or a reboot broke.

        Raises:
            OSError: the folders cannot be read or written.
        """
        for folder in (self.folders.slices, self.folders.cdi):
            folder.mkdir(parents=True, exist_ok=True)
        make_folder(self.folders.state)
        make_folder(self.folders.slices)
        for folder in sorted(self.folders.slices.iterdir()):
            record = self._read(folder)
            if record is not None:
                self._keep(record)
                self._write_spec(record)
        set_aside = {path.name for path in self.folders.quarantine.glob("*")}
        for path in self._specs():
            # The spec of one set aside stays: its name may not get another content.
            if path.stem.rpartition("-")[2] not in self._records.keys() | set_aside:
                _log.info("a CDI spec of no slice is removed", path=str(path))
                path.unlink(missing_ok=True)
        _log.info("slices restored", count=len(self._records))

    def put(self, record: Record, limits: bytes | None) -> None:
        """Writes a slice; every file anew but the CDI spec, which is only added.

        Args:
            record: the slice. One of the same name must have the same spec.
            limits: the content of that file; None for whole cards, which have neither it nor a
                region. The region is made anew, all zeros.

        Raises:
            Malformed: a slice of this name has been handed out with another spec.
            OSError: the disk does not take it.
        """
        before = self._records.get(record.name)
        there = before.spec if before is not None else self._spec_there(record.name)
        if there is not None and there != record.spec:
            raise Malformed(f"slice {record.name} has been handed out with another spec")
        folder = self.folders.slices / record.name
        make_folder(folder)
        if limits is not None:
            write_file(folder / "limits", limits, 0o644)
            write_file(folder / "region", b"", 0o666, size=REGION_SIZE)
            write_file(folder / "ld.so.preload", f"{LIBRARY_PATH}\n".encode(), 0o444)
        write_file(folder / "slice.json", dump_record(record), 0o600)
        self._starts[record.name] += 1
        self._keep(record)
        self._write_spec(record)

    def remove(self, name: str) -> None:
        """Takes a slice back: the spec first, so that no container can start with half of it."""
        spec_path(self.folders.cdi, name).unlink(missing_ok=True)
        shutil.rmtree(self.folders.slices / name, ignore_errors=True)
        self._records.pop(name, None)
        self._sharers.pop(name, None)
        self._starts.pop(name, None)

    def prune_libraries(self, current: str) -> None:
        """Removes the libraries that neither a slice nor the next one needs."""
        used = {record.library for record in self._records.values()} | {current}
        prune(self.folders.libraries, used)

    def remove_all(self) -> None:
        """Leaves nothing behind; containers that run keep what they have mounted."""
        for path in self._specs():
            path.unlink(missing_ok=True)
        for folder in (self.folders.slices, self.folders.libraries, self.folders.quarantine):
            shutil.rmtree(folder, ignore_errors=True)
        self._records.clear()
        self._sharers.clear()

    def _keep(self, record: Record) -> None:
        self._records[record.name] = record
        if record.library:
            self._sharers[record.name] = Sharer(
                folder=self.folders.slices / record.name,
                start=self._starts[record.name],
                grants=record.grants,
                pod=record.uid,
                container=record.container,
                namespace=record.namespace,
            )

    def _specs(self) -> tuple[Path, ...]:
        return tuple(self.folders.cdi.glob(f"{CDI_KIND.replace('/', '-')}-*.json"))

    def _spec_there(self, name: str) -> str | None:
        try:
            return spec_path(self.folders.cdi, name).read_text()
        except FileNotFoundError:
            return None

    def _write_spec(self, record: Record) -> None:
        path = spec_path(self.folders.cdi, record.name)
        content = record.spec.encode()
        try:
            if path.read_bytes() == content:
                return
            # Whoever did this, engines may have cached it: a container must not start with it.
            _log.error("a slice's CDI spec was changed by someone else", path=str(path))
        except FileNotFoundError:
            pass
        write_file(path, content, 0o644)

    def _read(self, folder: Path) -> Record | None:
        if not folder.is_dir() or not is_name(folder.name):
            return None
        try:
            record = load_record((folder / "slice.json").read_bytes(), folder.name)
        except FileNotFoundError:
            _log.info("a slice that was never finished is removed", name=folder.name)
            shutil.rmtree(folder, ignore_errors=True)
        except Malformed as error:
            _log.error("a slice cannot be read and is set aside", name=folder.name, why=str(error))
            make_folder(self.folders.quarantine)
            target = self.folders.quarantine / folder.name
            shutil.rmtree(target, ignore_errors=True)
            folder.rename(target)
        else:
            return record
        return None
