"""The JSON patch (RFC 6902) that turns a pod as it came into one that gets what it asks.

Only what differs is named, so a pod that was patched already needs nothing more.
"""

from collections.abc import Iterator, Mapping

from tranche.dialects.hami import PRIORITY
from tranche.dialects.native import SENTENCE_KEY
from tranche.vendors.base import Written
from tranche.words.errors import Refusal
from tranche.words.request import Request
from tranche.words.sentence import print_sentence
from tranche.words.slices import SLICES_ANNOTATION
from webhook.admission.asks import Ask
from webhook.admission.environment import environment
from webhook.admission.nodes import placed
from webhook.admission.quantities import limited, taken_off
from webhook.admission.steps import Change, add, escape
from webhook.admission.view import Pod
from webhook.admission.visible import hidden
from webhook.settings import Settings
from webhook.systems import Systems

LONGEST_NAME = 63
"""Characters of an annotation's name, behind its prefix; source: Kubernetes, "Annotations"."""


def changes(
    pod: Pod,
    asks: Mapping[str, Ask],
    requests: Mapping[str, Request],
    written: Mapping[str, Written],
    settings: Settings,
) -> Iterator[Change]:
    """All steps, in the order they must be taken.

    Raises:
        Refusal: what speaks for the whole pod cannot be true of all of its containers.
    """
    foreign = {name: _foreign(ask, written[name], settings.systems) for name, ask in asks.items()}
    kept = {_key_of(name): print_sentence(requests[name]) for name, read in foreign.items() if read}
    yield from _annotations(pod, _annotated(pod, asks, written, settings.systems) | kept)
    yield from _labels(pod, written)
    yield from placed(pod, written)
    yield from _scheduled(pod, written)
    yield from _run(pod, written)
    for name, ask in asks.items():
        yield from taken_off(ask.pointer, ask.container, foreign[name])
        yield from limited(ask.pointer, ask.container, written[name].resources)
        yield from environment(ask.pointer, ask.container, written[name].env)
    yield from hidden(pod, requests, settings)


def _foreign(ask: Ask, written: Written, systems: Systems) -> list[str]:
    """Resources that were read and mean nothing to who places the pod: no node would have them.

    Tranche's own scheduler is told to look past HAMi's word for priority.
    """
    known = {*written.resources, PRIORITY} if systems.own else written.resources.keys()
    return sorted(ask.read - known)


def _annotated(
    pod: Pod,
    asks: Mapping[str, Ask],
    written: Mapping[str, Written],
    systems: Systems,
) -> dict[str, str]:
    """The annotations that are written for the pod, what was understood first."""
    understood = written[next(iter(written))].annotations[SLICES_ANNOTATION]
    wanted = {SLICES_ANNOTATION: understood}
    worded = any(ask.worded for ask in asks.values())
    spoken = any(one.key == systems.writer.key for one in systems.read_of(worded=worded))
    for one in written.values():
        # What its own readers have understood already stays as the person wrote it.
        wanted |= {
            k: v for k, v in one.annotations.items() if not (spoken and k in pod.annotations)
        }
    return wanted


def _key_of(container: str) -> str:
    key = f"{SENTENCE_KEY}.{container}"
    if len(key.partition("/")[2]) > LONGEST_NAME:
        raise Refusal(
            container,
            f"no annotation {SENTENCE_KEY}.<container> can have so long a name, and its words are "
            "kept in one",
            "give the container a name of at most 59 characters",
        )
    return key


def _annotations(pod: Pod, wanted: Mapping[str, str]) -> Iterator[Change]:
    missing = {key: text for key, text in wanted.items() if pod.annotations.get(key) != text}
    if not missing:
        return
    if pod.metadata is None:
        yield add("/metadata", {"annotations": missing}, _spoken(missing))
    elif pod.metadata.annotations is None:
        yield add("/metadata/annotations", missing, _spoken(missing))
    else:
        for key, text in missing.items():
            yield add(f"/metadata/annotations/{escape(key)}", text, _spoken({key: text}))


def _spoken(annotations: Mapping[str, str]) -> str:
    carried = f"annotation {SLICES_ANNOTATION} carries what was understood to the scheduler"
    words = [
        carried if key == SLICES_ANNOTATION else f"annotation {key}: {text}"
        for key, text in annotations.items()
    ]
    return ", ".join(words)


def _labels(pod: Pod, written: Mapping[str, Written]) -> Iterator[Change]:
    wanted: dict[str, str] = {}
    for one in written.values():
        wanted |= one.labels
    missing = {key: value for key, value in wanted.items() if pod.labels.get(key) != value}
    listed = ", ".join(f"{key}: {value}" for key, value in missing.items())
    # The annotations came first, so there are metadata by now.
    if missing and (pod.metadata is None or pod.metadata.labels is None):
        yield add("/metadata/labels", missing, f"label {listed}")
    else:
        for key, value in missing.items():
            yield add(f"/metadata/labels/{escape(key)}", value, f"label {key}: {value}")


def _scheduled(pod: Pod, written: Mapping[str, Written]) -> Iterator[Change]:
    wanted = next((one.scheduler for one in written.values() if one.scheduler), "")
    if wanted and pod.spec.scheduler_name != wanted:
        why = f"schedulerName is {wanted}, which knows what each card has left"
        yield add("/spec/schedulerName", wanted, why)


def _run(pod: Pod, written: Mapping[str, Written]) -> Iterator[Change]:
    classes = sorted({one.runtime_class for one in written.values()} - {""})
    if pod.spec.runtime_class_name or not classes:
        return
    if len(classes) > 1:
        raise Refusal(
            "",
            f"the pod's containers want the runtime classes {' and '.join(classes)}, and a pod has "
            "one",
            "use a pod for each",
        )
    words = f"runtimeClassName is {classes[0]}, as this cluster's settings say"
    yield add("/spec/runtimeClassName", classes[0], words)
