"""The single objects that the webhook reads and writes."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from webhook.cluster.client import JSON_PATCH, Cluster
from webhook.cluster.errors import NOT_FOUND, ApiError

_CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ApiError(0, f"not an object: {error}") from error


async def get_or_none(
    cluster: Cluster,
    path: str,
    *,
    timeout: float = 10.0,  # noqa: ASYNC109  see Cluster.call
) -> dict[str, Any] | None:
    """The object at a path, or None where there is none.

    Raises:
        ApiError: any other answer, or none within ``timeout`` seconds.
    """
    try:
        return _object(await cluster.call("GET", path, timeout=timeout))
    except ApiError as error:
        if error.status == NOT_FOUND:
            return None
        raise


async def post_binding(cluster: Cluster, binding: Mapping[str, Any]) -> None:
    """Put a pod on a node, with the annotations of the Binding, in one write.

    Raises:
        ApiError: 409 when the pod is bound already or another pod has its name by now.
    """
    about = binding["metadata"]
    namespace, name = quote(about["namespace"], safe=""), quote(about["name"], safe="")
    await cluster.call("POST", f"/api/v1/namespaces/{namespace}/pods/{name}/binding", body=binding)


@dataclass(frozen=True, slots=True)
class Stored:
    """A Secret's data, decoded, and the resourceVersion it had."""

    data: Mapping[str, bytes]
    version: str


@dataclass(frozen=True, slots=True)
class Secret:
    """One Secret by name."""

    cluster: Cluster
    namespace: str
    name: str

    @property
    def _collection(self) -> str:
        return f"/api/v1/namespaces/{quote(self.namespace, safe='')}/secrets"

    def _manifest(self, data: Mapping[str, bytes], version: str) -> dict[str, Any]:
        about: dict[str, Any] = {
            "name": self.name,
            "namespace": self.namespace,
            "labels": {"app.kubernetes.io/part-of": "tranche"},
        }
        if version:
            about["resourceVersion"] = version
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": about,
            "type": "kubernetes.io/tls",
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
        }

    async def read(self) -> Stored | None:
        """What it holds; None where there is none; undecodable values are left out."""
        raw = await get_or_none(self.cluster, f"{self._collection}/{quote(self.name, safe='')}")
        if raw is None:
            return None
        data: dict[str, bytes] = {}
        for key, text in (raw.get("data") or {}).items():
            try:
                data[key] = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError, TypeError):
                continue
        return Stored(data, raw["metadata"]["resourceVersion"])

    async def create(self, data: Mapping[str, bytes]) -> None:
        """Make it.

        Raises:
            ApiError: 409 when it is there already.
        """
        await self.cluster.call("POST", self._collection, body=self._manifest(data, ""))

    async def replace(self, data: Mapping[str, bytes], version: str) -> None:
        """Write it anew.

        Raises:
            ApiError: 409 when it is no longer the one of ``version``, 404 when it is gone.
        """
        path = f"{self._collection}/{quote(self.name, safe='')}"
        await self.cluster.call("PUT", path, body=self._manifest(data, version))


@dataclass(frozen=True, slots=True)
class Trust:
    """The caBundle (PEM) of each webhook of a configuration, in order, and its names."""

    bundles: tuple[bytes, ...]
    names: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The MutatingWebhookConfiguration by which the API server knows whom to trust."""

    cluster: Cluster
    name: str

    @property
    def _path(self) -> str:
        return f"{_CONFIGURATIONS}/{quote(self.name, safe='')}"

    async def read(self) -> Trust | None:
        """What stands in it; None where there is no such configuration."""
        raw = await get_or_none(self.cluster, self._path)
        if raw is None:
            return None
        webhooks = raw.get("webhooks") or []
        bundles = []
        for webhook in webhooks:
            try:
                bundles.append(base64.b64decode(webhook["clientConfig"].get("caBundle") or ""))
            except (binascii.Error, ValueError):
                bundles.append(b"")
        names = tuple(webhook["name"] for webhook in webhooks)
        return Trust(tuple(bundles), names, raw["metadata"]["resourceVersion"])

    async def write(self, bundle: bytes, seen: Trust) -> None:
        """Put one bundle into every webhook of it, and touch nothing else.

        Raises:
            ApiError: 409 or 422 when it changed since it was seen.
        """
        text = base64.b64encode(bundle).decode()
        patch: list[dict[str, Any]] = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": seen.version}
        ]
        for index, name in enumerate(seen.names):
            at = f"/webhooks/{index}"
            patch.append({"op": "test", "path": f"{at}/name", "value": name})
            # "add" replaces a value that is there.
            patch.append({"op": "add", "path": f"{at}/clientConfig/caBundle", "value": text})
        await self.cluster.call("PATCH", self._path, body=patch, content_type=JSON_PATCH)
