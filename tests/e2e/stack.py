"""Tranche on the cluster, installed as a user would, over a driver with no card behind it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.cluster import images, paths, project
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.commands import eventually, run
from tests.e2e.cluster.node import DEVICE_PLUGINS
from tests.e2e.pods import WORKLOAD, Pods

NAMESPACE = "tranche-system"
CARD_MIB = 81920
BUILD = paths.REPOSITORY / "build"
GUARDS = (
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "validatingadmissionpolicybindings",
)


@dataclass(frozen=True, slots=True)
class Stack:
    """A cluster of one node with two A100s of 80 GiB, and Tranche on it."""

    cluster: Cluster
    pods: Pods = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pods", Pods(self.cluster))

    @property
    def driver_root(self) -> Path:
        return self.cluster.state_dir / "driver"

    @property
    def state_dir(self) -> Path:
        """The node agent's folder on the node."""
        return self.cluster.state_dir / "tranche"

    @property
    def cdi_dir(self) -> Path:
        return self.cluster.cdi_folders[1]

    @property
    def uuids(self) -> list[str]:
        return sorted(self.oracle_mib(of_all=True))

    def oracle(self) -> list[dict[str, Any]]:
        """What the driver itself counts on each card, outside of the interposer's reach."""
        tool = BUILD / "tools" / "oracle"
        lines = run([str(tool), str(self.driver_root / "run/fakegpu/oracle")]).splitlines()
        return [json.loads(line) for line in lines]

    def oracle_mib(self, *, of_all: bool = False) -> dict[str, int]:
        """MiB truly in use, by card; cards with none are left out."""
        return {c["uuid"]: c["used_mib"] for c in self.oracle() if c["used_mib"] or of_all}

    def used_mib(self) -> int:
        """MiB truly in use on both cards together."""
        return sum(self.oracle_mib().values())

    def peaks_mib(self) -> dict[str, int]:
        """The most that was ever in use, by card."""
        return {card["uuid"]: card["peak_mib"] for card in self.oracle()}

    def namespace(self, name: str, annotations: dict[str, str]) -> None:
        """Makes a namespace, with what its platform team would write on it."""
        metadata = {"name": name, "annotations": annotations}
        self.cluster.apply(
            json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        )
        eventually(lambda: self.cluster.kubectl("get", "serviceaccount/default", "-n", name))

    def webhooks(self, *verb: str) -> str:
        """What kubectl says of the Deployments, or with `get pods` of the pods, of the webhook."""
        label = "--selector=app.kubernetes.io/component=webhook"
        return self.cluster.kubectl(*verb, label, "-n", NAMESPACE)

    def stop_webhook(self) -> None:
        """Scales it to nothing and waits until nobody answers."""
        self.webhooks("scale", "deployment", "--replicas=0")
        eventually(lambda: not self.webhooks("get", "pods", "--output=name"))

    def start_webhook(self) -> None:
        """Puts each replica back and waits until they answer."""
        self.webhooks("scale", "deployment", "--replicas=1")
        self.webhooks("rollout", "status", "deployment")
        self.wait_until_reached()

    def wait_until_reached(self) -> None:
        """Waits until the API server's way through the Service leads to the webhook."""
        asking = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "probe", "annotations": {"tranche.dev/gpu": "1Mi"}},
            "spec": {"containers": [{"name": "main", "image": WORKLOAD}]},
        }
        dry = ("create", "--dry-run=server", "--filename=-")
        eventually(lambda: self.cluster.kubectl(*dry, stdin=json.dumps(asking)))

    def under_load(self, seconds: int, *blows: Callable[["Stack"], None]) -> dict[str, Any]:
        """What 300 pods a second saw at the API server while these came, a few seconds apart."""
        command = [sys.executable, "-m", "tests.e2e.load", str(self.cluster.kubeconfig)]
        load = subprocess.Popen(
            self.cluster.inside(*command, "300", str(seconds)),
            cwd=paths.REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            for blow in blows:
                time.sleep(5)
                assert load.poll() is None, f"the load was over before {blow.__name__}"
                blow(self)
            out, _ = load.communicate(timeout=120)
        finally:
            load.kill()
            load.wait()
        said: dict[str, Any] = json.loads(out)
        print(f"\nload: {said}")
        return said

    def kill(self, program: str, pod: str = "", number: int = signal.SIGKILL) -> None:
        """A signal to every process of a program that runs in a pod, or in the pod of that uid.

        After SIGKILL the kubelet starts it again.
        """
        killed = 0
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_text().split("\0")
                groups = (process / "cgroup").read_text()
                in_pod = "kubepods" in groups and pod in groups
                if in_pod and any(Path(word).name == program for word in words):
                    os.kill(int(process.name), number)
                    killed += 1
        assert killed, f"no process of {program} runs in a pod"

    @contextlib.contextmanager
    def unguarded(self) -> Iterator[None]:
        """Without the admission webhook and the policies' bindings, as after somebody's mistake."""
        saved = []
        for kind in GUARDS:
            items = json.loads(self.cluster.kubectl("get", kind, "-o", "json"))["items"]
            for item in items:
                if item["metadata"]["name"].startswith("tranche"):
                    for of_the_server in ("resourceVersion", "uid", "creationTimestamp"):
                        item["metadata"].pop(of_the_server, None)
                    saved.append(item)
                    self.cluster.kubectl("delete", kind, item["metadata"]["name"])
        assert saved
        # The API server's own watch of these objects follows a moment later.
        probe = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "probe", "annotations": {"tranche.dev/assigned": "probe"}},
            "spec": {"containers": [{"name": "main", "image": WORKLOAD}]},
        }
        dry = ("create", "--dry-run=server", "--filename=-")
        eventually(lambda: self.cluster.kubectl(*dry, stdin=json.dumps(probe)))
        try:
            yield
        finally:
            listing = {"apiVersion": "v1", "kind": "List", "items": saved}
            self.cluster.kubectl("create", "--filename=-", stdin=json.dumps(listing))
            self.wait_until_reached()


