"""From what was said to what is asked: defaults filled in, limits held."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from tranche.vendors import vendor_of
from tranche.vendors.base import Vendor
from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.limits import check_limits, most_at_once
from tranche.words.makers import without_told_maker
from tranche.words.models import print_model, remark_on, vendor_of_model
from tranche.words.namespace import PREFIX, NamespaceRules
from tranche.words.pod import Member
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import Partition, Percent, Request, Slice, Whole
from tranche.words.said import Said, fill, gained, request_of
from webhook.admission.asks import Ask
from webhook.systems import Systems

MOST_REMARKS: Final = 8


@dataclass(frozen=True, slots=True)
class Settled:
    """What a pod asks for, in full.

    Attributes:
        requests: by container's name.
        warnings: for the person.
        notes: what was filled in, and from where.
    """

    requests: dict[str, Request]
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def settle(
    asks: Mapping[str, Ask],
    rules: NamespaceRules,
    members: tuple[Member, ...],
    systems: Systems,
) -> Settled:
    """The requests of a pod.

    Raises:
        Refusal: an amount that nobody named, a size that the cards cannot have, or more than the
            namespace allows.
    """
    settled = Settled({})
    for name, ask in asks.items():
        settled.warnings.extend(ask.warnings)
        heard = Heard(f"container {name}", settled)
        settled.requests[name] = _settled(ask, rules, systems, heard)
    settled.warnings.extend(_remarks(asks))
    check_limits(rules, members, settled.requests)
    rules.require("quota")
    mib = most_at_once(members, settled.requests)
    if rules.quota is not None and mib > rules.quota:
        settled.warnings.append(
            f"the pod asks {mib} MiB at one time, and all pods of the namespace may hold "
            f"{rules.quota} together: it waits until {PREFIX}quota is raised"
        )
    return settled


@dataclass(frozen=True, slots=True)
class Heard:
    """What is to be said about one container."""

    who: str
    settled: Settled

    def warn(self, words: str) -> None:
        """Tell the person who made the pod."""
        self.settled.warnings.append(f"{self.who}: {words}")

    def note(self, parts: tuple[str, ...], why: str) -> None:
        """Tell whoever wants to know why, if there is anything to tell."""
        if parts:
            self.settled.notes.append(f"{self.who}: {' and '.join(parts)} {why}")


def _remarks(asks: Mapping[str, Ask]) -> Iterator[str]:
    """On the models that people named themselves; on a few only, as each costs a search."""
    said = (
        m for ask in asks.values() for m in (ask.said.models or ()) + (ask.said.not_models or ())
    )
    for model in islice(dict.fromkeys(said), MOST_REMARKS):
        remark = remark_on(model)
        if remark:
            yield f'"{print_model(model).upper()}": {remark}'


def _settled(ask: Ask, rules: NamespaceRules, systems: Systems, heard: Heard) -> Request:
    said = _filled(ask, rules, heard)
    said = _with_policy(said, rules, heard)
    said = _with_models(said, rules, heard)
    request = request_of(said)
    try:
        vendor = vendor_of(request, Nvidia.key, systems.vendors)
        request = _fitted(request, vendor, rules, heard)
    except Refusal as refusal:
        raise refusal.at(ask.place) from None
    return without_told_maker(replace(request, vendor=vendor.key), Nvidia.key)


def _with_models(said: Said, rules: NamespaceRules, heard: Heard) -> Said:
    """Those that the namespace allows, of the maker that is asked for, where none were named.

    Where none is asked for, they are NVIDIA's if some of them can be.
    """
    rules.require("models")
    if not rules.models or said.models:
        return said
    maker = said.vendor or Nvidia.key
    allowed = tuple(m for m in rules.models if vendor_of_model(m) in (None, maker))
    if not allowed and said.vendor is None:
        first = vendor_of_model(rules.models[0])
        allowed = tuple(m for m in rules.models if vendor_of_model(m) == first)
    if not allowed:
        return said
    heard.note(("models",), "as the namespace allows no others")
    return replace(said, models=allowed)


def _fitted(request: Request, vendor: Vendor, rules: NamespaceRules, heard: Heard) -> Request:
    """The request as the vendor's cards can be cut, with all that a slice needs."""
    fitted, warnings = vendor.fit(request)
    if isinstance(fitted.amount, Slice) and fitted.amount.cores is None and rules.max_cores:
        heard.warn(f"cores were not said: it gets the namespace's maximum, {rules.max_cores}%")
        most = replace(fitted.amount, cores=rules.max_cores)
        fitted, more = vendor.fit(replace(fitted, amount=most))
        warnings += more
    for warning in warnings:
        heard.warn(warning)
    if isinstance(fitted.amount, Slice) and fitted.amount.memory is None:
        heard.warn("memory was not said: it gets all that the card has, and shares it with none")
        fitted = replace(fitted, amount=replace(fitted.amount, memory=Percent(MAX_PERCENT)))
    return fitted


def _filled(ask: Ask, rules: NamespaceRules, heard: Heard) -> Said:
    if ask.bare:
        rules.require("adopt")
        if not rules.adopt:
            heard.note((f"a bare {ask.counted}",), "means whole cards, as it always has")
            return replace(ask.said, amount=Whole())
        heard.note(
            (f"a bare {ask.counted}",), "means the default slice, as the namespace adopts it"
        )
    sized = isinstance(ask.said.amount, Slice) and ask.said.amount.memory is not None
    if not sized and not isinstance(ask.said.amount, Whole | Partition):
        rules.require("default")
    elif "default" in rules.faults:
        heard.warn(f"not filled in, as it cannot be read: {rules.faults['default']}")
    said = fill(ask.said, rules.default)
    heard.note(gained(ask.said, said), "as the default says")
    if said.amount is not None and said.amount != Slice(None):
        return said
    if ask.bare:
        raise Refusal(
            "",
            f"the namespace takes a bare {ask.counted} for its default slice, and has none",
            f"set the namespace annotation {PREFIX}default, or say how much is wanted in "
            f"{PREFIX}gpu",
            where=ask.place,
        )
    if ask.counted:
        heard.note((f"{ask.counted} with no amount",), "means whole cards")
        return replace(said, amount=Whole())
    raise Refusal(
        "",
        "no amount is said, and neither namespace nor cluster has a default",
        "say how much, such as 3000Mi on A100, or whole",
        where=ask.place,
    )


def _with_policy(said: Said, rules: NamespaceRules, heard: Heard) -> Said:
    if said.card_policy is None or said.node_policy is None:
        rules.require("policy")
    policy = rules.policy
    if (said.count or 1) == 1:
        policy = replace(policy, same_numa=None)
    placed = fill(said, policy)
    heard.note(gained(said, placed), "as the policy says")
    return placed
