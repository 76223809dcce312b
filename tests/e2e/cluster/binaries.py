"""The programs of Kubernetes and of what stands beside it, built from published Go modules.

Each folder of `go/` is a module of our own that pins versions (go.sum is committed); its `tools.go`
names the commands, or its `main.go` is one. A build is kept under a key of those files, the Go
version and the flags, so that it is done once per machine.
"""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cluster import paths
from tests.e2e.cluster.commands import CommandError, run
from tests.e2e.cluster.console import HarnessError, say

MODULES = Path(__file__).parent / "go"
KUBERNETES_VERSION = "v1.37.2"

_STAMP = f"-X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION}"


class NoGoError(HarnessError):
    """There is no Go on this machine, or not one new enough."""


@dataclass(frozen=True, slots=True)
class Module:
    """One folder of `go/`: its commands (file name to import path) and how they are built."""

    name: str
    commands: dict[str, str]
    ldflags: str = "-s -w"
    tags: str = ""

    @property
    def folder(self) -> Path:
        return MODULES / self.name

    @property
    def flags(self) -> list[str]:
        flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", f"-ldflags={self.ldflags}"]
        return [*flags, f"-tags={self.tags}"] if self.tags else flags


_CONTAINERD = "github.com/containerd/containerd/v2/cmd"
ALL = (
    Module("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    Module(
        "containerd",
        {
            command: f"{_CONTAINERD}/{command}"
            for command in ("containerd", "containerd-shim-runc-v2", "ctr")
        },
        tags="no_btrfs,no_devmapper,no_zfs",
    ),
    Module(
        "kubernetes",
        {
            command: f"k8s.io/kubernetes/cmd/{command}"
            for command in (
                "kubelet",
                "kubectl",
                "kube-proxy",
                "kube-scheduler",
                "kube-controller-manager",
                "kube-apiserver",
            )
        },
        ldflags=f"-s -w {_STAMP}",
    ),
    Module("helm", {"helm": "helm.sh/helm/v3/cmd/helm"}),
    Module("cert-manager", {"cert-manager": "."}),
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """The folders that hold the built programs."""

    folders: tuple[Path, ...]

    def __getitem__(self, name: str) -> Path:
        for folder in self.folders:
            if (folder / name).exists():
                return folder / name
        raise KeyError(name)

    @property
    def search_path(self) -> str:
        """A PATH that finds these programs first: containerd looks for its shim there."""
        return ":".join([*map(str, self.folders), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def built() -> Binaries:
    """Every program, built first where it is not there yet.

    Cold this takes about 17 minutes on two cores; from the cache it takes no time.
    Raises `NoGoError` with what to install, `CalledProcessError` where a build fails.
    """
    go = _go()
    return Binaries(tuple(_built(go, module) for module in ALL))


def source_of(name: str, package: str) -> Path:
    """The folder of a published package that one of the modules pins, with what lies in it."""
    folder = MODULES / name
    return Path(run([_go(), "list", "-m", "-f", "{{.Dir}}", package], cwd=folder).strip())


def _go() -> str:
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if found is None:
        raise NoGoError(
            "Building Kubernetes needs Go, and there is no `go` on PATH or in /usr/local/go/bin. "
            f"Install Go {max(map(_wanted, ALL), key=_number)} or newer (https://go.dev/doc/install)."
        )
    return found


def _wanted(module: Module) -> str:
    lines = (module.folder / "go.mod").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("go "))


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _version(go: str, module: Module) -> str:
    # `go list` says when go.mod wants a newer Go that cannot be fetched; `go env` does not.
    try:
        run([go, "list", "-m"], cwd=module.folder)
        return run([go, "env", "GOVERSION"], cwd=module.folder).strip()
    except CommandError as error:
        raise NoGoError(
            f"{go} cannot build {module.name}: {error.stderr.strip()}. "
            f"Install Go {_wanted(module)} or newer (https://go.dev/doc/install), or unset "
            "GOTOOLCHAIN=local so that this one fetches what it needs."
        ) from error


def _built(go: str, module: Module) -> Path:
    names = ["go.mod", "go.sum", *sorted(file.name for file in module.folder.glob("*.go"))]
    files = [(module.folder / name).read_bytes() for name in names]
    key = paths.key(*files, _version(go, module), *module.flags)

    def make(folder: Path) -> None:
        folder.mkdir()
        # No cgo: no C compiler is needed, and the programs run whatever libc the machine has.
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
        for command, package in module.commands.items():
            started = time.monotonic()
            say(f"building {command} ({module.name})")
            subprocess.run(
                ["nice", go, "build", *module.flags, "-o", str(folder / command), package],
                cwd=module.folder,
                env=environment,
                check=True,
            )
            say(f"built {command} in {time.monotonic() - started:.0f} s")

    return paths.kept(paths.cache("bin") / f"{module.name}-{key}", make)
