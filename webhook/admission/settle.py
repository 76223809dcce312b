"""From what was said to what is asked: defaults filled in, limits held."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from tranche.vendors.nvidia import ResourceNames
from tranche.words.errors import Refusal
from tranche.words.limits import check_limits
from tranche.words.models import print_model, remark_on
from tranche.words.namespace import PREFIX, NamespaceRules
from tranche.words.pod import Member
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import Partition, Percent, Request, Slice, Whole
from tranche.words.said import Said, fill, request_of
from webhook.admission.asks import Ask

MOST_REMARKS: Final = 8


def settle(
    asks: Mapping[str, Ask],
    rules: NamespaceRules,
    members: tuple[Member, ...],
    names: ResourceNames,
) -> tuple[dict[str, Request], tuple[str, ...]]:
    """The requests of a pod by container's name, and warnings.

    Raises:
        Refusal: an amount that nobody named, a partition, or more than the namespace allows.
    """
    requests: dict[str, Request] = {}
    warnings: list[str] = []
    for name, ask in asks.items():
        warnings += ask.warnings
        request, heard = _settled(ask, rules, names)
        warnings += (f"container {name}: {warning}" for warning in heard)
        requests[name] = request
    warnings += _remarks(asks)
    check_limits(rules, members, requests)
    rules.require("quota")
    return requests, tuple(warnings)


def _remarks(asks: Mapping[str, Ask]) -> Iterator[str]:
    """On the models that people named themselves; on a few only, as each costs a search."""
    said = (
        m for ask in asks.values() for m in (ask.said.models or ()) + (ask.said.not_models or ())
    )
    for model in islice(dict.fromkeys(said), MOST_REMARKS):
        remark = remark_on(model)
        if remark:
            yield f'"{print_model(model).upper()}": {remark}'


def _settled(
    ask: Ask, rules: NamespaceRules, names: ResourceNames
) -> tuple[Request, tuple[str, ...]]:
    said, warnings = _filled(ask, rules, names)
    said = _with_policy(said, rules)
    request = request_of(said)
    amount = request.amount
    if isinstance(amount, Partition):
        raise Refusal(
            amount.name,
            "Tranche cuts no card into partitions yet",
            "ask for a slice of that size, such as 10Gi and 15% cores",
            where=ask.place,
        )
    if isinstance(amount, Slice):
        memory, cores = amount.memory, amount.cores
        if memory is None:
            memory = Percent(MAX_PERCENT)
            warnings += (
                "memory was not said: it gets all that the card has, and shares the card with none",
            )
        if cores is None and rules.max_cores is not None:
            cores = rules.max_cores
            warnings += (f"cores were not said: it gets the namespace's maximum, {cores}%",)
        request = replace(request, amount=Slice(memory, cores))
    rules.require("models")
    if rules.models and not request.models:
        request = replace(request, models=rules.models)
    return request, warnings


def _filled(ask: Ask, rules: NamespaceRules, names: ResourceNames) -> tuple[Said, tuple[str, ...]]:
    if ask.bare:
        rules.require("adopt")
        if not rules.adopt:
            return replace(ask.said, amount=Whole()), ()
    sized = isinstance(ask.said.amount, Slice) and ask.said.amount.memory is not None
    warnings: tuple[str, ...] = ()
    if not sized and not isinstance(ask.said.amount, Whole | Partition):
        rules.require("default")
    elif "default" in rules.faults:
        warnings = (f"not filled in, as it cannot be read: {rules.faults['default']}",)
    said = fill(ask.said, rules.default)
    if said.amount is not None and said.amount != Slice(None):
        return said, warnings
    if ask.bare:
        raise Refusal(
            "",
            f"the namespace takes a bare {names.count} for its default slice, and has none",
            f"set the namespace annotation {PREFIX}default, or say how much is wanted in "
            f"{PREFIX}gpu",
            where=ask.place,
        )
    if ask.counted:
        return replace(said, amount=Whole()), warnings
    raise Refusal(
        "",
        "no amount is said, and neither namespace nor cluster has a default",
        "say how much, such as 3000Mi on A100, or whole",
        where=ask.place,
    )


def _with_policy(said: Said, rules: NamespaceRules) -> Said:
    if said.card_policy is None or said.node_policy is None:
        rules.require("policy")
    policy = rules.policy
    if (said.count or 1) == 1:
        policy = replace(policy, same_numa=None)
    return fill(said, policy)
