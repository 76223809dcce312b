"""Raw JSON requests to the API server."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Self

import aiohttp
import msgspec

from nodeagent.cluster.credentials import Credentials
from tranche.words.errors import Malformed

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
WATCH_SECONDS: Final = 300
"""After how long the server ends a watch; then it is taken up where it was."""

LONGEST_LINE: Final = 8 * 1024 * 1024
"""Bytes of one event of a watch. etcd keeps no object larger than 1.5 MiB, in another form."""


class ApiError(OSError):
    """The API server cannot be reached, or answered with an error.

    Attributes:
        status: of HTTP, or 0 when there was no answer.
    """

    def __init__(self, what: str, status: int = 0) -> None:
        super().__init__(f"API server: {what}")
        self.status = status


class Api:
    """One connection pool. Use as ``async with``. Every call raises ApiError."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Opens the pool."""
        tls = self._credentials.tls
        connector = aiohttp.TCPConnector(ssl=True if tls is None else tls, limit=8)
        self._session = aiohttp.ClientSession(connector=connector, read_bufsize=LONGEST_LINE)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes it."""
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **params: str) -> Any:
        """An object or a list."""
        return await self._request("GET", path, params=params)

    async def merge(self, path: str, patch: Mapping[str, Any]) -> Any:
        """Merges a patch into an object."""
        headers = {"Content-Type": "application/merge-patch+json"}
        return await self._request("PATCH", path, data=msgspec.json.encode(patch), headers=headers)

    async def watch(self, path: str, **params: str) -> AsyncIterator[Any]:
        """Events from a resource version on, until the server ends the watch."""
        params |= {"watch": "true", "timeoutSeconds": str(WATCH_SECONDS)}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=WATCH_SECONDS + 30)
        async with self._answer("GET", path, params=params, timeout=timeout) as answer:
            try:
                async for line in answer.content:
                    yield _decode(line)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                raise ApiError(f"watch of {path}: {type(error).__name__} {error}") from error

    async def _request(self, method: str, path: str, **how: Any) -> Any:
        async with self._answer(method, path, timeout=_TIMEOUT, **how) as answer:
            try:
                return _decode(await answer.read())
            except (aiohttp.ClientError, TimeoutError) as error:
                raise ApiError(f"{method} {path}: {type(error).__name__} {error}") from error

    def _answer(self, method: str, path: str, **how: Any) -> "_Answer":
        if self._session is None:
            raise RuntimeError("Api is used inside `async with` only")
        how["headers"] = self._credentials.headers() | how.get("headers", {})
        request = self._session.request(method, f"{self._credentials.server}{path}", **how)
        return _Answer(request, f"{method} {path}")


class _Answer:
    """The seam that turns every foreign error of a request into ApiError."""

    def __init__(self, request: Any, what: str) -> None:
        self._request = request
        self._what = what

    async def __aenter__(self) -> aiohttp.ClientResponse:
        try:
            answer: aiohttp.ClientResponse = await self._request.__aenter__()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(f"{self._what}: {type(error).__name__} {error}") from error
        if answer.status >= 300:  # noqa: PLR2004
            text = (await answer.content.read(512)).decode(errors="replace")
            answer.close()
            raise ApiError(f"{self._what}: {answer.status} {text}", answer.status)
        return answer

    async def __aexit__(self, *error: object) -> None:
        await self._request.__aexit__(*error)


def _decode(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError as error:
        raise Malformed(f"API server: {error}") from error
