"""The one node: containerd, the kubelet and kube-proxy."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cluster import settings
from tests.e2e.cluster.binaries import Binaries
from tests.e2e.cluster.commands import run, succeeds
from tests.e2e.cluster.network import API_SERVICE_ADDRESS, NODE_ADDRESS, Network
from tests.e2e.cluster.process import Process

DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")  # whatever --root-dir says


@dataclass(frozen=True, slots=True)
class Node:
    """The node whose files are in `state`."""

    name: str
    state: Path
    binaries: Binaries
    network: Network

    @property
    def kubelet_root(self) -> Path:
        """Where the kubelet keeps pods' folders, and its pod-resources socket."""
        return self.state / "kubelet"

    @property
    def cdi_folders(self) -> tuple[Path, Path]:
        """What /etc/cdi and /var/run/cdi are on this node."""
        return self.state / "etc-cdi", self.state / "run-cdi"

    @property
    def containerd_socket(self) -> Path:
        return self.state / "containerd.sock"

    @property
    def containerd(self) -> Process:
        return self._process("containerd", f"--config={self.state}/containerd.toml")

    @property
    def kubelet(self) -> Process:
        return self._process(
            "kubelet",
            f"--config={self.state}/kubelet.yaml",
            f"--kubeconfig={self.state}/pki/kubelet.conf",
            f"--root-dir={self.kubelet_root}",
            f"--cert-dir={self.state}/kubelet-certificates",
            f"--hostname-override={self.name}",
            f"--node-ip={NODE_ADDRESS}",
        )

    @property
    def proxy(self) -> Process:
        return self._process(
            "kube-proxy",
            f"--config={self.state}/kube-proxy.yaml",
            f"--hostname-override={self.name}",
        )

    @property
    def processes(self) -> tuple[Process, ...]:
        """All of them, in the order they start in."""
        return self.containerd, self.kubelet, self.proxy

    def start_containerd(self) -> None:
        """Writes the node's settings, starts containerd and waits until it answers."""
        for folder in (*self.cdi_folders, self.kubelet_root, self.state / "cni"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.state / "containerd.toml").write_text(settings.containerd(self))
        (self.state / "cni" / "10-pods.conflist").write_text(
            json.dumps(settings.pods_network(self))
        )
        (self.state / "kubelet.yaml").write_text(json.dumps(settings.kubelet(self)))
        (self.state / "kube-proxy.yaml").write_text(json.dumps(settings.proxy(self)))
        self.containerd.start()
        self._wait_for_containerd()

    def start_rest(self) -> None:
        """Starts the kubelet and kube-proxy, and waits until Services lead somewhere."""
        self.kubelet.start()
        self.proxy.start()
        self.proxy.wait_until(self._services_lead, "writing the rules of Services")

    def restart_containerd(self) -> None:
        """Running pods live on: they belong to their shims."""
        self.containerd.restart()
        self._wait_for_containerd()

    def restart_kubelet(self) -> None:
        """Returns once the kubelet serves again; device plugins register with it after that."""
        self.kubelet.restart()
        self.kubelet.wait_until(self._kubelet_serves, "serving")

    def import_image(self, archive: Path) -> None:
        """Puts the images of an OCI archive where the kubelet finds them."""
        self.ctr("images", "import", "--local", str(archive))

    def ctr(self, *arguments: str) -> str:
        """Runs ctr in Kubernetes' own namespace of containerd, and answers its output."""
        return run(self.ctr_command(*arguments))

    def ctr_command(self, *arguments: str) -> list[str]:
        """The command that `ctr` runs."""
        address = f"--address={self.containerd_socket}"
        return [str(self.binaries["ctr"]), address, "--namespace=k8s.io", *arguments]

    def _wait_for_containerd(self) -> None:
        self.containerd.wait_until(self._containerd_answers, "answering")

    def _containerd_answers(self) -> bool:
        return succeeds(self.ctr_command("version"))

    def _services_lead(self) -> bool:
        return API_SERVICE_ADDRESS in run(self.network.inside(["nft", "list", "ruleset"]))

    def _kubelet_serves(self) -> bool:
        listeners = run(self.network.inside(["ss", "--listening", "--tcp", "--numeric"]))
        return f"{NODE_ADDRESS}:{settings.KUBELET_PORT}" in listeners

    def _process(self, name: str, *flags: str) -> Process:
        argv = self.network.inside([str(self.binaries[name]), *flags])
        return Process(name, tuple(argv), self.state / "logs", self.binaries.search_path)
