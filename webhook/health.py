"""Whether the process should be asked, and if not, why."""

from collections.abc import Callable, Mapping

Problem = Callable[[], str]
"""Says what is wrong in words for people; empty when nothing is."""


class Health:
    """Readiness as a list of named problems.

    Attributes:
        draining: set once the process was told to end.
    """

    def __init__(self, conditions: Mapping[str, Problem]) -> None:
        self._conditions = dict(conditions)
        self.draining = False

    def problems(self) -> dict[str, str]:
        """What is wrong now, by condition; empty means ready."""
        found = {name: text for name, ask in self._conditions.items() if (text := ask())}
        if self.draining:
            found["process"] = "is being stopped"
        return found
