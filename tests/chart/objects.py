"""Pods and nodes to send to an API server, and where to."""

from typing import Any

Json = dict[str, Any]


def pods_path(namespace: str = "default", *, kept: bool = False) -> str:
    """Where pods are created: only tried, unless they are to be kept."""
    return f"/api/v1/namespaces/{namespace}/pods" + ("" if kept else "?dryRun=All")


def pod(name: str = "a", **parts: Any) -> Json:
    """A pod of one container. `parts`: annotations, labels, limits, requests; else its spec's."""
    resources = {
        key: value for key in ("limits", "requests") if (value := parts.pop(key, None)) is not None
    }
    metadata = {"name": name} | {
        key: parts.pop(key) for key in ("annotations", "labels") if key in parts
    }
    container = {"name": "main", "image": "example"} | (
        {"resources": resources} if resources else {}
    )
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container]} | parts,
    }


POD_WITH_WORDS = pod(annotations={"tranche.dev/gpu": "3000Mi"})


def node(name: str, **metadata: Any) -> Json:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name} | metadata}


def binding(name: str, annotations: dict[str, str]) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name, "annotations": annotations},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "somewhere"},
    }
