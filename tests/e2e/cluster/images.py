"""The images that pods of the cluster run, each kept under a key of what goes into it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e.cluster import oci, paths
from tests.e2e.cluster.binaries import KUBERNETES_VERSION, Binaries
from tests.e2e.cluster.console import say
from tests.e2e.cluster.oci import Image

BASE = "localhost/base:1"
PAUSE = "localhost/pause:1"
SCHEDULER = f"registry.k8s.io/kube-scheduler:{KUBERNETES_VERSION}"

_SUITE = "bookworm"
_INCLUDED = "python3,python3-venv,ca-certificates"
# What a package manager needs and a container does not: half the size of the folder.
_LEFT_OUT = ("var/lib/apt/lists", "var/cache", "usr/share/doc", "usr/share/man", "usr/share/locale")


def base_layer() -> Path:
    """A layer with Debian's smallest system, Python and the public certificates (~1 minute)."""

    def make(out: Path) -> None:
        say(f"making the base of the images: debootstrap {_SUITE}")
        root = out.with_name(f"{out.name}.root")
        paths.remove(root)
        mirror = os.environ.get("TRANCHE_DEBIAN_MIRROR")
        subprocess.run(
            [
                # debootstrap mounts /proc in there; a killed one must not leave it mounted.
                *("unshare", "--mount"),
                "debootstrap",
                "--variant=minbase",
                f"--include={_INCLUDED}",
                _SUITE,
                str(root),
                *([mirror] if mirror else []),
            ],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        left_out = [f"--exclude=./{folder}/*" for folder in _LEFT_OUT]
        subprocess.run(
            ["tar", "--numeric-owner", "--one-file-system", *left_out, "-C", root, "-cf", out, "."],
            check=True,
        )
        paths.remove(root)

    named = paths.key(_SUITE, _INCLUDED, oci.ARCHITECTURE, *_LEFT_OUT)
    return paths.kept(paths.cache("base") / f"{named}.tar", make)


def base() -> Image:
    """The base as an image: what a Dockerfile of the project starts from."""
    return _written(BASE, [base_layer()], command=["/bin/bash"])


def pause() -> Image:
    """What holds a pod's namespaces: the base, asleep. No more than that is asked of it."""
    return _written(PAUSE, [base_layer()], command=["/usr/bin/sleep", "infinity"])


def scheduler(binaries: Binaries) -> Image:
    """kube-scheduler under the name that its publisher gives it, so that nothing is pulled."""
    return _with_files(SCHEDULER, [], {"/usr/local/bin/kube-scheduler": binaries["kube-scheduler"]})


def workload(files: Mapping[str, Path], name: str = "localhost/workload:1") -> Image:
    """The base with files added: path in the image to file here.

    For example `{"/usr/local/bin/fill": Path("build/tools/fill")}`.
    """
    return _with_files(name, [base_layer()], files)


def _with_files(name: str, below: Sequence[Path], files: Mapping[str, Path]) -> Image:
    parts = [f"{inside}\0{paths.key(file.read_bytes())}" for inside, file in sorted(files.items())]
    top = paths.kept(
        paths.cache("layers") / f"{paths.key(*parts)}.tar",
        lambda out: oci.layer(files, out),
    )
    return _written(name, [*below, top])


def _written(name: str, layers: Sequence[Path], command: Sequence[str] = ()) -> Image:
    named = paths.key(name, *(layer.name for layer in layers), *command)
    archive = paths.kept(
        paths.cache("images") / f"{named}.tar", lambda out: oci.write(name, layers, out, command)
    )
    return Image(name, archive)
