"""Whether the requests of one pod keep within what its namespace allows."""

from collections.abc import Mapping

from tranche.words.errors import Refusal
from tranche.words.models import print_model, within
from tranche.words.namespace import PREFIX, NamespaceRules
from tranche.words.pod import Member, phases
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import Mebibytes, Model, Request, Slice
from tranche.words.sentence import print_sentence


def check_limits(
    rules: NamespaceRules, members: tuple[Member, ...], requests: Mapping[str, Request]
) -> None:
    """Hold a pod's requests, by container's name, against the rules.

    Memory that is asked as a share, or as a whole card, is known only once a card is chosen, and
    counts as nothing here.

    Raises:
        Refusal: a model that is not allowed, or more than one pod may ask.
    """
    rules.require("models", "max")
    for name, request in requests.items():
        _check_models(rules, name, request)
        _check_cores(rules, name, request)
    mib = most_at_once(members, requests)
    if rules.max_mib is not None and mib > rules.max_mib:
        raise Refusal(
            "",
            f"the pod asks {mib} MiB at one time, counted over cards and containers, and the "
            f"namespace allows {rules.max_mib}",
            f"ask at most {rules.max_mib}Mi in all",
            where=f"namespace annotation {PREFIX}max",
        )


def most_at_once(members: tuple[Member, ...], requests: Mapping[str, Request]) -> int:
    """MiB that a pod asks for at one time of its life, counted over cards and containers."""
    return max(
        (sum(_mib(requests[n]) for n in names if n in requests) for names in phases(members)),
        default=0,
    )


def _mib(request: Request) -> int:
    amount = request.amount
    if isinstance(amount, Slice) and isinstance(amount.memory, Mebibytes):
        return request.count * amount.memory.mib
    return 0


def _check_models(rules: NamespaceRules, name: str, request: Request) -> None:
    if not rules.models:
        return
    allowed = " or ".join(print_model(model).upper() for model in rules.models)
    maker = None if request.vendor is None else Model((request.vendor,))
    for model in request.models or (maker,):
        if model is None or not any(within(model, one) for one in rules.models):
            called = "any model" if model is None else print_model(model).upper()
            raise Refusal(
                print_sentence(request),
                f"container {name} asks for {called}, and the namespace allows {allowed}",
                f'write "on {allowed}", or no model at all',
                where=f"namespace annotation {PREFIX}models",
            )


def _check_cores(rules: NamespaceRules, name: str, request: Request) -> None:
    cores = request.amount.cores if isinstance(request.amount, Slice) else MAX_PERCENT
    if rules.max_cores is not None and (cores is None or cores > rules.max_cores):
        asked = "all that is free" if cores is None else f"{cores}%"
        raise Refusal(
            print_sentence(request),
            f"container {name} asks for {asked} of a card's cores, and the namespace allows "
            f"{rules.max_cores}%",
            f"write at most {rules.max_cores}% cores",
            where=f"namespace annotation {PREFIX}max",
        )
