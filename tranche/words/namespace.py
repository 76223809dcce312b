"""What a platform team sets for a namespace, read from its annotations.

===================== =========================================================================
``tranche.dev/default`` a sentence; what a request leaves out is taken from it
``tranche.dev/adopt``   ``"true"``: a bare count of cards means the default slice
``tranche.dev/max``     ``40Gi and 50% cores``: MiB that one pod may hold in all, cores per card
``tranche.dev/models``  the only models that may be asked: ``A100 or V100``
``tranche.dev/policy``  words of spread, binpack, node-spread, node-binpack, same-numa
``tranche.dev/quota``   MiB that all pods of the namespace may hold together
===================== =========================================================================

The cluster's defaults have the same form. What is wrong here is the platform team's mistake, so it
stands in the way of those pods alone that need it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from tranche.words.errors import Refusal
from tranche.words.lists import read_models
from tranche.words.quantity import read_memory
from tranche.words.request import Mebibytes, Model, Slice
from tranche.words.said import NOTHING, Said, fill
from tranche.words.scanner import LONGEST_WRITTEN, Cursor, check_length
from tranche.words.sentence import read_sentence

PREFIX: Final = "tranche.dev/"
KEYS: Final = ("default", "adopt", "max", "models", "policy", "quota")


@dataclass(frozen=True, slots=True)
class NamespaceRules:
    """A namespace's settings over the cluster's.

    Attributes:
        default: what a request leaves out; parts may be missing.
        adopt: a bare count of cards means the default slice.
        max_mib: memory that one pod may hold at any one time, over all its cards; None is no bound.
        max_cores: percent of one card's cores that a container may ask.
        models: the only models allowed; empty means all.
        policy: a `Said` of which only the two policies and ``same_numa`` are set.
        quota: memory of the whole namespace in MiB; None is no bound.
        faults: by key, why an annotation could not be read. Ask `require` before using a value.
    """

    default: Said = NOTHING
    adopt: bool = False
    max_mib: int | None = None
    max_cores: int | None = None
    models: tuple[Model, ...] = ()
    policy: Said = NOTHING
    quota: int | None = None
    faults: Mapping[str, Refusal] = field(default_factory=dict)

    def require(self, *keys: str) -> None:
        """Make sure that these were read.

        Raises:
            Refusal: the first of them that was not, naming the annotation.
        """
        for key in keys:
            if key in self.faults:
                fault = self.faults[key]
                raise fault.at(fault.where)


def read_rules(
    annotations: Mapping[str, str], cluster: Mapping[str, str] | None = None
) -> NamespaceRules:
    """The rules of a namespace, over defaults of the cluster given by the same keys, unprefixed.

    Never raises; see `NamespaceRules.faults`.
    """
    own = tuple(annotations.get(PREFIX + key) for key in KEYS)
    return _rules(own, tuple((cluster or {}).get(key) or None for key in KEYS))


def parse_rules(annotations: Mapping[str, str]) -> NamespaceRules:
    """The rules of a namespace of which those that bind (models, maximum, quota) were read.

    Raises:
        Refusal: one of these was not; the annotation is named.
    """
    rules = read_rules(annotations)
    rules.require("models", "max", "quota")
    return rules


@lru_cache(4096)
def _rules(own: tuple[str | None, ...], cluster: tuple[str | None, ...]) -> NamespaceRules:
    values: dict[str, Any] = {}
    faults: dict[str, Refusal] = {}
    for key, mine, theirs in zip(KEYS, own, cluster, strict=True):
        written, where = mine, f"namespace annotation {PREFIX}{key}"
        if mine is None:
            written, where = theirs, f"cluster setting defaults.{key}"
        if written is None:
            continue
        try:
            check_length(written, LONGEST_WRITTEN)
            values |= _READERS[key](written)
        except Refusal as refusal:
            faults[key] = refusal.at(where)
    if own[0] is not None and cluster[0] is not None and "default" not in faults:
        values["default"] = fill(values["default"], _default(cluster[0])["default"])
    return NamespaceRules(**values, faults=faults)


def _default(written: str) -> dict[str, Any]:
    return {"default": read_sentence(written).said}


def _adopt(written: str) -> dict[str, Any]:
    truth = {"true": True, "false": False}.get(written.strip().lower())
    if truth is None:
        raise _wrong(written, "neither true nor false", "true")
    return {"adopt": truth}


def _max(written: str) -> dict[str, Any]:
    said = read_sentence(written).said
    amount = said.amount
    if (
        replace(said, amount=None) != NOTHING
        or not isinstance(amount, Slice)
        or not isinstance(amount.memory, Mebibytes | None)
    ):
        raise _wrong(written, "a maximum is memory, cores or both", "40Gi and 50% cores")
    return {"max_mib": amount.memory and amount.memory.mib, "max_cores": amount.cores}


def _models(written: str) -> dict[str, Any]:
    cursor = Cursor(written)
    models = read_models(cursor)
    if cursor:
        raise cursor.unknown('"or" and a model')
    return {"models": models}


def _policy(written: str) -> dict[str, Any]:
    said = read_sentence(written).said
    policy = Said(
        card_policy=said.card_policy, node_policy=said.node_policy, same_numa=said.same_numa
    )
    if said != policy:
        raise _wrong(written, "not a policy", "spread node-binpack")
    return {"policy": policy}


def _quota(written: str) -> dict[str, Any]:
    return {"quota": read_memory(written.strip())[0]}


def _wrong(written: str, why: str, example: str) -> Refusal:
    return Refusal(written, why, f"write it such as {example}")


_READERS: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "default": _default,
    "adopt": _adopt,
    "max": _max,
    "models": _models,
    "policy": _policy,
    "quota": _quota,
}
