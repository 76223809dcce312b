"""The world as it is in production: an API server that is watched and written to."""

import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from webhook.certificates.files import Files
from webhook.certificates.own import OwnAuthority
from webhook.certificates.served import Served
from webhook.cluster.client import Cluster
from webhook.cluster.errors import ApiError
from webhook.cluster.objects import Configuration, Secret, get_or_none, post_binding
from webhook.cluster.watch import NAMESPACES, NODES, Watch, pods_of
from webhook.namespaces import PATIENCE, Namespaces
from webhook.options import Options
from webhook.scheduling.binder import BindingRejected
from webhook.scheduling.extender import Extender
from webhook.scheduling.ledger import Ledger
from webhook.settings import Settings
from webhook.world import Source, Teller, World

_SERVER_FAULTS = 500
"""From here on a status says that the API server does not know what became of the request."""


async def clustered(options: Options, settings: Settings, served: Served) -> World:
    """Connected, but nothing asked yet.

    Raises:
        ApiError: there is no way to tell where the API server is.
    """
    cluster = await Cluster.connect(options.kubeconfig)

    def extender(ledger: Ledger) -> Extender:
        return Extender(ledger, partial(_bind, cluster), settings, time.monotonic)

    def feed(ledger: Ledger, namespaces: Namespaces) -> list[Watch]:
        return [
            Watch(cluster, NODES, Teller(ledger.node, ledger.node_gone)),
            Watch(cluster, pods_of(settings.schedulerName), Teller(ledger.pod, ledger.pod_gone)),
            Watch(cluster, NAMESPACES, namespaces),
        ]

    return World(
        fetch=partial(_namespace, cluster),
        extender=extender,
        feed=feed,
        source=_source(options, cluster, served),
        conditions={},
        close=cluster.close,
    )


def names_of_services(services: Iterable[str], namespace: str) -> tuple[str, ...]:
    """The names by which Services are called; the API server uses those in `.svc`."""
    full = [f"{service}.{namespace}.svc" for service in services]
    return (*full, *(f"{name}.cluster.local" for name in full))


def _source(options: Options, cluster: Cluster, served: Served) -> Source:
    if options.tls == "files":
        return Files(options.tls_dir, served)
    return OwnAuthority(
        Secret(cluster, options.namespace, options.secret),
        Configuration(cluster, options.webhook_configuration),
        served,
        names_of_services(options.services, options.namespace),
    )


async def _namespace(cluster: Cluster, name: str) -> dict[str, Any] | None:
    return await get_or_none(cluster, f"/api/v1/namespaces/{name}", timeout=PATIENCE)


async def _bind(cluster: Cluster, binding: dict[str, Any]) -> None:
    try:
        await post_binding(cluster, binding)
    except ApiError as error:
        certain = 0 < error.status < _SERVER_FAULTS
        raise BindingRejected(str(error), certain=certain) from error
