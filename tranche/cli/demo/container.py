"""A container made by hand, so that the demo needs no container engine.

A tmpfs as root, the program and its shared libraries copied in, then what the CDI spec says: its
mounts, device nodes and environment, and nothing else of this machine but /proc. Run as
``python -m tranche.cli.demo.container FILE``, where FILE holds a `Box` as JSON; it becomes the
program. Without root it asks the kernel for a user namespace.
"""

import ctypes
import ctypes.util
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from tranche.cli.demo.box import NAMESPACE_REFUSED, Box

MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_REMOUNT: Final = 0x20
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUSER: Final = 0x10000000
_libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)


def _call(what: str, result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def _mount(source: str, target: Path, kind: str, flags: int) -> None:
    _call(
        f"mount {source} on {target}",
        _libc.mount(source.encode(), str(target).encode(), kind.encode(), flags, None),
    )


def enter_namespaces() -> None:
    """A mount namespace of our own, as root or as the root of a new user namespace."""
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", _libc.unshare(CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER))
    if uid != 0:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")
    _mount("none", Path("/"), "none", MS_REC | MS_PRIVATE)


def shared_objects(files: list[str]) -> set[str]:
    """The files that the loader would open for these programs and libraries."""
    found: set[str] = set()
    for file in files:
        listing = subprocess.run(
            ["ldd", file], check=True, capture_output=True, text=True
        ).stdout.split()
        found.update(word for word in listing if word.startswith("/") and Path(word).is_file())
    return found


def _bind(source: str, target: Path, options: list[str]) -> None:
    if stat.S_ISDIR(Path(source).stat().st_mode):
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(source, target, "none", MS_BIND)
    wanted = {"ro": MS_RDONLY, "nosuid": MS_NOSUID, "nodev": MS_NODEV, "noexec": MS_NOEXEC}
    flags = sum(bit for option, bit in wanted.items() if option in options)
    if flags:
        # A user namespace may not drop the flags that the mount came with.
        kept = os.statvfs(target).f_flag & sum(wanted.values())
        _mount("none", target, "none", MS_BIND | MS_REMOUNT | flags | kept)


def furnish(box: Box, root: Path) -> dict[str, str]:
    """Fills the root and returns the environment of the program."""
    program = root / "usr/local/bin" / Path(box.argv[0]).name
    program.parent.mkdir(parents=True)
    shutil.copy2(box.argv[0], program)
    for library in shared_objects([box.argv[0], *box.libraries]):
        inside = root / library.lstrip("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, inside)
    (root / "proc").mkdir()
    _mount("/proc", root / "proc", "none", MS_BIND | MS_REC)

    edits = [box.spec.get("containerEdits") or {}]
    edits += [device.get("containerEdits") or {} for device in box.spec["devices"]]
    env = dict(box.env)
    for edit in edits:
        env |= dict(entry.split("=", 1) for entry in edit.get("env") or ())
        for node in edit.get("deviceNodes") or ():
            path = node["path"]
            _bind(node.get("hostPath") or path, root / path.lstrip("/"), [])
        for mount in sorted(edit.get("mounts") or (), key=lambda m: m["containerPath"].count("/")):
            target = root / mount["containerPath"].lstrip("/")
            _bind(mount["hostPath"], target, mount.get("options") or [])
    return env


def main() -> None:
    """Becomes the program of the box named on the command line."""
    box = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Box)
    root = Path(box.root)
    try:
        enter_namespaces()
        _mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV)
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(NAMESPACE_REFUSED)
    env = furnish(box, root)
    os.chroot(root)
    os.chdir("/")
    program = f"/usr/local/bin/{Path(box.argv[0]).name}"
    os.execve(program, [program, *box.argv[1:]], env)  # noqa: S606 (no shell on purpose)


if __name__ == "__main__":
    main()
