"""What the kubelet and containerd change on the machine outside their folders, and its undoing.

Their paths and kernel settings here are written into their source and cannot be configured:
the kubelet's pkg/kubelet/cm/devicemanager, pkg/kubelet/kuberuntime (ContainerLogsDir) and
pkg/kubelet/cm/container_manager_linux.go (setupKernelTunables), containerd's shim sockets,
libcni's results.
"""

import json
import socket
from pathlib import Path

from tests.e2e.cluster.node import DEVICE_PLUGINS
from tests.e2e.cluster.paths import remove

_MADE = ("/var/lib/kubelet", "/var/log/containers", "/var/lib/cni", "/run/containerd")
_KERNEL = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


_FILE = "host.json"


def remember(state: Path) -> None:
    """Notes in the state folder what is there before the cluster starts."""
    kernel = {name: Path("/proc/sys", name).read_text().strip() for name in _KERNEL}
    absent = [place for place in _MADE if not Path(place).exists()]
    state.mkdir(parents=True, exist_ok=True)
    (state / _FILE).write_text(json.dumps({"kernel": kernel, "absent": absent}))


def remembered(state: Path) -> bool:
    """Whether the folder is that of a cluster that was started and not cleared."""
    return (state / _FILE).exists()


def forget(state: Path) -> None:
    """Removes the state folder, the note last: until then a second attempt knows what to do."""
    for child in state.iterdir():
        if child.name != _FILE:
            remove(child)
    remove(state)


def restore(state: Path, network: str) -> None:
    """Puts back what `remember` noted; call it when no process of the cluster is left."""
    noted = json.loads((state / _FILE).read_text())
    for name, value in noted["kernel"].items():
        setting = Path("/proc/sys", name)
        if setting.read_text().strip() != value:
            setting.write_text(value)
    for place in noted["absent"]:
        remove(Path(place))
    # Where a folder was there before, only what the cluster put into it goes.
    for name in ("kubelet.sock", "kubelet_internal_checkpoint"):
        (DEVICE_PLUGINS / name).unlink(missing_ok=True)
    for link in Path("/var/log/containers").glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(state):
            link.unlink()
    for result in Path("/var/lib/cni/results").glob(f"{network}-*"):
        result.unlink()
    for shim in Path("/run/containerd/s").glob("*"):
        if _is_dead(shim):
            shim.unlink()


def _is_dead(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
