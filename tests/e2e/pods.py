"""Pods of the end-to-end tests, and what became of them."""

import json
from typing import Any

from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.commands import CommandError, eventually

WORKLOAD = "localhost/workload:1"
FILL = "/usr/local/bin/fill"

Json = dict[str, Any]


def container(name: str = "main", *args: str, limits: dict[str, str] | None = None) -> Json:
    """A container that runs `fill`: takes 1 MiB at a time until it is refused, and says so."""
    return {
        "name": name,
        "image": WORKLOAD,
        "imagePullPolicy": "Never",
        "command": [FILL, *(args or ("--json",))],
        "resources": {"limits": limits} if limits else {},
    }


def pod(
    name: str,
    *args: str,
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    limits: dict[str, str] | None = None,
    namespace: str = "default",
    **spec: Any,
) -> Json:
    """A pod of one such container; `spec` adds to or replaces fields of its spec."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": annotations or {},
            "labels": labels or {},
        },
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "containers": [container("main", *args, limits=limits)],
        }
        | spec,
    }


class Pods:
    """The pods of a cluster, as kubectl shows them."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def create(self, *manifests: Json) -> str:
        """`kubectl create`, so that nothing is patched. Raises CommandError if refused."""
        listing = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        return self.cluster.kubectl("create", "--filename=-", stdin=json.dumps(listing))

    def refusal(self, manifest: Json) -> str:
        """What the API server says when it refuses the pod; fails if it does not."""
        try:
            self.create(manifest)
        except CommandError as error:
            return error.stderr
        raise AssertionError(f"{manifest['metadata']['name']} was created")

    def get(self, name: str, namespace: str = "default") -> Json:
        found = self.cluster.kubectl("get", "pod", name, "-n", namespace, "-o", "json")
        return dict(json.loads(found))

    def all(self, namespace: str = "default") -> list[Json]:
        found = self.cluster.kubectl("get", "pods", "-n", namespace, "-o", "json")
        return [dict(item) for item in json.loads(found)["items"]]

    def phase(self, name: str, namespace: str = "default") -> str:
        return str(self.get(name, namespace)["status"].get("phase"))

    def running(self, name: str, namespace: str = "default", within: float = 60) -> None:
        """Waits until every container of the pod is ready."""
        eventually(lambda: self.all_ready(name, namespace), within)

    def all_ready(self, name: str, namespace: str = "default") -> bool:
        statuses = self.get(name, namespace)["status"].get("containerStatuses") or []
        return bool(statuses) and all(status["ready"] for status in statuses)

    def finished(self, name: str, namespace: str = "default", within: float = 60) -> None:
        """Waits until the pod has succeeded."""
        eventually(lambda: self.phase(name, namespace) == "Succeeded", within)

    def said(self, name: str, container_name: str = "main", namespace: str = "default") -> Json:
        """The last JSON line that a container printed."""
        lines = self.logs(name, container_name, namespace).splitlines()
        return dict(json.loads([line for line in lines if line.startswith("{")][-1]))

    def logs(self, name: str, container_name: str = "main", namespace: str = "default") -> str:
        return self.cluster.kubectl("logs", name, "-c", container_name, "-n", namespace)

    def events(self, name: str, namespace: str = "default") -> list[str]:
        """The messages of the pod's events."""
        only = f"--field-selector=involvedObject.name={name}"
        found = self.cluster.kubectl("get", "events", "-n", namespace, only, "-o", "json")
        return [str(event["message"]) for event in json.loads(found)["items"]]

    def event(self, name: str, part: str, namespace: str = "default", within: float = 60) -> str:
        """The first event of the pod that says `part`, waited for."""

        def found() -> str:
            return next((m for m in self.events(name, namespace) if part in m), "")

        return eventually(found, within)

    def assigned(self, name: str, namespace: str = "default") -> Json:
        """The grants of a pod by container's name, as the scheduler's Binding wrote them."""
        text = self.get(name, namespace)["metadata"]["annotations"]["tranche.dev/assigned"]
        return dict(json.loads(text)["containers"])

    def delete(self, *names: str, namespace: str = "default", wait: bool = True) -> None:
        self.cluster.kubectl(
            "delete",
            "pod",
            *names,
            "-n",
            namespace,
            f"--wait={str(wait).lower()}",
            "--grace-period=1",
        )

    def clear(self, namespace: str = "default") -> None:
        """Deletes all pods of a namespace and waits until they are gone."""
        self.cluster.kubectl("delete", "pods", "--all", "-n", namespace, "--grace-period=1")
