"""The whole cluster: what tests and the command line use."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.cluster import binaries, host, images, leftovers, ownership, packages, paths
from tests.e2e.cluster.binaries import Binaries
from tests.e2e.cluster.commands import eventually, run
from tests.e2e.cluster.console import HarnessError, say
from tests.e2e.cluster.control_plane import ControlPlane
from tests.e2e.cluster.network import Network
from tests.e2e.cluster.node import Node
from tests.e2e.cluster.oci import Image
from tests.e2e.cluster.process import Process

NODE_NAME = "e2e"
DEFAULT_STATE = Path("/var/lib/tranche-e2e")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes of one node, running. All its files are in `state_dir`.

    `cluster.node` and `cluster.control_plane` hold its programs as `Process`es: each can be
    killed, stopped and started (`cluster.node.kubelet.kill()`).
    """

    state_dir: Path
    control_plane: ControlPlane
    node: Node

    @classmethod
    def start(cls, state_dir: Path = DEFAULT_STATE, *, held: bool = True) -> Self:
        """Builds what is not built yet, and starts a cluster on a clean state folder.

        With `held` it belongs to this process: another run may clear it once that is gone.
        Raises HarnessError when the machine lacks something, another cluster runs, or a program
        does not come up.
        """
        cluster = cls._at(state_dir, cls.prepare())
        archives = [image.archive for image in (images.pause(), images.base())]
        began = time.monotonic()
        holder = ownership.this_process() if held else None
        before = ownership.claim(ownership.Owner(cluster.state_dir, holder))
        for abandoned in (before, cluster.state_dir):
            if abandoned:
                _clear(abandoned)
        try:
            cluster._start(archives)
        except BaseException:
            logs = cluster._keep_logs()
            cluster.stop()
            say(f"the cluster did not start; its logs are in {logs}")
            raise
        say(f"Kubernetes {binaries.KUBERNETES_VERSION} is up in {time.monotonic() - began:.0f} s")
        return cluster

    @classmethod
    def prepare(cls) -> Binaries:
        """Installs and builds what a start needs; at once where that is all there."""
        packages.install()
        programs = binaries.built()
        images.base_layer()
        return programs

    @classmethod
    def clear(cls, state_dir: Path) -> None:
        """Ends the cluster of that folder and removes every trace; or does nothing."""
        state = state_dir.resolve()
        _clear(state)
        ownership.release(state)

    @classmethod
    def attach(cls, state_dir: Path) -> Self:
        """The cluster already running there. Raises HarnessError where none is."""
        cluster = cls._at(state_dir, binaries.built())
        down = [process.name for process in cluster.processes if process.pid is None]
        if len(down) == len(cluster.processes):
            raise HarnessError(f"No cluster is running in {state_dir}.")
        return cluster

    @classmethod
    def _at(cls, state_dir: Path, programs: Binaries) -> Self:
        state = state_dir.resolve()
        network = Network.of(state)
        control_plane = ControlPlane(state, programs, network)
        return cls(state, control_plane, Node(NODE_NAME, state, programs, network))

    def _start(self, archives: list[Path]) -> None:
        host.remember(self.state_dir)
        self.network.up()
        self.control_plane.issue_certificates(self.node.name)
        self.control_plane.start_api()
        self.node.start_containerd()
        for archive in archives:
            self.node.import_image(archive)
        self.control_plane.start_rest()
        self.node.start_rest()
        ready = "wait", "--for=condition=Ready", f"node/{self.node_name}", "--timeout=60s"
        eventually(lambda: self.kubectl("get", f"node/{self.node_name}"))
        self.kubectl(*ready)
        # Without it no pod is admitted; the controller manager makes it in its own time.
        eventually(lambda: self.kubectl("get", "serviceaccount/default"))

    def stop(self) -> None:
        """Ends it and removes every trace. Does nothing to a cluster that is not there."""
        self.clear(self.state_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def network(self) -> Network:
        return self.node.network

    @property
    def node_name(self) -> str:
        return self.node.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; its address is good inside the namespace alone."""
        return self.control_plane.kubeconfig

    @property
    def kubelet_root(self) -> Path:
        """The kubelet's --root-dir: pod-resources/kubelet.sock is in it."""
        return self.node.kubelet_root

    @property
    def cdi_folders(self) -> tuple[Path, Path]:
        """What /etc/cdi and /var/run/cdi are on this node."""
        return self.node.cdi_folders

    @property
    def processes(self) -> tuple[Process, ...]:
        return (*self.control_plane.processes, *self.node.processes)

    def process(self, name: str) -> Process:
        """One program by its name, say `kubelet`. Raises KeyError for another name."""
        return {process.name: process for process in self.processes}[name]

    def inside(self, *argv: str) -> list[str]:
        """The command that runs `argv` where the cluster's addresses lead somewhere."""
        return self.network.inside(list(argv))

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command that runs kubectl, helm or ctr on this cluster, for subprocess."""
        if program == "ctr":
            return self.node.ctr_command(*arguments)
        path = str(self.node.binaries[program])
        return self.inside(path, f"--kubeconfig={self.kubeconfig}", *arguments)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Runs kubectl and answers its output.

        Raises CommandError, whose `stderr` says why.
        """
        return run(self.command("kubectl", *arguments), stdin)

    def helm(self, *arguments: str) -> str:
        """Runs helm and answers its output; errors are as those of `kubectl`."""
        return run(self.command("helm", *arguments))

    def apply(self, manifest: str) -> str:
        """`kubectl apply` of YAML or JSON text."""
        return self.kubectl("apply", "--filename=-", stdin=manifest)

    def import_image(self, image: Image | Path) -> None:
        """Puts an image where pods find it: give them `imagePullPolicy: Never`."""
        self.node.import_image(image.archive if isinstance(image, Image) else image)

    def import_scheduler(self) -> None:
        """Imports kube-scheduler as the image that its publisher names, for charts that run it."""
        self.import_image(images.scheduler(self.node.binaries))

    def restart_kubelet(self) -> None:
        self.node.restart_kubelet()

    def restart_containerd(self) -> None:
        self.node.restart_containerd()

    def _keep_logs(self) -> Path:
        kept = paths.REPOSITORY / "build" / "e2e" / "not-started"
        paths.remove(kept)
        shutil.copytree(self.state_dir / "logs", kept, dirs_exist_ok=True)
        return kept


def _clear(state: Path) -> None:
    """The one way down, for a cluster that ran well and for what a killed run left."""
    if not host.remembered(state):
        if state.exists() and any(state.iterdir()):
            raise HarnessError(f"{state} holds files, and not those of a cluster: not touched.")
        return
    network = Network.of(state)
    leftovers.clear(state, network)
    host.restore(state, network.name)
    host.forget(state)
