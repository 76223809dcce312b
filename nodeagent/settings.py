"""The agent's options: flags, and for each an environment variable."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nodeagent.enforcement.interposer import CoresPolicy
from nodeagent.slices.cdi import DriverMode

_DESCRIPTION: Final = """\
Tranche's agent of one node: finds its cards, offers them to the kubelet, and gives every container
the slice that the scheduler assigned to its pod, and no other. Every flag can also be set by an
environment variable: --driver-root by TRANCHE_DRIVER_ROOT, and so on; --node-name by NODE_NAME."""


@dataclass(frozen=True, slots=True)
class Settings:
    """See ``tranche-nodeagent --help``."""

    node_name: str
    driver_root: Path
    driver_mode: DriverMode
    state_dir: Path
    cdi_dir: Path
    vendor_cdi_dirs: tuple[Path, ...]
    device_plugins_dir: Path
    pod_resources_socket: Path
    library: Path
    slices_per_card: int
    cores_policy: CoresPolicy
    resource_name: str
    cgroup_root: Path
    proc_root: Path
    metrics_port: int
    look_every: float
    kubeconfig: Path | None
    namespace: str
    daemon_set: str
    standalone: bool
    pods: Path | None
    cards_out: Path | None
    log_level: str


def read_settings(
    arguments: Sequence[str], environment: Mapping[str, str] = os.environ
) -> Settings:
    """Reads the command line; ends the process with a message when it cannot be.

    Raises:
        SystemExit: as argparse does.
    """
    parser = _parser(environment)
    options = parser.parse_args(arguments)
    if not options.node_name:
        parser.error("--node-name (or NODE_NAME) is needed")
    if options.standalone and options.pods is None:
        parser.error("--standalone needs --pods")
    if options.slices_per_card < 1:
        parser.error("--slices-per-card must be at least 1")
    return Settings(**vars(options))


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "tranche-nodeagent",
        description=_DESCRIPTION,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )

    def add(flag: str, default: object, help_: str, **how: object) -> None:
        name = flag.removeprefix("--").upper().replace("-", "_")
        name = name if name == "NODE_NAME" else f"TRANCHE_{name}"
        given = environment.get(name, default)
        parser.add_argument(flag, default=given, help=help_, **how)  # type: ignore[arg-type]

    add("--node-name", "", "the node that this agent speaks for, as Kubernetes names it")
    add("--driver-root", "/", "where the driver is installed; / leaves it to the loader", type=Path)
    add(
        "--driver-mode",
        "cdi",
        "how the driver reaches containers: cdi merges the vendor's own CDI spec, runtime sets the"
        " variable that a vendor's container runtime reads",
        type=DriverMode,
        choices=tuple(DriverMode),
    )
    add("--state-dir", "/var/lib/tranche", "slices and the library, on the host", type=Path)
    add("--cdi-dir", "/var/run/cdi", "where slices' CDI specs are written", type=Path)
    add(
        "--vendor-cdi-dirs",
        "/etc/cdi,/var/run/cdi",
        "where the vendor's CDI spec is looked for, by comma; the last is the strongest",
        type=_paths,
    )
    add(
        "--device-plugins-dir",
        "/var/lib/kubelet/device-plugins",
        "the kubelet's folder of plugin sockets",
        type=Path,
    )
    add(
        "--pod-resources-socket",
        "/var/lib/kubelet/pod-resources/kubelet.sock",
        "where the kubelet tells what its pods hold",
        type=Path,
    )
    add(
        "--library",
        "/usr/local/lib/tranche/libtranche.so",
        "the interposer to give to containers",
        type=Path,
    )
    add("--slices-per-card", 100, "how many containers may share a card", type=int)
    add(
        "--cores-policy",
        "balance",
        "when a slice's share of the cores is held to: fixed always, balance while another slice"
        " works on the card, none never",
        type=CoresPolicy,
        choices=tuple(CoresPolicy),
    )
    add("--resource-name", "nvidia.com/gpu", "the resource offered to the kubelet")
    add("--cgroup-root", "/sys/fs/cgroup", "where the host's cgroups are mounted", type=Path)
    add("--proc-root", "/proc", "procfs of the pid namespace that the driver speaks of", type=Path)
    add("--metrics-port", 9400, "Prometheus metrics; 0 for none", type=int)
    add("--look-every", 10.0, "seconds between looks at the cards", type=float)
    add("--kubeconfig", None, "the API server; by default the pod's service account", type=Path)
    add("--log-level", "info", "least important line to log", choices=_LEVELS)
    parser.add_argument("--namespace", default=environment.get("POD_NAMESPACE", ""), help="own")
    parser.add_argument(
        "--daemon-set",
        default=environment.get("DAEMONSET_NAME", ""),
        help="own; when it is gone as the agent ends, the node is cleaned up",
    )
    add("--pods", None, "with --standalone: a JSON file of pods, read again on change", type=Path)
    add("--cards-out", None, "with --standalone: where the node's cards are written", type=Path)
    parser.add_argument("--standalone", action="store_true", help="run without an API server")
    return parser


_LEVELS: Final = ("debug", "info", "warning", "error")


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(Path(part) for part in text.split(",") if part)
