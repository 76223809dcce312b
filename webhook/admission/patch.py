"""The JSON patch (RFC 6902) that turns a pod as it came into one that Tranche places.

Only what differs is named, so a pod that was patched already needs nothing more.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from tranche.vendors.nvidia import write_resources
from tranche.words.errors import Refusal
from tranche.words.names import LIBRARY_PATH
from tranche.words.quantity import parse_quantity
from tranche.words.request import Request, Whole
from tranche.words.slices import SLICES_ANNOTATION
from webhook.admission.asks import Ask
from webhook.admission.guard import LIBRARY_VARIABLE
from webhook.admission.steps import Change, add, escape
from webhook.admission.view import Container, Pod, Quantities
from webhook.admission.visible import hidden
from webhook.settings import Settings


def changes(
    pod: Pod,
    asks: Mapping[str, Ask],
    requests: Mapping[str, Request],
    slices: str,
    settings: Settings,
) -> Iterator[Change]:
    """All steps, in the order they must be taken."""
    yield from _annotation(pod, slices)
    spec = pod.spec
    if spec.scheduler_name != settings.schedulerName:
        yield add(
            "/spec/schedulerName",
            settings.schedulerName,
            f"schedulerName is {settings.schedulerName}, which knows what each card has left",
        )
    sliced = any(not isinstance(request.amount, Whole) for request in requests.values())
    if settings.runtimeClassName and not spec.runtime_class_name and sliced:
        yield add(
            "/spec/runtimeClassName",
            settings.runtimeClassName,
            f"runtimeClassName is {settings.runtimeClassName}, as this cluster's settings say",
        )
    for name, request in requests.items():
        ask = asks[name]
        yield from _resources(ask, write_resources(request, settings.resources.nvidia))
        if not isinstance(request.amount, Whole):
            yield from _preload(ask.pointer, ask.container)
    yield from hidden(pod, requests, settings)


def _annotation(pod: Pod, slices: str) -> Iterator[Change]:
    if pod.annotations.get(SLICES_ANNOTATION) == slices:
        return
    words = f"annotation {SLICES_ANNOTATION} carries what was understood to the scheduler"
    entry = {SLICES_ANNOTATION: slices}
    if pod.metadata is None:
        yield add("/metadata", {"annotations": entry}, words)
    elif pod.metadata.annotations is None:
        yield add("/metadata/annotations", entry, words)
    else:
        yield add(f"/metadata/annotations/{escape(SLICES_ANNOTATION)}", slices, words)


def _resources(ask: Ask, wanted: Mapping[str, int]) -> Iterator[Change]:
    resources = ask.container.resources
    limits = None if resources is None else resources.limits
    requests = (None if resources is None else resources.requests) or {}
    missing = {name: str(n) for name, n in wanted.items() if not _stands(limits or {}, name, n)}
    listed = ", ".join(f"{name}: {n}" for name, n in missing.items())
    words = f"container {ask.container.name}: limits {listed}, as Kubernetes counts it"
    if missing and resources is None:
        yield add(f"{ask.pointer}/resources", {"limits": missing}, words)
    elif missing and limits is None:
        yield add(f"{ask.pointer}/resources/limits", missing, words)
    else:
        for name, n in missing.items():
            words = f"container {ask.container.name}: limits {name}: {n}, as Kubernetes counts it"
            yield add(f"{ask.pointer}/resources/limits/{escape(name)}", n, words)
    for name, number in wanted.items():
        if name in requests and not _stands(requests, name, number):
            words = f"container {ask.container.name}: requests {name}: {number}, as its limit"
            path = f"{ask.pointer}/resources/requests/{escape(name)}"
            yield add(path, str(number), words)


def _stands(quantities: Quantities, name: str, number: int) -> bool:
    """Whether the number is there already, however spelled: the API server makes 3k of 3000."""
    if name not in quantities:
        return False
    try:
        return parse_quantity(quantities[name]).value == number
    except Refusal:
        return False


_SEPARATORS: Final = str.maketrans(" ", ":")


def _preload(pointer: str, container: Container) -> Iterator[Change]:
    words = (
        f"container {container.name}: {LIBRARY_VARIABLE} begins with Tranche's library, which "
        "refuses memory past the slice"
    )
    # Of two variables with one name the last one counts, and any counts more than envFrom.
    places = [at for at, one in enumerate(container.env or ()) if one.name == LIBRARY_VARIABLE]
    if not places:
        words += "; what envFrom may bring of it gives way" if container.env_from else ""
        entry = {"name": LIBRARY_VARIABLE, "value": LIBRARY_PATH}
        if container.env is None:
            yield add(f"{pointer}/env", [entry], words)
        else:
            yield add(f"{pointer}/env/-", entry, words)
        return
    value = (container.env or [])[places[-1]].value or ""
    if LIBRARY_PATH in value.translate(_SEPARATORS).split(":"):
        return
    joined = f"{LIBRARY_PATH}:{value}" if value else LIBRARY_PATH
    yield add(f"{pointer}/env/{places[-1]}/value", joined, words)
