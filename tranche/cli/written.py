"""What another system would be told: the part of a pod that says it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from tranche.cli.fitted import Fitted, check_amount, fit
from tranche.dialects import make_writer
from tranche.dialects.base import Writer
from tranche.vendors import known, make_vendors
from tranche.vendors.base import Vendor, Written
from tranche.words.errors import Malformed, Refusal
from tranche.words.request import Request
from webhook.admission.nodes import affinity_to, one_of

APP, INIT = "containers", "initContainers"
VENDORS: Final = "vendors."


def read_pairs(pairs: Sequence[str]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Settings such as ``gpuMemoryFactor=10``, and those of vendors by ``vendors.<vendor>.<name>``.

    Raises:
        Malformed: one that is not of this form.
    """
    system: dict[str, Any] = {}
    vendors: dict[str, dict[str, Any]] = {}
    for one in pairs:
        name, equals, value = one.partition("=")
        *vendor, setting = name.removeprefix(VENDORS).split(".", 1)
        if not equals or (name.startswith(VENDORS) and not vendor):
            raise Malformed(
                f'--with "{one}": write it as name=value, such as gpuMemoryFactor=1 or '
                f"{VENDORS}cambricon.memoryUnit=256Mi"
            )
        values = vendors.setdefault(vendor[0], {}) if name.startswith(VENDORS) else system
        values[setting if name.startswith(VENDORS) else name] = value
    return system, vendors


def writer_of(key: str, settings: Mapping[str, Any]) -> Writer:
    """The writer for a system.

    Raises:
        Malformed: no such system or setting.
    """
    try:
        return make_writer(key, settings)
    except Malformed as error:
        raise Malformed(f"--to {key}: {error}") from error


def vendors_of(settings: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Vendor]:
    """All vendors, some of them set.

    Raises:
        Malformed: no such vendor or setting.
    """
    try:
        return make_vendors(settings)
    except Malformed as error:
        raise Malformed(f"--with: {error}") from error


def write_for(
    writer: Writer, requests: Mapping[str, Request], vendors: Mapping[str, Vendor] = known
) -> Mapping[str, Written]:
    """What the system is told of these containers, and in the warnings what was rounded up.

    Raises:
        Refusal: their cards cannot be cut so, or the system, which is named, has no words for it.
    """
    return write_fitted(
        writer, {name: fit(one, vendors) for name, one in requests.items()}, vendors
    )


def write_fitted(
    writer: Writer, fitted: Mapping[str, Fitted], vendors: Mapping[str, Vendor]
) -> Mapping[str, Written]:
    """As `write_for`, of requests that fit.

    Raises:
        Refusal: the system, which is named, has no words for them.
    """
    try:
        for one in fitted.values():
            check_amount(one.request)
        told = writer.write({name: one.request for name, one in fitted.items()}, vendors)
    except Refusal as refusal:
        raise refusal.at(f"written for {writer.title}") from None
    return {
        name: replace(one, warnings=tuple(dict.fromkeys(fitted[name].warnings + one.warnings)))
        for name, one in told.items()
    }


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
            "affinity": _affinity(one),
        }
        spec |= {member: value for member, value in spoken.items() if value}
        container = _container(name, one)
        spec.setdefault(INIT if name in first else APP, []).append(container)
    return ({"metadata": metadata} if metadata else {}) | {"spec": spec}


def _affinity(written: Written) -> dict[str, Any]:
    expressions = [one_of(label, values) for label, values in written.node_affinity.items()]
    return affinity_to(expressions) if expressions else {}


def _container(name: str, written: Written) -> dict[str, Any]:
    container: dict[str, Any] = {"name": name}
    if written.resources:
        limits = {resource: str(value) for resource, value in written.resources.items()}
        container["resources"] = {"limits": limits}
    if written.env:
        container["env"] = [{"name": k, "value": v} for k, v in written.env.items()]
    return container
