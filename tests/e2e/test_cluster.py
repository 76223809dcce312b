"""The cluster itself does what the other tests take for granted of a Kubernetes."""

import base64
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import images, leftovers, paths
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.commands import CommandError, eventually
from tests.e2e.cluster.pki import Pki
from tests.e2e.conftest import STATE

WORKLOAD = "localhost/smoke:1"

PROGRAMS = paths.REPOSITORY / "tests" / "e2e" / "cluster" / "smoke"


@pytest.fixture(scope="module")
def workload(cluster: Cluster) -> str:
    """An image with the programs of this file's pods."""
    files = {
        f"/usr/local/bin/{name}": PROGRAMS / name for name in ("hello", "refuser.py", "caller.py")
    }
    cluster.import_image(images.workload(files, WORKLOAD))
    return WORKLOAD


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    name = re.sub("[^a-z0-9]+", "-", request.node.name)[:60].strip("-")
    cluster.kubectl("create", "namespace", name)
    eventually(lambda: cluster.kubectl("get", "serviceaccount/default", f"--namespace={name}"))
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def pod(name: str, image: str, command: list[str], **spec: Any) -> dict[str, Any]:
    """A pod that ends with its one container."""
    container = {"name": "main", "image": image, "command": command, "imagePullPolicy": "Never"}
    container |= spec.pop("container", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"name": name}},
        "spec": {
            "containers": [container],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            **spec,
        },
    }


def apply(cluster: Cluster, namespace: str, *objects: dict[str, Any]) -> None:
    for item in objects:
        cluster.kubectl("apply", f"--namespace={namespace}", "-f", "-", stdin=json.dumps(item))


def wait_for(cluster: Cluster, namespace: str, name: str, *phases: str) -> dict[str, Any]:
    """The pod's status once it is in one of these phases."""

    def status() -> dict[str, Any] | None:
        asked = cluster.kubectl("get", "pod", name, f"--namespace={namespace}", "-ojson")
        found: dict[str, Any] = json.loads(asked)["status"]
        return found if found["phase"] in phases else None

    return eventually(status) or {}


def container_of(status: dict[str, Any]) -> tuple[str, int]:
    """Which container the pod has now, and how often it was started again."""
    (only,) = status["containerStatuses"]
    return only["containerID"], only["restartCount"]


@pytest.mark.before_cluster
def test_a_stopped_cluster_leaves_no_trace() -> None:
    """No process, mount, control group, network namespace or file, even of a running pod."""
    places = [Path("/var/lib/kubelet"), Path("/run/containerd"), Path("/var/log/containers")]
    before = [place.exists() for place in places]
    with Cluster.start(STATE) as started:
        sleeper = pod("sleeper", images.BASE, ["sleep", "infinity"])
        apply(started, "default", sleeper)
        wait_for(started, "default", "sleeper", "Running")
        found = leftovers.found(started.state_dir, started.network)
        kinds = {line.split()[0] for line in found}
        assert kinds == {"process", "mount", "control", "network", "folder"}
    assert leftovers.found(started.state_dir, started.network) == []
    assert [place.exists() for place in places] == before


@pytest.mark.before_cluster
def test_a_new_run_clears_what_a_killed_one_left() -> None:
    """Half of the programs gone, pods still running: it starts all the same."""
    left = Cluster.start(STATE)
    apply(left, "default", pod("sleeper", images.BASE, ["sleep", "infinity"]))
    wait_for(left, "default", "sleeper", "Running")
    for name in ("containerd", "kube-apiserver"):
        left.process(name).kill()
    with Cluster.start(STATE) as started:
        assert started.kubectl("get", "pods", "--output=name") == ""
    assert leftovers.found(started.state_dir, started.network) == []


def test_a_pod_runs_and_its_log_is_read(cluster: Cluster, workload: str, namespace: str) -> None:
    apply(cluster, namespace, pod("greeter", workload, ["hello"]))
    wait_for(cluster, namespace, "greeter", "Succeeded")
    assert cluster.kubectl("logs", "greeter", f"-n{namespace}") == "hello from greeter\n"


def test_a_command_runs_in_a_running_pod(cluster: Cluster, workload: str, namespace: str) -> None:
    apply(cluster, namespace, pod("sleeper", workload, ["sleep", "infinity"]))
    wait_for(cluster, namespace, "sleeper", "Running")
    said = cluster.kubectl("exec", "sleeper", f"-n{namespace}", "--", "hello")
    assert said == "hello from sleeper\n"


def test_a_pod_reaches_the_api_server_with_its_own_token(
    cluster: Cluster, workload: str, namespace: str
) -> None:
    """Through the Service and the addresses that client libraries take from the environment."""
    script = "/usr/local/bin/caller.py"
    apply(cluster, namespace, pod("client", workload, ["python3", script]))
    wait_for(cluster, namespace, "client", "Succeeded", "Failed")
    assert cluster.kubectl("logs", "client", f"-n{namespace}") == "200\n"


