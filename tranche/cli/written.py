"""What another system would be told: the part of a pod that says it."""

from collections.abc import Mapping, Sequence
from typing import Any

from tranche.dialects import make_writer
from tranche.dialects.base import Writer
from tranche.vendors.base import Written
from tranche.words.errors import Malformed, Refusal
from tranche.words.request import Request

APP, INIT = "containers", "initContainers"


def writer_of(key: str, settings: Sequence[str]) -> Writer:
    """The writer for a system, with settings such as ``gpuMemoryFactor=10``.

    Raises:
        Malformed: no such system or setting, or one that is not of this form.
    """
    pairs: dict[str, str] = {}
    for one in settings:
        name, equals, value = one.partition("=")
        if not equals:
            raise Malformed(f'--with "{one}": write it as name=value, such as gpuMemoryFactor=1')
        pairs[name] = value
    try:
        return make_writer(key, pairs)
    except Malformed as error:
        raise Malformed(f"--to {key}: {error}") from error


def write_for(writer: Writer, requests: Mapping[str, Request]) -> Mapping[str, Written]:
    """What the system is told of these containers.

    Raises:
        Refusal: it has no words for them; the system is named.
    """
    try:
        return writer.write(requests)
    except Refusal as refusal:
        raise refusal.at(f"written for {writer.title}") from None


def warnings_of(written: Mapping[str, Written]) -> tuple[str, ...]:
    """What is lost, by container."""
    return tuple(f"container {name}: {one}" for name, w in written.items() for one in w.warnings)


def fragment(written: Mapping[str, Written], first: Sequence[str] = ()) -> dict[str, Any]:
    """A pod of nothing but these words, as a patch of the real one would have it.

    Args:
        written: by container.
        first: names of init containers.
    """
    metadata: dict[str, Any] = {}
    spec: dict[str, Any] = {}
    for name, one in written.items():
        for member, values in (("annotations", one.annotations), ("labels", one.labels)):
            if values:
                metadata.setdefault(member, {}).update(values)
        spoken = {
            "schedulerName": one.scheduler,
            "runtimeClassName": one.runtime_class,
            "nodeSelector": dict(one.node_selector),
        }
        spec |= {member: value for member, value in spoken.items() if value}
        container = _container(name, one)
        spec.setdefault(INIT if name in first else APP, []).append(container)
    return ({"metadata": metadata} if metadata else {}) | {"spec": spec}


def _container(name: str, written: Written) -> dict[str, Any]:
    container: dict[str, Any] = {"name": name}
    if written.resources:
        limits = {resource: str(value) for resource, value in written.resources.items()}
        container["resources"] = {"limits": limits}
    if written.env:
        container["env"] = [{"name": k, "value": v} for k, v in written.env.items()]
    return container
