"""The one error of this package."""

from tranche.words.errors import TrancheError

GONE = 410
CONFLICT = 409
NOT_FOUND = 404
UNPROCESSABLE = 422
"""What the API server answers to a JSON patch whose ``test`` does not hold."""


class ApiError(TrancheError):
    """The API server said no, or could not be asked.

    Attributes:
        status: the HTTP status; 0 when there was no answer (refused, timed out, cut off).
        reason: the server's words, or the network's.
        retry_after: seconds that the server asked to be left alone; 0 when it did not.
    """

    def __init__(self, status: int, reason: str, *, retry_after: float = 0.0) -> None:
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(f"{status} {reason}" if status else reason)
