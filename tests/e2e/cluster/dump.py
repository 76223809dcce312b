"""What a person needs to see of a cluster in which a test failed, written into files."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.cluster import paths
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.commands import CommandError

_LISTED = "events,pods,deployments,daemonsets,services,nodes"


def dump(cluster: Cluster, folder: Path) -> None:
    """Writes events, objects, the logs of every container and of every program into `folder`."""
    paths.remove(folder)
    folder.mkdir(parents=True)
    shutil.copytree(cluster.state_dir / "logs", folder / "programs")
    for file, arguments in (
        ("events.txt", ["get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"]),
        ("overview.txt", ["get", _LISTED, "--all-namespaces", "--output=wide"]),
        ("pods.txt", ["describe", "pods", "--all-namespaces"]),
        ("objects.yaml", ["get", _LISTED, "--all-namespaces", "--output=yaml"]),
    ):
        (folder / file).write_text(_asked(cluster, *arguments))
    for namespace, pod, container in _containers(cluster):
        logs = [*("logs", f"--namespace={namespace}", pod, f"--container={container}")]
        name = f"{namespace}.{pod}.{container}"
        (folder / f"{name}.log").write_text(_asked(cluster, *logs))
        before = _asked(cluster, *logs, "--previous")
        if "previous terminated container" not in before:
            (folder / f"{name}.previous.log").write_text(before)


def _containers(cluster: Cluster) -> Iterator[tuple[str, str, str]]:
    try:
        pods = json.loads(cluster.kubectl("get", "pods", "--all-namespaces", "--output=json"))
    except CommandError:
        return
    for pod in pods["items"]:
        for container in [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]:
            yield pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"]


def _asked(cluster: Cluster, *arguments: str) -> str:
    try:
        # A cluster that does not answer must not hide what its logs say.
        return cluster.kubectl("--request-timeout=10s", *arguments)
    except CommandError as error:
        return error.stderr
