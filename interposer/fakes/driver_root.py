"""Writes the driver of a GPU node, with no GPU behind it, into a folder.

    driver_root.py DEST [--cards A100-80|FILE] [--host-path PREFIX] [--placeholder-devices]

What is made: the libraries, device nodes, the description of the cards, an empty oracle, and
``etc/cdi/nvidia.yaml`` in the form that ``nvidia-ctk cdi generate`` writes. ``make fakes`` must
have run. Making device nodes needs root; ``--placeholder-devices`` makes plain files instead.
"""

import argparse
import os
import re
import shutil
import stat
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "fakes"
LIBRARY_FOLDER = Path("usr/lib/x86_64-linux-gnu")
LIBRARIES = ("libcuda.so.1", "libnvidia-ml.so.1")
HOOK = Path("usr/bin/fake-nvidia-hook")
CARDS = Path("etc/fakegpu/cards")
ORACLE = Path("run/fakegpu/oracle")
ORACLE_SIZE = 528384
"""Bytes; this and the two layouts below: `interposer/fakes/oracle.h`."""
ORACLE_HEAD = struct.Struct("<4sIIIII40x")
ORACLE_CARD = struct.Struct("<16sQ40x")
NVIDIA_MAJOR = 195
CONTROL_NODES = {"nvidiactl": (NVIDIA_MAJOR, 255), "nvidia-uvm": (508, 0)}


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a description.

    Attributes:
        uuid: as the driver prints it, ``GPU-…``; ``MIG-…`` of an instance.
        minor: number of its device node; None of an instance, which is reached through its card.
        mib: memory.
    """

    uuid: str
    minor: int | None
    mib: int


def read_cards(text: str) -> list[Card]:
    """The cards of a description; its form is told in `interposer/fakes/cards.h`."""
    lines = [line for line in text.splitlines() if line.startswith("card ")]
    return [Card(_word(line, "uuid"), _minor(line), int(_word(line, "mib"))) for line in lines]


def _minor(line: str) -> int | None:
    return None if " parent=" in line else int(_word(line, "minor"))


def _word(line: str, key: str) -> str:
    found = re.search(rf"\b{key}=(\S+)", line)
    if not found:
        sys.exit(f"no {key}= in: {line}")
    return found[1]


def write_root(root: Path, description: Path, *, host_path: Path, real_devices: bool) -> None:
    """Makes the whole root; what is there of an older one is replaced.

    Args:
        root: made if it is not there.
        description: of the cards.
        host_path: where the node's container engine sees ``root``.
        real_devices: character devices (root only), or plain files.
    """
    text = description.read_text()
    cards = read_cards(text)
    for folder in (LIBRARY_FOLDER, HOOK.parent, CARDS.parent, ORACLE.parent, "dev", "etc/cdi"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in LIBRARIES:
        _replace(BUILT / "lib" / name, root / LIBRARY_FOLDER / name)
    _replace(BUILT / "bin" / HOOK.name, root / HOOK)
    (root / CARDS).write_text(text)
    _write_oracle(root / ORACLE, cards)
    for name, number in _nodes(cards).items():
        _write_device(root / "dev" / name, number if real_devices else None)
    spec = cdi_spec(cards, host_path)
    (root / "etc/cdi/nvidia.yaml").write_text("---\n" + yaml.safe_dump(spec, sort_keys=False))


def _replace(source: Path, target: Path) -> None:
    """Under a new inode, so that no process that has the old one mapped is hurt."""
    temporary = target.with_name(f".{target.name}.new")
    shutil.copy(source, temporary)
    temporary.replace(target)


def _write_oracle(path: Path, cards: list[Card]) -> None:
    head = ORACLE_HEAD.pack(b"ORCL", 1, 0, len(cards), 0, 0)
    parts = (
        ORACLE_CARD.pack(bytes.fromhex(card.uuid[4:].replace("-", "")), card.mib << 20)
        for card in cards
    )
    path.unlink(missing_ok=True)
    path.write_bytes((head + b"".join(parts)).ljust(ORACLE_SIZE, b"\0"))
    path.chmod(0o666)  # containers' users write it


def _nodes(cards: list[Card]) -> dict[str, tuple[int, int]]:
    whole = {card.minor for card in cards if card.minor is not None}
    return {f"nvidia{minor}": (NVIDIA_MAJOR, minor) for minor in whole} | CONTROL_NODES


def _write_device(path: Path, number: tuple[int, int] | None) -> None:
    path.unlink(missing_ok=True)
    if number is None:
        path.touch()
    else:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(*number))
    path.chmod(0o666)


def cdi_spec(cards: list[Card], host_path: Path) -> dict[str, Any]:
    """The vendor's CDI spec: each card by its number and by its uuid, and all of them."""
    cards = [card for card in cards if card.minor is not None]
    named = {str(place): [card] for place, card in enumerate(cards)}
    named |= {card.uuid: [card] for card in cards} | {"all": cards}
    mounts = [(LIBRARY_FOLDER / name, "ro") for name in LIBRARIES] + [(CARDS, "ro"), (ORACLE, "rw")]
    return {
        "cdiVersion": "0.6.0",
        "kind": "nvidia.com/gpu",
        "devices": [
            {
                "name": name,
                "containerEdits": {
                    "deviceNodes": [_node(host_path, f"nvidia{card.minor}") for card in some]
                },
            }
            for name, some in named.items()
        ],
        "containerEdits": {
            "env": ["NVIDIA_VISIBLE_DEVICES=void"],
            "deviceNodes": [_node(host_path, name) for name in CONTROL_NODES],
            "hooks": [
                {
                    "hookName": "createContainer",
                    "path": str(host_path / HOOK),
                    "args": [HOOK.name, "create-symlinks"],
                }
            ],
            "mounts": [
                {
                    "hostPath": str(host_path / path),
                    "containerPath": f"/{path}",
                    "options": [access, "nosuid", "nodev", "bind"],
                }
                for path, access in mounts
            ],
        },
    }


def _node(host_path: Path, name: str) -> dict[str, str]:
    return {"path": f"/dev/{name}", "hostPath": str(host_path / "dev" / name)}


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="a GPU node's driver root, with no GPU")
    parser.add_argument("dest", type=Path)
    parser.add_argument("--cards", default="A100-80", help="a preset or a file (A100-80)")
    parser.add_argument("--host-path", type=Path, help="DEST as the node's host sees it")
    parser.add_argument("--placeholder-devices", action="store_true", help="files for devices")
    asked = parser.parse_args()
    if not (BUILT / "lib" / LIBRARIES[0]).exists():
        sys.exit("the fake driver is not built: make -C interposer fakes")
    root = asked.dest.absolute()
    preset = HERE / "cards" / asked.cards
    description = preset if preset.is_file() else Path(asked.cards)
    if not description.is_file():
        presets = ", ".join(sorted(p.name for p in (HERE / "cards").iterdir()))
        sys.exit(f"no such description of cards: {asked.cards} (presets: {presets})")
    write_root(
        root,
        description,
        host_path=asked.host_path or root,
        real_devices=not asked.placeholder_devices,
    )


if __name__ == "__main__":
    main()
