"""One pod, from its words to its patch, with no review around it: `tranche explain` uses this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tranche.words.errors import shorten
from tranche.words.namespace import read_rules
from tranche.words.request import Request
from tranche.words.slices import SLICES_ANNOTATION
from webhook.admission.asks import asks_nothing, overhear, read_asks
from webhook.admission.guard import check_pod, check_reserved
from webhook.admission.patch import changes
from webhook.admission.settle import settle
from webhook.admission.steps import Operation
from webhook.admission.view import Pod, pod_of_object
from webhook.admission.visible import check_visible
from webhook.admission.writing import lost, write
from webhook.settings import Settings

LONGEST_WARNING = 256
"""Characters that the API server keeps of a warning."""

MOST_WARNINGS = 16


@dataclass(frozen=True, slots=True)
class Mutation:
    """What became of a pod.

    Attributes:
        requests: by container's name; empty for a pod that asks for nothing.
        patch: steps of a JSON patch; empty when nothing is to be changed.
        warnings: for the person who made the pod.
        notes: what was filled in, and from where.
        changes: what each step of the patch does, in words.
    """

    requests: Mapping[str, Request] = field(default_factory=dict)
    patch: list[Operation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


UNTOUCHED = Mutation()


def mutate(
    pod: Mapping[str, Any],
    *,
    annotations: Mapping[str, str],
    settings: Settings,
) -> Mutation:
    """What Tranche makes of a pod. The pod itself is not changed.

    Args:
        pod: a raw Kubernetes object.
        annotations: those of its namespace.
        settings: of the cluster.

    Raises:
        Refusal: the pod asks for what cannot be.
        Malformed: it is no pod.
    """
    return mutate_view(pod_of_object(pod), annotations=lambda: annotations, settings=settings)


def mutate_view(
    pod: Pod, *, annotations: Callable[[], Mapping[str, str]], settings: Settings
) -> Mutation:
    """As `mutate`, on the view of a pod; its namespace is looked up only if it asks for something.

    Raises:
        Refusal: the pod asks for what cannot be.
    """
    systems = settings.systems
    if asks_nothing(pod, systems):
        return UNTOUCHED
    asks, warnings = read_asks(pod, settings)
    if not asks:
        check_reserved(pod, None)
        return Mutation(warnings=_bounded(warnings))
    rules = read_rules(annotations(), settings.defaults.by_key())
    settled = settle(asks, rules, pod.members(), systems)
    written = write(settled.requests, systems)
    overheard = overhear(asks, pod, written, systems)
    if overheard != asks:
        asks, settled = overheard, settle(overheard, rules, pod.members(), systems)
        written = write(settled.requests, systems)
    requests = settled.requests
    check_reserved(pod, next(iter(written.values())).annotations[SLICES_ANNOTATION])
    seen = check_pod(pod, asks, requests, written, settings)
    stripped = check_visible(pod, settings)
    steps = list(changes(pod, asks, requests, written, settings))
    return Mutation(
        requests=requests,
        patch=[step.operation for step in steps],
        warnings=_bounded((*warnings, *settled.warnings, *lost(written), *seen, *stripped)),
        notes=settled.notes,
        changes=[step.words for step in steps],
    )


def _bounded(warnings: tuple[str, ...]) -> list[str]:
    return [
        shorten(f"Tranche: {warning}", LONGEST_WARNING - 1) for warning in dict.fromkeys(warnings)
    ][:MOST_WARNINGS]