def install(cluster: Cluster) -> Stack:
    """Puts a driver, the images and the chart on the cluster, and waits until all is ready."""
    stack = Stack(cluster)
    _driver(stack)
    cluster.import_scheduler()
    cluster.import_image(project.image())
    cluster.import_image(images.workload({"/usr/local/bin/fill": BUILD / "tools" / "fill"}))
    values = {
        "image": {"repository": "localhost/tranche", "tag": "e2e", "pullPolicy": "Never"},
        "settings": {
            "dialects": {"volcano": {"gpuMemoryFactor": 1}, "kai": True},
            "vendors": {"hygon": {}},
        },
        "agent": {
            "driverRoot": str(stack.driver_root),
            # This machine's own mounts may be private, as without systemd.
            "driverRootPropagation": "None",
            "hostPaths": {
                "state": str(stack.state_dir),
                "cdi": str(stack.cdi_dir),
                "vendorCdi": [str(folder) for folder in cluster.cdi_folders],
                "devicePlugins": str(DEVICE_PLUGINS),
                "podResources": str(cluster.kubelet_root / "pod-resources"),
            },
        },
    }
    file = cluster.state_dir / "values.json"
    file.write_text(json.dumps(values))
    chart = str(paths.REPOSITORY / "charts" / "tranche")
    where = ("--namespace", NAMESPACE, "--create-namespace")
    cluster.helm(
        "upgrade",
        "--install",
        "tranche",
        chart,
        *where,
        f"--values={file}",
        "--wait",
        "--timeout=3m",
    )
    cards = "jsonpath={.metadata.annotations.tranche\\.dev/cards}"
    node = ("get", "node", cluster.node_name, "-o")
    eventually(lambda: cluster.kubectl(*node, cards))
    tokens = "jsonpath={.status.allocatable.nvidia\\.com/gpu}"
    eventually(lambda: cluster.kubectl(*node, tokens) not in {"", "0"})
    stack.wait_until_reached()
    return stack


def _driver(stack: Stack) -> None:
    """A driver's root folder and the vendor's CDI spec, as a node with two cards has them.

    Each module that a program loads takes a MiB of them; pods that load none notice nothing.
    """
    paths.remove(stack.driver_root)
    fakes = paths.REPOSITORY / "interposer" / "fakes"
    lines = (fakes / "cards" / "A100-80").read_text().splitlines()
    cards = stack.cluster.state_dir / "cards"
    cards.write_text("".join(f"{line} module=1024\n" for line in lines if line[:1] != "#"))
    words = [sys.executable, str(fakes / "driver_root.py"), str(stack.driver_root)]
    subprocess.run([*words, "--cards", str(cards)], check=True)
    spec = stack.cluster.cdi_folders[0] / "nvidia.yaml"
    shutil.copyfile(stack.driver_root / "etc/cdi/nvidia.yaml", spec)
