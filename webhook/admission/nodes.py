"""Steps on where a pod may go: its node selector, and its affinity to nodes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tranche.vendors.base import Written
from tranche.words.errors import Refusal
from webhook.admission.steps import Change, add, escape
from webhook.admission.view import REQUIRED, Pod


def placed(pod: Pod, written: Mapping[str, Written]) -> Iterator[Change]:
    """The steps after which the pod goes to such nodes alone.

    Raises:
        Refusal: it selects others itself.
    """
    labels: dict[str, str] = {}
    values: dict[str, tuple[str, ...]] = {}
    for one in written.values():
        labels |= one.node_selector
        values |= one.node_affinity
    yield from _selected(pod, labels)
    for key, several in values.items():
        yield from _drawn(pod, one_of(key, several))


def one_of(label: str, values: tuple[str, ...]) -> dict[str, Any]:
    """That a node's label has one of these values, as a term of an affinity says it."""
    return {"key": label, "operator": "In", "values": list(values)}


def affinity_to(expressions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An affinity to nodes of which all of these are true."""
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}}


def _selected(pod: Pod, wanted: Mapping[str, str]) -> Iterator[Change]:
    selector = pod.spec.node_selector or {}
    missing = {key: value for key, value in wanted.items() if selector.get(key) != value}
    for key, value in missing.items():
        if key in selector:
            raise Refusal(
                selector[key],
                f"what the pod asks wants a node of {value}",
                "take it off",
                where=f"spec.nodeSelector {key}",
            )
    if missing and pod.spec.node_selector is None:
        listed = ", ".join(f"{key}: {value}" for key, value in missing.items())
        yield add("/spec/nodeSelector", missing, f"nodeSelector {listed}")
        return
    for key, value in missing.items():
        yield add(f"/spec/nodeSelector/{escape(key)}", value, f"nodeSelector {key}: {value}")


def _drawn(pod: Pod, wanted: Mapping[str, Any]) -> Iterator[Change]:
    """Terms are alternatives, so each of them has to have it."""
    words = f"affinity to nodes whose {wanted['key']} is {' or '.join(wanted['values'])}"
    affinity = pod.spec.affinity
    nodes = None if affinity is None else affinity.node_affinity
    required = None if nodes is None else nodes.required
    whole = affinity_to([wanted])
    path = "/spec/affinity"
    if affinity is None:
        yield add(path, whole, words)
    elif nodes is None:
        yield add(f"{path}/nodeAffinity", whole["nodeAffinity"], words)
    elif required is None:
        yield add(f"{path}/nodeAffinity/{REQUIRED}", whole["nodeAffinity"][REQUIRED], words)
    else:
        for at, term in enumerate(required.node_selector_terms or ()):
            said = f"{path}/nodeAffinity/{REQUIRED}/nodeSelectorTerms/{at}/matchExpressions"
            if term.match_expressions is None:
                yield add(said, [wanted], words)
            elif wanted not in term.match_expressions:
                yield add(f"{said}/-", wanted, words)