def test_pods_reach_each_other_and_themselves_through_a_service(
    cluster: Cluster, workload: str, namespace: str
) -> None:
    serve = ["python3", "-m", "http.server", "--directory=/etc", "8080"]
    apply(cluster, namespace, pod("server", workload, serve), service(443, 8080, "server"))
    wait_for(cluster, namespace, "server", "Running")
    address = cluster.kubectl(
        "get", "service", "server", f"-n{namespace}", "-ojsonpath={.spec.clusterIP}"
    )
    ask = f"import urllib.request as r; print(r.urlopen('http://{address}:443/hostname').status)"
    apply(
        cluster,
        namespace,
        pod("asker", workload, ["python3", "-c", ask], restartPolicy="OnFailure"),
    )
    wait_for(cluster, namespace, "asker", "Succeeded")
    itself = cluster.kubectl("exec", "server", f"-n{namespace}", "--", "python3", "-c", ask)
    assert itself == "200\n"


def service(port: int, target: int, name: str) -> dict[str, Any]:
    """A Service before the pod with that name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"name": name}, "ports": [{"port": port, "targetPort": target}]},
    }


def test_the_api_server_calls_a_webhook_in_a_pod(
    cluster: Cluster, workload: str, namespace: str, tmp_path: Path
) -> None:
    authority = Pki(tmp_path)
    authority.issue("server", "webhook", server=[f"refuser.{namespace}.svc"])
    cluster.kubectl(
        *("create", "secret", "generic", "tls", f"-n{namespace}"),
        *(f"--from-file={tmp_path}/server.{end}" for end in ("crt", "key")),
    )
    mount = {"volumeMounts": [{"name": "tls", "mountPath": "/tls"}]}
    volumes = [{"name": "tls", "secret": {"secretName": "tls"}}]
    run = ["python3", "/usr/local/bin/refuser.py"]
    refuser = pod("refuser", workload, run, container=mount, volumes=volumes)
    apply(cluster, namespace, refuser, service(443, 8443, "refuser"))
    wait_for(cluster, namespace, "refuser", "Running")
    configuration = webhook_configuration(namespace, (tmp_path / "ca.crt").read_bytes())
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(configuration))
    try:
        eventually(lambda: refusal(cluster, namespace))
    finally:
        cluster.kubectl("delete", "validatingwebhookconfiguration", namespace)


def webhook_configuration(namespace: str, authority: bytes) -> dict[str, Any]:
    """Sends every config map of the namespace to the pod behind its Service `refuser`."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": namespace},
        "webhooks": [
            {
                "name": "refuser.e2e.test",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Ignore",
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["configmaps"],
                    }
                ],
                "clientConfig": {
                    "caBundle": base64.b64encode(authority).decode(),
                    "service": {"namespace": namespace, "name": "refuser"},
                },
            }
        ],
    }


def refusal(cluster: Cluster, namespace: str) -> bool:
    """Whether the creation of a config map is refused in the pod's own words."""
    try:
        cluster.kubectl("create", "configmap", "any", f"-n{namespace}", "--dry-run=server")
    except CommandError as error:
        return "refused by the pod" in error.stderr
    return False


@pytest.mark.parametrize("program", ["kubelet", "containerd"])
def test_a_pod_lives_through_a_restart_of(
    cluster: Cluster, workload: str, namespace: str, program: str
) -> None:
    """The same container, not a new one; and pods that come after start as ever."""
    apply(cluster, namespace, pod("survivor", workload, ["sleep", "infinity"]))
    before = container_of(wait_for(cluster, namespace, "survivor", "Running"))
    restart = {"kubelet": cluster.restart_kubelet, "containerd": cluster.restart_containerd}
    restart[program]()
    apply(cluster, namespace, pod("newcomer", workload, ["hello"]))
    wait_for(cluster, namespace, "newcomer", "Succeeded")
    assert container_of(wait_for(cluster, namespace, "survivor", "Running")) == before
    said = cluster.kubectl("exec", "survivor", f"-n{namespace}", "--", "hello")
    assert said == "hello from survivor\n"


def test_a_killed_program_is_started_again_by_its_handle(cluster: Cluster) -> None:
    scheduler = cluster.process("kube-scheduler")
    before = scheduler.pid
    scheduler.kill()
    assert scheduler.pid is None
    scheduler.start()
    assert scheduler.pid not in {None, before}


def test_the_published_scheduler_image_is_there_without_a_registry(
    cluster: Cluster, namespace: str
) -> None:
    cluster.import_scheduler()
    run = ["kube-scheduler", "--version"]
    apply(cluster, namespace, pod("scheduler", images.SCHEDULER, run))
    wait_for(cluster, namespace, "scheduler", "Succeeded")
    assert "v1.37.2" in cluster.kubectl("logs", "scheduler", f"-n{namespace}")


def test_helm_installs_a_chart_and_takes_it_away(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: smoke\nversion: 0.1.0\n")
    template = """\
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: made-by-helm}
        """
    (tmp_path / "templates" / "map.yaml").write_text(textwrap.dedent(template))
    cluster.helm("install", "smoke", str(tmp_path), f"--namespace={namespace}")
    assert cluster.kubectl("get", "configmap/made-by-helm", f"-n{namespace}", "-oname")
    cluster.helm("uninstall", "smoke", f"--namespace={namespace}")
    maps = cluster.kubectl("get", "configmaps", f"-n{namespace}", "-oname").split()
    assert "configmap/made-by-helm" not in maps
