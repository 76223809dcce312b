"""The law of a namespace, held against what a pod asks and against where it would be placed.

Admission says the same earlier and more kindly, but a pod can come past it (the webhook was down,
the annotation was forged, the rules are newer than the pod), so what counts is decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tranche.words.errors import Refusal, shorten
from tranche.words.namespace import PREFIX, NamespaceRules, read_rules

KEYS: Final = ("max", "models", "quota")
"""The annotations that bind a pod here; the others fill in what it leaves unsaid, at admission."""


@dataclass(frozen=True, slots=True)
class Law:
    """What binds the pods of a namespace."""

    namespace: str
    rules: NamespaceRules

    def check(self) -> None:
        """Make sure that it is known.

        Raises:
            Refusal: an annotation cannot be read. Its pods wait, as nobody knows their limits.
        """
        try:
            self.rules.require(*KEYS)
        except Refusal as fault:
            why = shorten(f"{self.namespace}: {fault}", 300)
            raise Refusal("", why, "correct the annotation") from fault

    def exceeds(self, at_once: int, cores: int) -> str:
        """Why a pod asks too much for this namespace; empty when it does not.

        ``at_once`` is the MiB that it holds at any one time, ``cores`` the most percent of a card
        that a container may use.
        """
        most, share = self.rules.max_mib, self.rules.max_cores
        if most is not None and at_once > most:
            return f"namespace {self.namespace} allows a pod {most} MiB, and {at_once} are asked"
        if share is not None and cores > share:
            return f"namespace {self.namespace} allows {share}% cores, and {cores}% are asked"
        return ""

    def over(self, mib: int, held: int) -> str:
        """Why ``mib`` more are too many beside those ``held``; empty when they are not."""
        quota = self.rules.quota
        if quota is None or held + mib <= quota:
            return ""
        return (
            f"namespace {self.namespace} holds {held} of its {quota} MiB, and {mib} more are asked"
        )


def kept(annotations: Mapping[str, str]) -> dict[str, str]:
    """The annotations of a namespace that make its law."""
    return {key: annotations[key] for name in KEYS if (key := PREFIX + name) in annotations}


def law_of(namespace: str, annotations: Mapping[str, str], cluster: Mapping[str, str]) -> Law:
    """The law that a namespace's annotations make over the cluster's, keyed without a prefix."""
    return Law(namespace, read_rules(annotations, cluster))
