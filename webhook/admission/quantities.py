"""Steps on a container's resources: what its limits are to say, and what they say no more."""

from collections.abc import Iterator, Mapping

from tranche.words.errors import Refusal
from tranche.words.quantity import parse_quantity
from webhook.admission.steps import Change, add, escape, remove
from webhook.admission.view import Container, Quantities


def limited(
    pointer: str, container: Container, wanted: Mapping[str, int | str]
) -> Iterator[Change]:
    """The steps after which the container's limits, and its requests, say so much."""
    resources = container.resources
    limits = None if resources is None else resources.limits
    requests = (None if resources is None else resources.requests) or {}
    missing = {name: str(n) for name, n in wanted.items() if not _stands(limits or {}, name, n)}
    listed = ", ".join(f"{name}: {n}" for name, n in missing.items())
    words = f"container {container.name}: limits {listed}, as Kubernetes counts it"
    if missing and resources is None:
        yield add(f"{pointer}/resources", {"limits": missing}, words)
    elif missing and limits is None:
        yield add(f"{pointer}/resources/limits", missing, words)
    else:
        for name, n in missing.items():
            words = f"container {container.name}: limits {name}: {n}, as Kubernetes counts it"
            yield add(f"{pointer}/resources/limits/{escape(name)}", n, words)
    for name, number in wanted.items():
        if name in requests and not _stands(requests, name, number):
            words = f"container {container.name}: requests {name}: {number}, as its limit"
            yield add(f"{pointer}/resources/requests/{escape(name)}", str(number), words)


def taken_off(pointer: str, container: Container, names: list[str]) -> Iterator[Change]:
    """The steps after which the container has none of these resources."""
    resources = container.resources
    if resources is None:
        return
    for member, said in (("limits", resources.limits), ("requests", resources.requests)):
        for name in names:
            if name in (said or {}):
                words = f"container {container.name}: {member} {name} is taken off, as it was read"
                yield remove(f"{pointer}/resources/{member}/{escape(name)}", words)


def _stands(quantities: Quantities, name: str, number: int | str) -> bool:
    """Whether the number is there already, however spelled: the API server makes 3k of 3000."""
    if name not in quantities:
        return False
    try:
        return parse_quantity(quantities[name]).value == parse_quantity(number).value
    except Refusal:
        return False
