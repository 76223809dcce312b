"""Certificates that others put into a folder: cert-manager's Secret as a volume, or a person."""

from pathlib import Path
from typing import Final

import structlog

from tranche.words.errors import Malformed
from webhook.certificates.served import Clock, Served, utc_now

POLL: Final = 10.0
"""Seconds between two looks. The kubelet itself takes up to a minute to swap a volume."""

LONGEST: Final = 1024 * 1024

_log = structlog.get_logger(__name__)


class Files:
    """``tls.crt`` and ``tls.key`` of a folder, read again when their content changed.

    The kubelet swaps a volume by renaming one link, so content is compared rather than dates; a
    pair caught in the middle does not load, and the former one stays until the next look.
    """

    def __init__(self, folder: Path, served: Served, *, clock: Clock = utc_now) -> None:
        self._folder = folder
        self._served = served
        self._clock = clock
        self._last: tuple[bytes, bytes] | None = None
        self._trouble = "not looked at yet"

    def problem(self) -> str:
        """Why a client could not trust what is served; empty when it could."""
        problem = self._served.problem(self._clock())
        return f"{problem}; {self._trouble}" if problem and self._trouble else problem

    async def round(self) -> float:
        """Look once, and say in how many seconds to look again. Raises nothing."""
        try:
            pair = (_read(self._folder / "tls.crt"), _read(self._folder / "tls.key"))
            if pair != self._last:
                self._served.load(*pair)
                self._last = pair
                _log.info("serving a certificate", folder=str(self._folder))
            self._trouble = ""
        except (OSError, Malformed) as error:
            if str(error) != self._trouble:
                _log.warning("certificate files cannot be used", error=str(error))
            self._trouble = str(error)
        return POLL if self._served.leaf is not None else 1.0


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LONGEST)
