"""From what was said to what is asked: defaults filled in, limits held."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from tranche.vendors import vendor_of
from tranche.vendors.nvidia import Nvidia, ResourceNames
from tranche.words.errors import Refusal
from tranche.words.limits import check_limits
from tranche.words.models import print_model, remark_on, vendor_of_model
from tranche.words.namespace import PREFIX, NamespaceRules
from tranche.words.pod import Member
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import Model, Partition, Percent, Request, Slice, Whole
from tranche.words.said import Said, fill, gained, request_of
from webhook.admission.asks import Ask

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
    names: ResourceNames,
) -> Settled:
    """The requests of a pod.

    Raises:
        Refusal: an amount that nobody named, a partition, another vendor's cards, or more than the
            namespace allows.
    """
    settled = Settled({})
    for name, ask in asks.items():
        settled.warnings.extend(ask.warnings)
        heard = Heard(f"container {name}", settled)
        settled.requests[name] = _settled(ask, rules, names, heard)
    settled.warnings.extend(_remarks(asks))
    check_limits(rules, members, settled.requests)
    rules.require("quota")
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


def _settled(ask: Ask, rules: NamespaceRules, names: ResourceNames, heard: Heard) -> Request:
    said = _filled(ask, rules, names, heard)
    said = _with_policy(said, rules, heard)
    request = request_of(said)
    _check_vendor(request, ask)
    amount = request.amount
    if isinstance(amount, Partition):
        raise Refusal(
            amount.name,
            "Tranche cuts no card into partitions yet",
            "ask for a slice of that size, such as 10Gi and 15% cores",
            where=ask.place,
        )
    if isinstance(amount, Slice):
        request = replace(request, amount=_sized(amount, rules, heard))
    rules.require("models")
    if rules.models and not request.models:
        request = replace(request, models=_placed(rules.models))
        heard.note(("models",), "as the namespace allows no others")
    return request


def _check_vendor(request: Request, ask: Ask) -> None:
    """Let none have NVIDIA's resources and library who is to get another vendor's cards.

    Raises:
        Refusal: another vendor's cards, or cards of two.
    """
    try:
        vendor = vendor_of(request, Nvidia.key)
        by_pod = vendor_of(request_of(ask.said), Nvidia.key) is vendor
    except Refusal as refusal:
        raise refusal.at(ask.place) from None
    if vendor.key != Nvidia.key:
        where = ask.place if by_pod else "namespace or cluster default"
        raise _not_placed(vendor.title, "name an NVIDIA model", where)


def _placed(allowed: tuple[Model, ...]) -> tuple[Model, ...]:
    """Those of the models that can be NVIDIA's, for a request that names none.

    Raises:
        Refusal: there are none.
    """
    placed = tuple(m for m in allowed if vendor_of_model(m) in (None, Nvidia.key))
    if not placed:
        called = " or ".join(print_model(model).upper() for model in allowed)
        raise _not_placed(called, "have an NVIDIA model allowed", "namespace or cluster models")
    return placed


def _not_placed(written: str, remedy: str, where: str) -> Refusal:
    return Refusal(
        written,
        "Tranche places NVIDIA's cards alone so far",
        f"{remedy}, or ask for the resources of the maker's own plugin in the container's limits, "
        "which Tranche leaves as they are",
        where=where,
    )


def _sized(amount: Slice, rules: NamespaceRules, heard: Heard) -> Slice:
    memory, cores = amount.memory, amount.cores
    if memory is None:
        memory = Percent(MAX_PERCENT)
        heard.warn("memory was not said: it gets all that the card has, and shares it with none")
    if cores is None and rules.max_cores is not None:
        cores = rules.max_cores
        heard.warn(f"cores were not said: it gets the namespace's maximum, {cores}%")
    return Slice(memory, cores)


def _filled(ask: Ask, rules: NamespaceRules, names: ResourceNames, heard: Heard) -> Said:
    if ask.bare:
        rules.require("adopt")
        if not rules.adopt:
            heard.note((f"a bare {names.count}",), "means whole cards, as it always has")
            return replace(ask.said, amount=Whole())
        heard.note(
            (f"a bare {names.count}",), "means the default slice, as the namespace adopts it"
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
            f"the namespace takes a bare {names.count} for its default slice, and has none",
            f"set the namespace annotation {PREFIX}default, or say how much is wanted in "
            f"{PREFIX}gpu",
            where=ask.place,
        )
    if ask.counted:
        heard.note((f"{names.count} with no amount",), "means whole cards")
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
