"""The law of a namespace, held against what a pod asks and against where it would be placed.

Admission says the same earlier and more kindly, but a pod can come past it (the webhook was down,
the annotation was forged, the rules are newer than the pod), so what counts is decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tranche.words.namespace import parse_rules

from tranche.words.errors import Malformed, Refusal, shorten
from tranche.words.request import Model


@dataclass(frozen=True, slots=True)
class Law:
    """What binds the pods of a namespace.

    Attributes:
        namespace: its name.
        broken: why its annotations cannot be read; its pods wait, as nobody knows their limits.
        quota: MiB that all its pods together may hold; None for no limit.
        allowed: the only models that it may use; empty for any.
    """

    namespace: str
    broken: str = ""
    quota: int | None = None
    allowed: tuple[Model, ...] = ()

    def over(self, mib: int, held: int) -> str:
        """Why ``mib`` more are too many beside those ``held``; empty when they are not."""
        if self.quota is None or held + mib <= self.quota:
            return ""
        return (
            f"namespace {self.namespace} holds {held} of its {self.quota} MiB, "
            f"and {mib} more are asked"
        )


def law_of(namespace: str, annotations: Mapping[str, str]) -> Law:
    """The law that a namespace's annotations make."""
    try:
        rules = parse_rules(annotations)
    except (Malformed, Refusal) as error:
        return Law(namespace, broken=shorten(f"namespace {namespace}: {error}", 300))
    return Law(namespace, quota=rules.quota, allowed=rules.models)
