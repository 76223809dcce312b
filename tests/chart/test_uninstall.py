"""Uninstalling leaves nothing behind."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chart.api_server import ApiServer, As
from tests.chart.conftest import Helm, installed, wait_for_policies
from tests.chart.objects import node
from tests.chart.rendering import NAMESPACE, rendered

SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
PATHS = {
    "ServiceAccount": f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts",
    "Role": f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/roles",
    "RoleBinding": f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
}
AGENT = As(
    f"system:serviceaccount:{NAMESPACE}:tranche-agent",
    extra={"authentication.kubernetes.io/node-name": "n9"},
)
DAEMON_SET = f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets/tranche-agent"


@pytest.fixture
def release(tmp_path: Path) -> Iterator[Helm]:
    """One of its own: no other test could go on with what is left of it."""
    with installed(tmp_path) as helm:
        wait_for_policies(helm.server)
        yield helm


def test_uninstalling_leaves_nothing_of_ours(release: Helm, tmp_path: Path):
    """The clean-up with the rights that the chart gives it, then helm: no kubelet runs the Job."""
    server = release.server
    server.call("POST", "/api/v1/nodes", node("n9"))
    cards = {"metadata": {"annotations": {"tranche.dev/cards": "{}"}}}
    assert server.merge("/api/v1/nodes/n9", cards, who=AGENT).status == 200
    own = {"metadata": {"name": "tranche-webhook-tls"}}
    server.call("POST", SECRETS, own)
    manifests = rendered()
    clean_up(server, tmp_path, manifests)

    annotations = server.call("GET", "/api/v1/nodes/n9").body["metadata"].get("annotations", {})
    assert "tranche.dev/cards" not in annotations
    release("uninstall", "tranche", "--no-hooks")
    left = [
        f"{one['kind']} {one['metadata']['name']}"
        for one in manifests
        if "helm.sh/hook" not in one["metadata"].get("annotations", {}) and exists(server, one)
    ]
    assert left == []
    names = [one["metadata"]["name"] for one in server.call("GET", SECRETS).body["items"]]
    assert names == []


def collect_garbage(server: ApiServer, done: threading.Event) -> None:
    """What the controller manager does for an object that is deleted in the foreground."""
    while not done.is_set():
        if "deletionTimestamp" in server.call("GET", DAEMON_SET).body.get("metadata", {}):
            server.merge(DAEMON_SET, {"metadata": {"finalizers": None}})
        time.sleep(0.1)


def clean_up(server: ApiServer, folder: Path, manifests: list[dict[str, Any]]) -> None:
    """Runs the Job's command as the Job's account."""
    hooks = [one for one in manifests if "helm.sh/hook" in one["metadata"].get("annotations", {})]
    weight = "helm.sh/hook-weight"
    for one in sorted(hooks, key=lambda one: int(one["metadata"]["annotations"][weight])):
        if one["kind"] == "Job":
            (container,) = one["spec"]["template"]["spec"]["containers"]
        else:
            answer = server.call("POST", PATHS[one["kind"]], one)
            assert answer.status == 201, answer.message
    file = folder / "clean-up.json"
    server.write_kubeconfig(file, server.token(NAMESPACE, "tranche-uninstall"))
    program, *words = container["command"]
    assert program == "tranche-webhook"
    over = threading.Event()
    collector = threading.Thread(target=collect_garbage, args=(server, over))
    collector.start()
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "webhook.main",
                *words,
                *container["args"],
                "--kubeconfig",
                file,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
    finally:
        over.set()
        collector.join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is left" in done.stdout


def exists(server: ApiServer, one: dict[str, Any]) -> bool:
    group, _, _ = one["apiVersion"].rpartition("/")
    base = f"/apis/{one['apiVersion']}" if group else f"/api/{one['apiVersion']}"
    kind = one["kind"].lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    inside = one["metadata"].get("namespace")
    middle = f"/namespaces/{inside}" if inside else ""
    path = f"{base}{middle}/{plural}/{one['metadata']['name']}"
    answer = server.call("GET", path)
    assert answer.status in {200, 404}, (path, answer.message)
    return answer.status == 200 and "deletionTimestamp" not in answer.body["metadata"]
