"""A world of one file, for demonstrations and tests: no API server is spoken to.

What there is comes from ``--objects``, each Binding goes to ``--bindings-out`` as a line of JSON
and back into the ledger, as a watch would tell it, and the CA is made in memory.
"""

import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from tranche.words.errors import Malformed
from webhook.certificates.due import Step, due, renew
from webhook.certificates.material import Material
from webhook.certificates.served import Served, utc_now
from webhook.cluster.watch import Watch
from webhook.clustered import names_of_services
from webhook.namespaces import Namespaces, nowhere
from webhook.options import Options
from webhook.scheduling.extender import Extender
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.wire import ExtenderArgs, FilterResult
from webhook.settings import Settings
from webhook.world import World

_HOUR: Final = 3600.0
_MOST_PODS: Final = 10_000


class Objects(msgspec.Struct):
    """The file of ``--objects``, each object as the API server would send it."""

    nodes: list[dict[str, Any]] = []
    pods: list[dict[str, Any]] = []
    namespaces: list[dict[str, Any]] = []


def load_objects(text: bytes) -> Objects:
    """What a file of objects holds.

    Raises:
        Malformed: it is not of that form.
    """
    try:
        return msgspec.json.decode(text, type=Objects)
    except msgspec.MsgspecError as error:
        raise Malformed(f"--objects: {error}") from error


async def standalone(options: Options, settings: Settings, served: Served) -> World:
    """Read the file and make the certificate.

    Raises:
        Malformed: the file of objects is none.
        OSError: a file cannot be read or written.
    """
    objects = load_objects(options.objects.read_bytes()) if options.objects else Objects()
    bindings = Bindings(options.bindings_out)
    source = InMemory(options, served, utc_now())

    def extender(ledger: Ledger) -> Extender:
        return bindings.extender(ledger, settings)

    def feed(ledger: Ledger, namespaces: Namespaces) -> list[Watch]:
        for namespace in objects.namespaces:
            namespaces.put(namespace)
        for node in objects.nodes:
            ledger.node(node)
        for pod in objects.pods:
            bindings.know(pod)
            ledger.pod(pod)
        return []

    async def close() -> None:
        bindings.close()

    return World(
        fetch=nowhere, extender=extender, feed=feed, source=source, conditions={}, close=close
    )


class Bindings:
    """Plays the API server's part in a Binding: the pod is on the node, with its annotations."""

    def __init__(self, out: Path | None) -> None:
        self._file = out.open("ab", buffering=0) if out else None
        self._pods: dict[str, dict[str, Any]] = {}
        self._ledger: Ledger | None = None

    def know(self, pod: dict[str, Any]) -> None:
        """Remember a pod, so that it can be shown bound later."""
        if len(self._pods) < _MOST_PODS:
            self._pods[str(pod.get("metadata", {}).get("uid", ""))] = pod

    def extender(self, ledger: Ledger, settings: Settings) -> Extender:
        """An extender that posts here, and tells of each pod that it is asked about."""
        self._ledger = ledger
        know = self.know

        class Asked(Extender):
            async def filter(self, args: ExtenderArgs) -> FilterResult:
                know(msgspec.to_builtins(args.Pod))
                return await super().filter(args)

        return Asked(ledger, self.post, settings, time.monotonic)

    async def post(self, binding: dict[str, Any]) -> None:
        """Write it down, and show the pod bound."""
        if self._file:
            self._file.write(msgspec.json.encode(binding) + b"\n")
        about = binding["metadata"]
        pod = self._pods.pop(about["uid"], None)
        if pod is None or self._ledger is None:
            return
        annotations = {**(pod["metadata"].get("annotations") or {}), **about["annotations"]}
        self._ledger.pod(
            {
                **pod,
                "metadata": {**pod["metadata"], "annotations": annotations},
                "spec": {**pod["spec"], "nodeName": binding["target"]["name"]},
            }
        )

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


class InMemory:
    """A CA that lives as long as the process, for the Service's names and for this machine's."""

    def __init__(self, options: Options, served: Served, now: datetime) -> None:
        services = names_of_services(options.services, options.namespace)
        self._names = (*services, "localhost", "127.0.0.1")
        self._out = options.ca_out
        self._served = served
        self._material: Material | None = None
        self._look(now)

    def problem(self) -> str:
        """Why a client could not trust what is served; empty when it could."""
        return self._served.problem(utc_now())

    async def round(self) -> float:
        """Renew what is due."""
        self._look(utc_now())
        return _HOUR

    def _look(self, now: datetime) -> None:
        step = due(self._material, self._names, now).step
        if step is Step.KEEP:
            return
        self._material = renew(self._material, step, self._names, now)
        if self._out:
            # Whole or not at all: whoever waits for the file may read it the moment it is there.
            partial = self._out.with_name(self._out.name + ".part")
            partial.write_bytes(self._material.authority.certificate_pem)
            partial.replace(self._out)
        self._served.load(self._material.leaf.certificate_pem, self._material.leaf.key_pem)
