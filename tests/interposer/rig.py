"""A slice without a cluster: a fake driver root, limits, a region, programs under the library."""

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.interposer.builds import BUILD, LIMITS, REGION, REPOSITORY, SANITIZE, TESTS

LIMITS_SIZE = 2112
LIMITS_FIELDS = {
    "memory_bytes": (16, "<Q"),
    "cores_percent": (24, "<I"),
    "cores_policy": (28, "<I"),
    "unaccounted_bytes": (32, "<Q"),
    "context_bytes": (40, "<Q"),
    "held_until": (48, "<Q"),
    "neighbours": (56, "<I"),
}
"""Of a card in the limits: place and form; `interposer/include/tranche/limits.h`."""
REGION_SIZE = 331776
REGION_USED = 69632
REGION_SLOTS = 1024
"""Where the region's counts lie, and how many a card has; `interposer/include/tranche/region.h`."""
MIB = 1 << 20
OUT_OF_MEMORY = 2


def card_line(uuid: str, mib: int, minor: int, more: str = "") -> str:
    """One card of a description."""
    return (
        f'card uuid={uuid} name="NVIDIA A100-SXM4-80GB" mib={mib} minor={minor} numa=0'
        f" pci=0000:{0x3B + minor:02x}:00.0 cc=8.0 sms=108 {more}\n"
    )


def uuid_bytes(uuid: str) -> bytes:
    """The 16 bytes of ``GPU-…`` or ``MIG-…``."""
    return bytes.fromhex(uuid[4:].replace("-", ""))


def limits_file(limits: Mapping[str, int], **fields: int) -> bytes:
    """A limits file: uuid -> bytes of memory; and what else is said of each of these cards."""
    file = bytearray(LIMITS_SIZE)
    struct.pack_into("<4sHHIIQ", file, 0, b"TRLM", 2, len(limits), LIMITS_SIZE, 0, 1)
    for place, (uuid, size) in enumerate(limits.items()):
        start = 64 + 64 * place
        file[start : start + 16] = uuid_bytes(uuid)
        for name, value in {"memory_bytes": size, **fields}.items():
            offset, form = LIMITS_FIELDS[name]
            struct.pack_into(form, file, start + offset, value)
    return bytes(file)


