"""Folders of the node by which a container would reach cards, or more of them, past its slice.

Card devices themselves; what hands cards out or starts containers; and what a slice is held by. A
folder above one of these reaches it as well.
"""

import posixpath
from typing import Final

_DEVICES: Final = "/dev"

_HARMLESS_DEVICES: Final = (
    "/dev/fuse",
    "/dev/hugepages",
    "/dev/infiniband",
    "/dev/kvm",
    "/dev/log",
    "/dev/net",
    "/dev/shm",  # noqa: S108  a place to name, not to write to
)
"""Named one by one, since every maker has names of its own for cards."""

_HANDING_OUT: Final = (
    "/etc/cdi",
    "/proc",
    "/run/cdi",
    "/run/containerd",
    "/run/cri-dockerd.sock",
    "/run/crio",
    "/run/dbus/system_bus_socket",
    "/run/docker",
    "/run/docker.sock",
    "/run/k0s",
    "/run/k3s",
    "/run/nvidia",
    "/run/systemd/private",
    "/sys/fs/cgroup",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/k0s",
    "/var/lib/kubelet",
    "/var/lib/rancher/k3s/agent",
    "/var/lib/rancher/rke2/agent",
    "/var/lib/tranche",
)
"""Where containerd, CRI-O, Docker, k0s, k3s, rke2, the kubelet and systemd have their sockets and
state by default, NVIDIA's driver container its root, CDI its folders, and Tranche its slices."""


def reaches_cards(path: str) -> bool:
    """Whether a folder or file of the node lets a container past its slice.

    Args:
        path: as in a hostPath volume; spelled in any way that the node would understand.
    """
    plain = _plain(path)
    if _within(plain, _DEVICES):
        return not any(_within(plain, place) for place in _HARMLESS_DEVICES)
    return _within(_DEVICES, plain) or any(
        _within(plain, place) or _within(place, plain) for place in _HANDING_OUT
    )


def _plain(path: str) -> str:
    plain = "/" + posixpath.normpath("/" + path).lstrip("/")
    # On every node of systemd's, a link.
    return plain.removeprefix("/var") if _within(plain, "/var/run") else plain


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
