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

CONFIGURATIONS = tuple(
    f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations"
    for kind in ("mutating", "validating")
)
"""Where configurations of webhooks are kept: the one for pods, and the one for workloads."""


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
class Standing:
    """One configuration as it was seen: its path, its resourceVersion, its webhooks' names."""

    path: str
    version: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """The caBundle (PEM) of each webhook of ours, and where they stand."""

    bundles: tuple[bytes, ...]
    standing: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """The webhook configurations, of one name, by which the API server knows whom to trust."""

    cluster: Cluster
    name: str

    async def read(self) -> Trust | None:
        """What stands in them; None where there is none."""
        bundles: list[bytes] = []
        standing: list[Standing] = []
        for collection in CONFIGURATIONS:
            path = f"{collection}/{quote(self.name, safe='')}"
            raw = await get_or_none(self.cluster, path)
            if raw is not None:
                webhooks = raw.get("webhooks") or []
                bundles += map(_bundle, webhooks)
                names = tuple(webhook["name"] for webhook in webhooks)
                standing.append(Standing(path, raw["metadata"]["resourceVersion"], names))
        return Trust(tuple(bundles), tuple(standing)) if standing else None

    async def write(self, bundle: bytes, seen: Trust) -> None:
        """Put one bundle into every webhook of them, and touch nothing else.

        Raises:
            ApiError: 409 or 422 when one changed since it was seen.
        """
        text = base64.b64encode(bundle).decode()
        for one in seen.standing:
            patch: list[dict[str, Any]] = [
                {"op": "test", "path": "/metadata/resourceVersion", "value": one.version}
            ]
            for index, name in enumerate(one.names):
                at = f"/webhooks/{index}"
                patch.append({"op": "test", "path": f"{at}/name", "value": name})
                # "add" replaces a value that is there.
                patch.append({"op": "add", "path": f"{at}/clientConfig/caBundle", "value": text})
            await self.cluster.call("PATCH", one.path, body=patch, content_type=JSON_PATCH)


def _bundle(webhook: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(webhook["clientConfig"].get("caBundle") or "")
    except (binascii.Error, ValueError):
        return b""
