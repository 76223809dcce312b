"""What is wrong with a cluster's objects, each in a sentence with its remedy."""

import difflib
from collections.abc import Iterator
from typing import Any, Final

from tranche.cli.doctor.ask import Objects
from tranche.words.cards import CARDS_ANNOTATION, load_cards
from tranche.words.errors import Malformed, shorten
from tranche.words.namespace import KEYS, PREFIX, read_rules

WEBHOOK: Final = "pods.tranche.dev"
COUNT: Final = "nvidia.com/gpu"


def examine(objects: Objects) -> list[str]:
    """All findings, in the order of namespaces, nodes, webhook, programs."""
    return [
        *_namespaces(objects),
        *_nodes(objects),
        *_webhooks(objects),
        *_programs(objects),
    ]


def _namespaces(objects: Objects) -> Iterator[str]:
    for one in objects.get("Namespace", ()):
        annotations = _annotations(one)
        for fault in read_rules(annotations).faults.values():
            yield f"namespace {_name(one)}: {fault}"
        for key in annotations:
            word = key.removeprefix(PREFIX)
            if key.startswith(PREFIX) and word not in KEYS:
                near = difflib.get_close_matches(word[:63], KEYS, 1, 0.6)
                hint = f"did you mean {PREFIX}{near[0]}?" if near else f"it reads {', '.join(KEYS)}"
                where = f"namespace {_name(one)}: annotation {shorten(key)}"
                yield f"{where}: not read by Tranche; {hint}"


def _nodes(objects: Objects) -> Iterator[str]:
    for one in objects.get("Node", ()):
        text = _annotations(one).get(CARDS_ANNOTATION)
        if text is None:
            has = _get(one, "status", "capacity").get(COUNT, "0")
            if str(has) != "0":
                yield (
                    f"node {_name(one)}: has {has} {COUNT} and no cards of Tranche; another device "
                    "plugin may own that name: see settings.managed"
                )
            continue
        try:
            cards = load_cards(text)
        except Malformed as error:
            yield f"node {_name(one)}: {error}; is its agent of this release?"
            continue
        for card in cards:
            if not card.healthy:
                where = f"node {_name(one)}: card {card.uuid} ({card.model})"
                yield f"{where}: is not healthy; see its agent's log"


def _webhooks(objects: Objects) -> Iterator[str]:
    if "MutatingWebhookConfiguration" not in objects and "Namespace" not in objects:
        return
    ours = [
        webhook
        for one in objects.get("MutatingWebhookConfiguration", ())
        for webhook in one.get("webhooks") or ()
        if isinstance(webhook, dict) and webhook.get("name") == WEBHOOK
    ]
    if not ours:
        yield f"no webhook {WEBHOOK}: pods that ask for cards are not understood; install the chart"
    for webhook in ours:
        if not _get(webhook, "clientConfig").get("caBundle"):
            why = "has no caBundle, so the API server trusts nobody"
            yield f"webhook {WEBHOOK}: {why}; see the webhook's log"


def _programs(objects: Objects) -> Iterator[str]:
    for kind, wanted, ready in (
        ("Deployment", ("spec", "replicas"), ("status", "readyReplicas")),
        ("DaemonSet", ("status", "desiredNumberScheduled"), ("status", "numberReady")),
    ):
        for one in objects.get(kind, ()):
            labels = _get(one, "metadata", "labels")
            if labels.get("app.kubernetes.io/part-of") != "tranche":
                continue
            want = _get(one, wanted[0]).get(wanted[1], 1)
            have = _get(one, ready[0]).get(ready[1], 0)
            if isinstance(want, int) and isinstance(have, int) and have < want:
                namespace = _get(one, "metadata").get("namespace", "")
                yield (
                    f"{kind} {namespace}/{_name(one)}: {have} of {want} ready; "
                    f"kubectl -n {namespace} describe {kind.lower()} {_name(one)}"
                )


def _get(one: Any, *members: str) -> dict[str, Any]:
    for member in members:
        one = one.get(member) if isinstance(one, dict) else None
    return one if isinstance(one, dict) else {}


def _annotations(one: Any) -> dict[str, str]:
    said = _get(one, "metadata", "annotations")
    return {key: value for key, value in said.items() if isinstance(value, str)}


def _name(one: Any) -> str:
    return shorten(str(_get(one, "metadata").get("name", "")), 253)