class Program:
    """A running client, told what to do line by line."""

    def __init__(self, command: list[str | Path], env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> str:
        """One command, one answer."""
        self.tell(line)
        return self.answer()

    def tell(self, line: str) -> None:
        """One command, whose answer is not waited for."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """The answer to what was told."""
        return self.process.stdout.readline().strip()

    def fill(self, kind: str = "plain", size: int = MIB, device: int = 0) -> int:
        """Allocates until refused, which must be for want of memory; how many were granted."""
        granted, error = self.ask(f"fill {kind} {size} {device}").split()
        assert int(error) == OUT_OF_MEMORY
        return int(granted)

    def kill(self) -> None:
        """SIGKILL, and waits until it is gone."""
        self.process.kill()
        self.process.communicate()

    def end(self) -> str:
        """Lets it end; returns what it wrote to stderr."""
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, (self.process.returncode, errors)
        return errors


class Rig:
    """One slice on one fake node."""

    A = "GPU-aaaaaaaa-0000-0000-0000-000000000001"
    B = "GPU-bbbbbbbb-0000-0000-0000-000000000002"

    def __init__(self, root: Path, library: Path) -> None:
        self.root = root
        self.library = library

    def cards(self, *, describe: str = "", **mib: int) -> None:
        """Puts these cards into the node: A=…, B=… in MiB; more words of each in ``describe``."""
        lines = enumerate(mib.items())
        text = "".join(card_line(getattr(self, n), m, i, describe) for i, (n, m) in lines)
        description = self.root.with_suffix(".cards")
        description.write_text(text)
        self.preset(description)

    def preset(self, cards: str | Path) -> None:
        """Puts the cards of a description into the node: a file, or a name of `fakes/cards`."""
        maker = REPOSITORY / "interposer/fakes/driver_root.py"
        words = [sys.executable, maker, self.root, "--cards", cards, "--placeholder-devices"]
        subprocess.run(words, check=True)

    def libraries(self, folder: str | Path) -> None:
        """Puts another build of the driver into the node."""
        for library in Path(folder).iterdir():
            shutil.copy(library, self.root / "usr/lib/x86_64-linux-gnu" / library.name)

    def fault(self, *words: object) -> None:
        """One line of the node's faults (`fakes/faults.h`) in place of those of before, or none."""
        (self.root / "etc/fakegpu/faults").write_text(" ".join(map(str, words)) + "\n")

    def grant(self, bytes_by_uuid: Mapping[str, int]) -> None:
        """As `slice`, of cards by their uuids."""
        self.limits_bytes(limits_file(bytes_by_uuid))
        self.region_bytes(bytes(REGION_SIZE))

    def slice(self, fields: Mapping[str, int] | None = None, **mib: float) -> None:
        """Makes limits and a region anew, as at every start of a container."""
        sizes = {getattr(self, name): int(size * MIB) for name, size in mib.items()}
        self.limits_bytes(limits_file(sizes, **(fields or {})))
        self.region_bytes(bytes(REGION_SIZE))

    def limits_bytes(self, content: bytes | None) -> None:
        """Any limits file, or none."""
        _put(LIMITS, content)

    def region_bytes(self, content: bytes | None) -> None:
        """Any region, or none."""
        _put(REGION, content)

    def change(self, place: int, **fields: int) -> None:
        """Stores fields of a card's limits in the file in place, as the node agent does."""
        with LIMITS.open("r+b") as file:
            for name, value in fields.items():
                offset, form = LIMITS_FIELDS[name]
                os.pwrite(file.fileno(), struct.pack(form, value), 64 + 64 * place + offset)
            (generation,) = struct.unpack("<Q", os.pread(file.fileno(), 8, 16))
            os.pwrite(file.fileno(), struct.pack("<Q", generation + 1), 16)

    def clock(self, threads: int) -> None:
        """Simulated time, which stands until so many threads take part in it."""
        (self.root / "run/fakegpu/clock").write_bytes(struct.pack("<I", threads))

    def joined(self) -> int:
        """How many threads take part, or have."""
        content = (self.root / "run/fakegpu/clock").read_bytes()[:8]
        return int.from_bytes(content[4:8], "little")

    def counted(self, place: int) -> int:
        """Bytes of a card that the processes say they have, as the node agent reads them."""
        region = REGION.read_bytes()
        start = REGION_USED + place * REGION_SLOTS * 8
        return sum(struct.unpack_from(f"<{REGION_SLOTS}Q", region, start))

    def environment(self, *, interposed: bool = True, **more: str) -> dict[str, str]:
        """What a process of the container sees."""
        own = {"LD_LIBRARY_PATH": str(self.root / "usr/lib/x86_64-linux-gnu")}
        if interposed:
            own["LD_PRELOAD"] = str(self.library)
        if SANITIZE:
            own["ASAN_OPTIONS"] = "verify_asan_link_order=0:detect_leaks=0"
            own["TSAN_OPTIONS"] = "exitcode=66"
        return {"PATH": os.environ["PATH"]} | own | more

    @contextmanager
    def program(
        self,
        via: str = "dlsym",
        *,
        client: str = "client",
        device: int = 0,
        interposed: bool = True,
        **env: str,
    ) -> Iterator[Program]:
        """A client with a context on a card."""
        name = "direct" if (client, via) == ("client", "direct") else client
        environment = self.environment(interposed=interposed, **env)
        program = Program([TESTS / "clients" / name, via], environment)
        try:
            assert program.ask(f"init {device}") == "0"
            yield program
        finally:
            if program.process.stdout is not None and not program.process.stdout.closed:
                program.kill()

    def refused(self, place: int = 0) -> int:
        """How often the slice's processes were refused memory of a card, as they count it."""
        with REGION.open("rb") as file:
            (times,) = struct.unpack("<Q", os.pread(file.fileno(), 8, 64 + 64 * place))
        return int(times)

    def oracle(self) -> dict[str, dict[str, Any]]:
        """The truth, by uuid."""
        words = [BUILD / "tools/oracle", self.root / "run/fakegpu/oracle"]
        lines = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        return {card["uuid"]: card for card in map(json.loads, lines.splitlines())}

    def peak(self) -> int:
        """The most MiB of the first card that were ever really in use."""
        return int(self.oracle()[self.A]["peak_mib"])

    def agreed(self, running: Program, mib: int) -> bool:
        """Whether the card's truth and the slice's books are both so much, of 3000 MiB."""
        in_use, shown = self.oracle()[self.A]["used_mib"], int(running.ask("info")) // MIB
        return bool((in_use, shown) == (mib, 3000 - mib))


def _put(path: Path, content: bytes | None) -> None:
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o666)
