"""kube-scheduler runs with the configuration, the flags and the rights that the chart gives it."""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.chart.api_server import ApiServer, free_ports, process, trusting
from tests.chart.objects import node, pod, pods_path
from tests.chart.programs import need
from tests.chart.rendering import NAMESPACE, rendered

LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/tranche-scheduler"
NODE = "/api/v1/nodes/scheduled"


@pytest.fixture(scope="module")
def scheduler(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The container of that name, without the container; the folder of its log."""
    (program,) = need("kube-scheduler")
    folder = tmp_path_factory.mktemp("scheduler")
    manifests = rendered()
    config = yaml.safe_load(manifests.one("ConfigMap", "tranche")["data"]["scheduler.yaml"])
    credentials = folder / "kubeconfig"
    server.write_kubeconfig(credentials, server.token(NAMESPACE, "tranche-webhook"))
    config["clientConnection"] = {"kubeconfig": str(credentials)}
    (folder / "scheduler.yaml").write_text(yaml.safe_dump(config))
    spec = manifests.one("Deployment", "tranche-webhook-0")["spec"]["template"]["spec"]
    (container,) = (one for one in spec["containers"] if one["name"] == "scheduler")
    flags = [flag for flag in container["args"] if not flag.startswith("--config=")]
    (port,) = free_ports(1)
    flags += [f"--config={folder / 'scheduler.yaml'}", f"--secure-port={port}"]
    with process("scheduler", program, *flags, folder=folder) as running:
        until = time.monotonic() + 60
        while not is_ready(port):
            assert running.poll() is None, (folder / "scheduler.log").read_text()[-2000:]
            assert time.monotonic() < until, (folder / "scheduler.log").read_text()[-2000:]
            time.sleep(0.2)
        yield folder


def is_ready(port: int) -> bool:
    """What the kubelet asks, and like it with no credentials."""
    try:
        url = f"https://127.0.0.1:{port}/readyz"
        with urllib.request.urlopen(url, context=trusting()) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_one_of_the_replicas_leads(server: ApiServer, scheduler: Path):
    assert scheduler
    until = time.monotonic() + 30
    while not server.call("GET", LEASE).body["spec"].get("holderIdentity"):
        assert time.monotonic() < until
        time.sleep(0.2)


def test_it_binds_a_pod_of_its_profile(server: ApiServer, scheduler: Path):
    """One that asks for no card, since nobody plays the extender here."""
    server.call("POST", "/api/v1/nodes", node("scheduled"))
    server.merge(NODE, {"spec": {"taints": None}})
    room = {"cpu": "4", "memory": "8Gi", "pods": "10"}
    ready = {"type": "Ready", "status": "True"}
    server.merge(f"{NODE}/status", {"status": {"allocatable": room, "conditions": [ready]}})
    server.call("POST", pods_path(kept=True), pod("plain", schedulerName="tranche-scheduler"))
    path = f"{pods_path(kept=True)}/plain"
    until = time.monotonic() + 30
    while server.call("GET", path).body["spec"].get("nodeName") != "scheduled":
        assert time.monotonic() < until, (scheduler / "scheduler.log").read_text()[-3000:]
        time.sleep(0.2)
    server.call("DELETE", path, {"gracePeriodSeconds": 0})
    server.call("DELETE", NODE)


def test_it_is_forbidden_nothing_that_it_tries(scheduler: Path):
    log = (scheduler / "scheduler.log").read_text()
    assert "forbidden" not in log.lower()
