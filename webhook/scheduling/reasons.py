"""Why a pod waits, in words.

kube-scheduler counts nodes by equal text (``0/4 nodes are available: 3 no A100, …``), so the nodes
that fail alike get one text, with the best that any of them had.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from tranche.vendors.nvidia import Nvidia
from tranche.words.makers import title_of
from tranche.words.request import Mebibytes, Model, Percent, Slice
from webhook.scheduling.fit import Cause
from webhook.scheduling.lack import Lack
from webhook.scheduling.shape import Ask, Demand

SHOWN: Final = 3
"""Models named in one reason; more than these are counted."""


def explain(
    failed: Iterable[tuple[str, Lack]], ask: Ask, demands: Sequence[Demand]
) -> dict[str, str]:
    """The text for each node that will not do."""
    groups: dict[tuple[int, Cause], list[str]] = {}
    best: dict[tuple[int, Cause], int] = {}
    for name, (part, cause, had) in failed:
        key = (part, cause)
        if key in groups:
            groups[key].append(name)
            best[key] = max(best[key], had)
        else:
            groups[key] = [name]
            best[key] = had
    texts: dict[str, str] = {}
    for key, names in groups.items():
        texts |= dict.fromkeys(names, reason(Lack(*key, best[key]), ask, demands))
    return texts


def reason(lack: Lack, ask: Ask, demands: Sequence[Demand]) -> str:
    """One node's text."""
    demand = demands[lack.part]
    text = _TEXTS[lack.cause](demand, lack.best)
    if len(demands) == 1 or lack.cause in _OF_THE_POD:
        return text
    return f"{ask.names[lack.part]}: {text}"


def _no_model(demand: Demand, _: int) -> str:
    request = demand.request
    if request.models:
        return f"no {_names(request.models)}"
    if demand.vendor != Nvidia.key:
        return f"no card of {title_of(demand.vendor)}"
    if demand.allowed:
        return f"no {_names(demand.allowed)}, and the namespace may use nothing else"
    if not request.not_models:
        return f"no card of {title_of(demand.vendor)}"
    return f"no card but {_names(request.not_models)}"


def _no_card(demand: Demand, _: int) -> str:
    match demand.request.cards:
        case ():
            return "no card but those ruled out"
        case (uuid,):
            return f"no card {uuid}"
        case cards:
            return f"none of the {len(cards)} cards named"


def _no_cores(demand: Demand, best: int) -> str:
    if demand.cores:
        return f"largest core share left {best}% of the {demand.cores}% asked"
    return "all cores are promised"


def _no_memory(demand: Demand, best: int) -> str:
    amount = demand.request.amount
    if isinstance(amount, Slice):
        match amount.memory:
            case Mebibytes(mib):
                return f"largest free slice {best} MiB of the {mib} asked"
            case Percent(percent):
                return f"largest free slice {best}% of the {percent}% asked"
    return f"no {_wanted(demand)} that nobody uses"


def _too_few(demand: Demand, best: int) -> str:
    return f"{best} of the {demand.request.count} cards asked"


_TEXTS: Final[Mapping[Cause, Callable[[Demand, int], str]]] = {
    Cause.NO_CARDS: lambda _demand, _best: "no cards",
    Cause.MODEL: _no_model,
    Cause.CARD: _no_card,
    Cause.HEALTH: lambda demand, _: f"no healthy {_wanted(demand)}",
    Cause.SLICING: lambda _demand, _best: "cards that can only be had whole",
    Cause.CORES: _no_cores,
    Cause.MEMORY: _no_memory,
    Cause.COUNT: _too_few,
    Cause.NUMA: lambda demand, best: f"{_too_few(demand, best)} on one NUMA node",
    Cause.TOGETHER: lambda _demand, _best: "each container fits alone, but not all together",
    Cause.TICKETS: lambda _demand, best: (
        f"the node agent offers {best or 'no'} more slice{'' if best == 1 else 's'}"
    ),
}
_OF_THE_POD: Final = frozenset({Cause.NO_CARDS, Cause.TOGETHER, Cause.TICKETS})
"""What no single container is to blame for."""


def _wanted(demand: Demand) -> str:
    return _names(demand.request.models or demand.allowed) or "card"


def _names(models: tuple[Model, ...]) -> str:
    shown = [_name(model) for model in models[:SHOWN]]
    if len(models) > SHOWN:
        shown.append(f"{len(models) - SHOWN} more")
    return " or ".join(shown)


def _name(model: Model) -> str:
    size = () if model.gigabytes is None else (f"{model.gigabytes}G",)
    return " ".join((*(token.upper() for token in model.tokens), *size))
