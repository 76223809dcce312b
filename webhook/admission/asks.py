"""What each container of a pod asks for, from all the words that speak for it.

Words of equal rank must agree: resources on a container, other systems' words on the pod, and
Tranche's keys for it. A container's own key wins over the pod's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tranche import vendors
from tranche.dialects import mentions, read_pod
from tranche.dialects.base import PodWords
from tranche.dialects.hami import Hami
from tranche.dialects.native import SENTENCE_KEY, NativeWords, read_words
from tranche.dialects.together import Heard
from tranche.vendors.base import Asked, Vendor, Written
from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.makers import vendor_of_any
from tranche.words.namespace import PREFIX
from tranche.words.quantity import parse_quantity
from tranche.words.said import NOTHING, Reading, Said, agree, fill
from webhook.admission.rounding import joined
from webhook.admission.view import Container, Pod
from webhook.settings import Settings
from webhook.systems import Systems

DEFAULT_CONTAINER: str = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True)
class Ask:
    """What one container asks for, nothing filled in yet.

    Attributes:
        pointer: JSON pointer of the container.
        said: by all the words together.
        counted: the vendor's resource by which a number of cards was given; empty for none.
        bare: nothing but that number was given.
        place: what spoke for the container, for refusals.
        warnings: for the person.
        read: resources of the container that were read, whosoever's words they are.
        worded: the pod has Tranche's own words.
        heard: another system's words spoke of the container.
    """

    pointer: str
    container: Container
    said: Said
    counted: str
    bare: bool
    place: str
    warnings: tuple[str, ...]
    read: frozenset[str]
    worded: bool
    heard: bool


def asks_nothing(pod: Pod, systems: Systems) -> bool:
    """Whether no word of the pod speaks of accelerators at all. Most pods end here."""
    for values in (pod.annotations, pod.labels):
        for key in values:
            if key.startswith(PREFIX):
                return False
    asked: dict[str, Asked] = {}
    for pointer, container in pod.containers():
        if container.resources is not None:
            limits = container.resources.limits or {}
            requests = container.resources.requests or {}
            if not (systems.names.isdisjoint(limits) and systems.names.isdisjoint(requests)):
                return False
            asked[pointer] = {**requests, **limits}
    words = PodWords(pod.annotations, pod.labels, pod.spec.node_selector or {}, asked)
    return not mentions(systems.dialects, words)


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
    speaks_for = _default_container(pod, containers, asked=words.pod is not None)
    _check_named(pod, words, containers)
    resources = {
        container.name: _resources(container, _where(container))
        for _, container in pod.containers()
    }
    worded = words.pod is not None or bool(words.named)
    dialects = settings.systems.read_of(worded=worded)
    heard = read_pod(
        dialects,
        PodWords(
            pod.annotations,
            pod.labels,
            pod.spec.node_selector or {},
            resources,
            speaks_for or "",
            pod.spec.scheduler_name or "",
        ),
        settings.systems.owners,
    )
    asks: dict[str, Ask] = {}
    warnings = list(words.warnings)
    for pointer, container in pod.containers():
        own = words.named.get(container.name)
        general = words.pod if container.name == speaks_for else None
        place = f"annotation {SENTENCE_KEY}.{container.name}" if own else words.pod_place
        spoken = Spoken(_over(own, general), place, resources[container.name], worded)
        ask, remarks = _ask(pointer, container, spoken, heard, settings)
        warnings += remarks
        if ask is not None:
            asks[container.name] = ask
    return asks, tuple(warnings)


def overhear(
    asks: Mapping[str, Ask], pod: Pod, written: Mapping[str, Written], systems: Systems
) -> dict[str, Ask]:
    """The asks with what HAMi's annotations say of the resources that they are written as.

    HAMi's words on a pod speak of containers that have its resources, and these have them only once
    the pod is patched. The same asks where nothing is said.

    Raises:
        Refusal: they are not understood, or contradict what was asked.
    """
    worded = any(ask.worded for ask in asks.values())
    reader = next((one for one in systems.read_of(worded=worded) if one.key == Hami.key), None)
    silent = {name: written[name].resources for name, ask in asks.items() if not ask.heard}
    if reader is None or not silent or reader.claims.isdisjoint(pod.annotations):
        return dict(asks)
    found = reader.read(PodWords(pod.annotations, containers=silent))
    overheard = dict(asks)
    for name, reading in found.items():
        ask = asks[name]
        said = agree(ask.said, reading.said, places=(ask.place, "HAMi's annotations on the pod"))
        overheard[name] = replace(ask, said=said, warnings=ask.warnings + reading.warnings)
    return overheard


@dataclass(frozen=True, slots=True)
class Spoken:
    """Tranche's own words for a container, where they stand, and the container's resources.

    ``worded`` tells whether there are such words for any container.
    """

    native: Reading | None
    place: str
    resources: Asked
    worded: bool


def _ask(
    pointer: str, container: Container, spoken: Spoken, heard: Heard, settings: Settings
) -> tuple[Ask | None, tuple[str, ...]]:
    systems, where, native = settings.systems, _where(container), spoken.native
    makers, names = _managed(native, systems)
    rest = {n: value for n, value in heard.rest[container.name].items() if n in names}
    try:
        vendor = vendors.read(rest, makers) if rest else Reading(NOTHING)
    except Refusal as refusal:
        raise refusal.at(f"{where} {refusal.where}".rstrip()) from None
    other = heard.readings.get(container.name, Reading(NOTHING))
    if native is not None and vendor.warnings and vendor.said == NOTHING:
        raise Refusal(
            "0",
            f"no card, yet {spoken.place} asks for some",
            "leave it out",
            where=f"{where} {min(rest)}",
        )
    nothing = native is None and vendor.said == NOTHING
    bare = native is None and vendor.said.count is not None and vendor.said.amount is None
    foreign = other.said.amount is not None or other.said.count is not None
    ours = settings.managed or vendor.said.vendor != Nvidia.key
    if not foreign and (nothing or (bare and not ours)):
        return None, tuple(f"container {container.name}: {one}" for one in vendor.warnings)
    said = vendor.said
    if native is not None:
        said = joined(native.said, said, rest, systems.vendors, places=(spoken.place, where))
    title = heard.places.get(container.name, "")
    said = agree(said, other.said, places=(spoken.place or where, title))
    warnings = [f"{spoken.place}: {warning}" for warning in (native.warnings if native else ())]
    warnings += [f"{where} {warning}" for warning in vendor.warnings]
    warnings += [f"container {container.name}: {warning}" for warning in other.warnings]
    return Ask(
        pointer=pointer,
        container=container,
        said=said,
        counted=_counted(vendor.said, other.said, rest, title),
        bare=bare and not foreign,
        place=spoken.place or where,
        warnings=tuple(warnings),
        read=frozenset(spoken.resources.keys() - heard.rest[container.name].keys()) | rest.keys(),
        worded=spoken.worded,
        heard=container.name in heard.readings,
    ), ()


def _counted(vendor: Said, other: Said, rest: Asked, title: str) -> str:
    if vendor.count is not None:
        return min(rest)
    return "" if other.count is None else title


def _managed(
    native: Reading | None, systems: Systems
) -> tuple[Mapping[str, Vendor], frozenset[str]]:
    """Vendors whose resources are read, and their names: beside words, also of whom these name."""
    said = NOTHING if native is None else native.said
    told = vendor_of_any(said.vendor, said.models or ())
    if told is None or told in systems.managed:
        return systems.managed, systems.names
    vendor = systems.vendors[told]
    names = systems.names | (vendor.names() - vendor.fixed())
    return {**systems.managed, told: vendor}, names


def _over(own: Reading | None, general: Reading | None) -> Reading | None:
    if own is None or general is None:
        return own or general
    return Reading(fill(own.said, general.said), own.warnings + general.warnings)


def _where(container: Container) -> str:
    return f"container {container.name}: resources"


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


def _default_container(pod: Pod, containers: Mapping[str, str], *, asked: bool) -> str | None:
    """The container that words for the pod speak for; it has to be there if any are asked."""
    chosen = pod.annotations.get(DEFAULT_CONTAINER)
    if chosen and (asked or chosen in containers):
        if chosen not in containers:
            raise _no_container(f"annotation {DEFAULT_CONTAINER}", chosen, containers)
        return chosen
    if not pod.spec.containers:
        if not asked:
            return None
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
