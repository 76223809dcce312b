"""Where the pod is in what makes pods.

Source: Kubernetes API reference, `PodTemplateSpec` of each kind.
"""

from collections.abc import Mapping
from typing import Any, Final

TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
} | dict.fromkeys(
    ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"),
    ("spec", "template"),
)
"""By kind, the members that lead to the pod or the pod's template."""


def template_of(workload: Any, path: tuple[str, ...]) -> Any:
    """What stands at the end of a path of `TEMPLATES`; None where it breaks off."""
    inner = workload
    for member in path:
        inner = inner.get(member) if isinstance(inner, Mapping) else None
    return inner
