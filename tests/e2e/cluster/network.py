"""The network namespace that every process of the cluster lives in.

Nothing in it reaches the machine's own network or is reached from it, so ports and addresses
are free to choose, and two things called 127.0.0.1 do not meet.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.e2e.cluster import mounts, paths
from tests.e2e.cluster.commands import run

NODE_ADDRESS = "10.99.0.1"
SERVICES = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"  # the first of SERVICES, by Kubernetes' own rule
PODS = "10.200.0.0/16"

_NAMESPACES = Path("/run/netns")


@dataclass(frozen=True, slots=True)
class Network:
    """One network namespace, by name."""

    name: str

    @classmethod
    def of(cls, state: Path) -> Self:
        """The namespace of the cluster with this state folder."""
        return cls(f"tranche-{paths.key(str(state))[:8]}")

    @property
    def path(self) -> Path:
        """The file that stands for the namespace."""
        return _NAMESPACES / self.name

    def inside(self, argv: list[str]) -> list[str]:
        """The command that runs `argv` in the namespace, as the same process.

        Not `ip netns exec`: that mounts a fresh /sys, and the kubelet then finds no cgroups.
        """
        return ["nsenter", f"--net={self.path}", *argv]

    def up(self) -> None:
        """Makes the namespace with the node's address and a route to Services in it."""
        run(["ip", "netns", "add", self.name])
        for line in (
            "link set lo up",
            # A bridge with no ports carries the address, since not every kernel has the dummy
            # link type and the kubelet refuses a loopback address.
            "link add node type bridge",
            f"addr add {NODE_ADDRESS}/24 dev node",
            "link set node up",
            # Services need some route, or connecting fails before kube-proxy's rules are asked.
            f"route add {SERVICES} dev node",
        ):
            run(self.inside(["ip", *line.split()]))
        run(self.inside(["sysctl", "-qw", "net.ipv4.ip_forward=1"]))

    def pids(self) -> list[int]:
        """The processes that are in the namespace now (not those of pods, which have their own)."""
        if not self.path.exists():
            return []
        return [int(pid) for pid in run(["ip", "netns", "pids", self.name]).split()]

    def down(self) -> None:
        """Removes the namespace, with every link in it, if it is there."""
        if self.path.exists():
            run(["ip", "netns", "delete", self.name])
        # The first `ip netns add` of a machine mounts the folder onto itself.
        if _NAMESPACES.exists() and not any(_NAMESPACES.iterdir()):
            mounts.detach(_NAMESPACES)
