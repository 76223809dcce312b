"""How long to wait after a failure, so that many processes do not ask all at once."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

LONGEST_WISH: Final = 60.0
"""Seconds of ``Retry-After`` that are honoured at most."""


@dataclass(slots=True)
class Backoff:
    """Waits that double with each failure in a row.

    Attributes:
        first: seconds after the first failure, before jitter.
        most: seconds that no wait exceeds, unless the server itself asked for more.
        jitter: a number in [0, 1); each wait is between half and all of its size.
        failures: in a row, so far.
    """

    first: float = 0.2
    most: float = 10.0
    jitter: Callable[[], float] = random.random
    failures: int = field(default=0, init=False)

    def failed(self, retry_after: float = 0.0) -> float:
        """Seconds to wait now; at least what the server asked for."""
        # Beyond 2**16 the doubling has long passed any sensible `most`.
        full = min(self.most, self.first * float(1 << min(self.failures, 16)))
        self.failures += 1
        return max(full * (0.5 + self.jitter() / 2), min(retry_after, LONGEST_WISH))

    def worked(self) -> None:
        """Start anew."""
        self.failures = 0
