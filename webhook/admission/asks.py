"""What each container of a pod asks for, from all the words that speak for it.

Words of equal rank must agree: the vendor's resources on a container, and Tranche's keys for it.
A container's own key wins over the pod's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tranche.dialects import hami
from tranche.dialects.native import SENTENCE_KEY, NativeWords, read_words
from tranche.vendors.nvidia import read_resources
from tranche.words.errors import Refusal
from tranche.words.namespace import PREFIX
from tranche.words.quantity import parse_quantity
from tranche.words.said import NOTHING, Reading, Said, agree, fill
from webhook.admission.view import Container, Pod
from webhook.settings import Settings

DEFAULT_CONTAINER: str = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True)
class Ask:
    """What one container asks for, nothing filled in yet.

    Attributes:
        pointer: JSON pointer of the container.
        said: by all the words together.
        counted: a number of cards was given as the vendor's resource.
        bare: nothing but that number was given.
        place: what spoke for the container, for refusals.
        warnings: for the person.
    """

    pointer: str
    container: Container
    said: Said
    counted: bool
    bare: bool
    place: str
    warnings: tuple[str, ...]


def asks_nothing(pod: Pod, settings: Settings) -> bool:
    """Whether no word of the pod speaks of accelerators at all. Most pods end here."""
    for values in (pod.annotations, pod.labels):
        for key in values:
            if key.startswith(PREFIX):
                return False
    names = settings.resources.nvidia
    known = (names.count, names.memory, names.memory_percentage, names.cores)
    for _, container in pod.containers():
        if container.resources is not None:
            limits = container.resources.limits or {}
            requests = container.resources.requests or {}
            if any(name in limits or name in requests for name in known):
                return False
    return True


def read_asks(pod: Pod, settings: Settings) -> tuple[dict[str, Ask], tuple[str, ...]]:
    """The asks of a pod by container's name, in the order they start, and warnings about the pod.

    Raises:
        Refusal: words that are not understood, that contradict each other, or that speak of a
            container there is not.
    """
    words = read_words(pod.annotations, pod.labels)
    containers = {container.name: pointer for pointer, container in pod.containers()}
    if len(containers) != len(pod.containers()):
        raise Refusal("", "two containers have one name", "give each its own")
    speaks_for = _default_container(pod, words, containers)
    _check_named(pod, words, containers)
    asks: dict[str, Ask] = {}
    warnings = list(words.warnings)
    for pointer, container in pod.containers():
        own = words.named.get(container.name)
        general = words.pod if container.name == speaks_for else None
        place = f"annotation {SENTENCE_KEY}.{container.name}" if own else words.pod_place
        ask, remarks = _ask(pointer, container, _over(own, general), place, settings)
        warnings += remarks
        if ask is not None:
            asks[container.name] = ask
    if not asks or not settings.dialects.hami:
        return asks, tuple(warnings)
    pods = hami.read_annotations(pod.annotations)
    return (
        {name: _with(ask, pods.said) for name, ask in asks.items()},
        (*warnings, *pods.warnings),
    )


def _ask(
    pointer: str, container: Container, native: Reading | None, place: str, settings: Settings
) -> tuple[Ask | None, tuple[str, ...]]:
    where = f"container {container.name}: resources"
    asked = _resources(container, where)
    try:
        vendor = read_resources(asked, settings.resources.nvidia) if asked else Reading(NOTHING)
        priority = hami.read_priority(asked) if settings.dialects.hami else None
    except Refusal as refusal:
        raise refusal.at(f"{where} {refusal.where}".rstrip()) from None
    if native is not None and vendor.warnings and vendor.said == NOTHING:
        raise Refusal(
            "0",
            f"no card, yet {place} asks for some",
            "leave it out",
            where=f"{where} {settings.resources.nvidia.count}",
        )
    counted = vendor.said.count is not None
    bare = native is None and counted and vendor.said.amount is None
    if (bare and not settings.managed) or (native is None and vendor.said == NOTHING):
        return None, tuple(f"container {container.name}: {warning}" for warning in vendor.warnings)
    said = vendor.said
    if native is not None:
        said = agree(native.said, vendor.said, places=(place, where))
    said = agree(said, Said(priority=priority), places=(place or where, f"{where} {hami.PRIORITY}"))
    heard = [f"{place}: {warning}" for warning in (native.warnings if native else ())]
    heard += [f"{where} {warning}" for warning in vendor.warnings]
    return Ask(pointer, container, said, counted, bare, place or where, tuple(heard)), ()


def _over(own: Reading | None, general: Reading | None) -> Reading | None:
    if own is None or general is None:
        return own or general
    return Reading(fill(own.said, general.said), own.warnings + general.warnings)


def _with(ask: Ask, said: Said) -> Ask:
    together = agree(ask.said, said, places=(ask.place, "HAMi's annotations on the pod"))
    return Ask(ask.pointer, ask.container, together, ask.counted, ask.bare, ask.place, ask.warnings)


def _resources(container: Container, where: str) -> Mapping[str, str | int | float]:
    """Limits, over requests: for an extended resource Kubernetes wants both the same."""
    resources = container.resources
    if resources is None:
        return {}
    limits, requests = resources.limits or {}, resources.requests or {}
    for name in limits.keys() & requests.keys():
        if "/" not in name or limits[name] == requests[name]:
            continue
        if parse_quantity(limits[name]) != parse_quantity(requests[name]):
            raise Refusal(
                f"{requests[name]} and {limits[name]}",
                "request and limit differ",
                "write the limit alone",
                where=f"{where} {name}",
            )
    return {**requests, **limits}


def _default_container(pod: Pod, words: NativeWords, containers: Mapping[str, str]) -> str | None:
    if words.pod is None:
        return None
    chosen = pod.annotations.get(DEFAULT_CONTAINER)
    if chosen:
        if chosen not in containers:
            raise _no_container(f"annotation {DEFAULT_CONTAINER}", chosen, containers)
        return chosen
    if not pod.spec.containers:
        raise Refusal("", "the pod has no containers", "give it one")
    return pod.spec.containers[0].name


def _check_named(pod: Pod, words: NativeWords, containers: Mapping[str, str]) -> None:
    ephemeral = {container.name for container in pod.spec.ephemeral_containers or ()}
    for name in words.named:
        where = f"annotation {SENTENCE_KEY}.{name}"
        if name in ephemeral:
            raise Refusal(
                name, "an ephemeral container gets no slice", "name another container", where=where
            )
        if name not in containers:
            raise _no_container(where, name, containers)


def _no_container(where: str, name: str, containers: Mapping[str, str]) -> Refusal:
    listed = ", ".join(list(containers)[:8]) or "none"
    more = "" if len(containers) <= 8 else f" and {len(containers) - 8} more"  # noqa: PLR2004
    return Refusal(name, "the pod has no such container", f"it has {listed}{more}", where=where)
