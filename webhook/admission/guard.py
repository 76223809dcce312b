"""What about the pod itself, whatever it asks, forbids a slice or a card."""

from collections.abc import Iterable, Mapping
from typing import Final

from tranche.vendors.base import Written
from tranche.words.assignment import ASSIGNED_ANNOTATION
from tranche.words.errors import Refusal
from tranche.words.request import Request, Whole
from tranche.words.slices import LONGEST, SLICES_ANNOTATION
from webhook.admission.asks import Ask
from webhook.admission.reach import reaches_cards
from webhook.admission.view import Container, Pod, Volume
from webhook.settings import Settings

MIRROR: str = "kubernetes.io/config.mirror"
"""On the API server's copy of a static pod; source: Kubernetes, pkg/kubelet/types."""

_SEES_ALL: Final = (
    "spec.hostPID: its slice is held as ever, but as root it may look into the processes of others"
)


def check_reserved(pod: Pod, written: str | None) -> None:
    """Let no one but Tranche write Tranche's own annotations.

    Args:
        pod: as it came.
        written: what the webhook itself would write as its slices; None for nothing.

    Raises:
        Refusal: an annotation that the pod must not bring, or slices too many to carry.
    """
    if ASSIGNED_ANNOTATION in pod.annotations:
        raise _reserved(ASSIGNED_ANNOTATION, pod, "scheduler")
    if pod.annotations.get(SLICES_ANNOTATION, written) != written:
        raise _reserved(SLICES_ANNOTATION, pod, "webhook")
    if written is not None and len(written) > LONGEST:
        raise Refusal("", f"what the pod asks takes more than {LONGEST} characters", "ask for less")


def check_pod(
    pod: Pod,
    asks: Mapping[str, Ask],
    requests: Mapping[str, Request],
    written: Mapping[str, Written],
    settings: Settings,
) -> list[str]:
    """Refuse what could never be held to its slice, or never be placed.

    Returns:
        Warnings about a slice that is held, but not alone.

    Raises:
        Refusal: see the sentences below.
    """
    spec = pod.spec
    if MIRROR in pod.annotations:
        raise Refusal(
            "",
            "a static pod is started by its node past the ledger and can get no card",
            "make it a pod of the API server, such as a DaemonSet's",
            where=f"annotation {MIRROR}",
        )
    if spec.node_name:
        raise Refusal(
            spec.node_name,
            "a pod that names its node itself is placed past the ledger and can get no card",
            "write it as nodeSelector {kubernetes.io/hostname: …} instead",
            where="spec.nodeName",
        )
    told = next(iter(written.values())).scheduler
    taken = {told, settings.schedulerName, "default-scheduler", ""} | settings.systems.schedulers
    if told and (spec.scheduler_name or "") not in taken:
        raise Refusal(
            spec.scheduler_name or "",
            f"cards and slices are placed by {told} alone",
            "leave it out",
            where="spec.schedulerName",
        )
    if all(isinstance(request.amount, Whole) for request in requests.values()):
        return []
    selector = spec.node_selector or {}
    if "windows" in ((spec.os and spec.os.name) or "", selector.get("kubernetes.io/os")):
        raise Refusal("", "slices are held on Linux only", "ask for a whole card", where="spec.os")
    for name, ask in asks.items():
        if not isinstance(requests[name].amount, Whole):
            _check_sliced(ask.container, written[name])
            _check_mounts(ask.container, spec.volumes or [])
    return [_SEES_ALL] if spec.host_pid else []


def _check_sliced(container: Container, written: Written) -> None:
    where = f"container {container.name}"
    if container.security_context is not None and container.security_context.privileged:
        raise Refusal(
            "",
            "a privileged container sees every card and cannot be held to a slice",
            "take privileged off, or ask for a whole card",
            where=f"{where}: securityContext",
        )
    for variable in container.env or ():
        if variable.name in written.env and variable.value_from is not None:
            raise Refusal(
                "",
                f"{variable.name} comes from elsewhere, and Tranche has to write it",
                "write the value out",
                where=f"{where}: env {variable.name}",
            )


def _check_mounts(container: Container, volumes: Iterable[Volume]) -> None:
    mounted = {mount.name for mount in container.volume_mounts or ()}
    for volume in volumes:
        path = (volume.host_path and volume.host_path.path) or ""
        if path and volume.name in mounted and reaches_cards(path):
            raise Refusal(
                path,
                "by that folder of the node a container gets past its slice",
                "mount less of the node, or ask for a whole card",
                where=f"container {container.name}: hostPath volume {volume.name}",
            )


def _reserved(key: str, pod: Pod, who: str) -> Refusal:
    return Refusal(
        pod.annotations[key],
        f"only Tranche's {who} writes this",
        "take it off and ask in tranche.dev/gpu",
        where=f"annotation {key}",
    )
