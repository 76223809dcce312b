"""Requests to the API server: kubernetes-asyncio's configuration, credentials and transport.

Bodies stay raw: the library's models would copy every object several times and lose the fields
they do not know.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
from kubernetes_asyncio.client import ApiClient, Configuration
from kubernetes_asyncio.config import (
    ConfigException,
    load_incluster_config,
    load_kube_config,
)

from webhook.cluster.errors import ApiError

JSON: Final = "application/json"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"

_CONNECT_TIMEOUT: Final = 5.0
_LONGEST_REASON: Final = 500


class _Status(msgspec.Struct):
    message: str = ""
    reason: str = ""


class Cluster:
    """One connection pool to one API server.

    The service account's token is read again from its file at most a minute after it was replaced;
    that is kubernetes-asyncio's own refresh.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._api = ApiClient(configuration)

    @classmethod
    async def connect(cls, kubeconfig: Path | None = None) -> "Cluster":
        """By the service account of this pod, or by a kubeconfig file. Sends nothing yet.

        Raises:
            ApiError: neither is there, or it cannot be read.
        """
        configuration = Configuration()
        try:
            if kubeconfig is None:
                load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            else:
                await load_kube_config(
                    config_file=str(kubeconfig), client_configuration=configuration
                )
        except (ConfigException, OSError) as error:
            raise ApiError(0, f"no way to reach the API server: {error}") from error
        return cls(configuration)

    async def close(self) -> None:
        """Close the pool; requests under way fail."""
        await self._api.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | Sequence[Any] | None = None,
        content_type: str = JSON,
        timeout: float = 10.0,  # noqa: ASYNC109  the transport's own, which also frees the socket
    ) -> bytes:
        """The body of the answer to one request.

        Args:
            method: ``GET``, ``POST`` and so on.
            path: from the root, with every part already quoted.
            query: parameters.
            body: sent as JSON.
            content_type: of the body; the kind of patch is told by it.
            timeout: seconds for all of it.

        Raises:
            ApiError: any status but 2xx, or no answer in time.
        """
        limits = aiohttp.ClientTimeout(total=timeout, sock_connect=_CONNECT_TIMEOUT)
        async with self._response(
            method, path, query, limits, body=body, content_type=content_type
        ) as response:
            return await response.read()

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str], *, silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The chunks of an answer that goes on.

        Args:
            path: from the root.
            query: parameters.
            silence: seconds without a byte after which the stream ends, as the peer may be dead.

        Raises:
            ApiError: any status but 2xx, or a stream that breaks.
        """
        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=_CONNECT_TIMEOUT, sock_read=silence + 5
        )
        async with self._response("GET", path, query, limits) as response:
            yield _chunks(response.content, silence)

    @asynccontextmanager
    async def _response(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        limits: aiohttp.ClientTimeout,
        *,
        body: Mapping[str, Any] | Sequence[Any] | None = None,
        content_type: str = JSON,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        # The seam: whatever the transport raises, in here or in the caller's reading, is ApiError.
        try:
            response: aiohttp.ClientResponse = await self._api.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params={"Accept": JSON, "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _request_timeout=limits,
            )
            async with response:
                if not 200 <= response.status < 300:  # noqa: PLR2004
                    raise _refused(response, await response.read())
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(0, str(error) or type(error).__name__) from error


async def _chunks(content: aiohttp.StreamReader, silence: float) -> AsyncIterator[bytes]:
    while True:
        # Not aiohttp's sock_read: that does not end the wait when the peer garbles a chunk's
        # header, for its parser then drops the connection and tells the reader nothing.
        try:
            async with asyncio.timeout(silence):
                chunk = await content.readany()
        except TimeoutError:
            return
        if not chunk:
            return
        yield chunk


def _refused(response: aiohttp.ClientResponse, body: bytes) -> ApiError:
    try:
        status = msgspec.json.decode(body, type=_Status)
        reason = status.message or status.reason
    except msgspec.MsgspecError:
        reason = body[:_LONGEST_REASON].decode(errors="replace")
    after = response.headers.get("Retry-After", "")
    return ApiError(
        response.status,
        (reason or response.reason or "no reason given")[:_LONGEST_REASON],
        retry_after=float(after) if after.isdecimal() and after.isascii() else 0.0,
    )
