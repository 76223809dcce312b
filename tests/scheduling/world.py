"""A cluster in memory: an API server's objects, its watch, and an extender over a ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tranche.words.assignment import ASSIGNED_ANNOTATION, Assignment, load_assignment
from tranche.words.cards import CARDS_ANNOTATION, Card, dump_cards
from tranche.words.request import Mebibytes, Percent, Request, Slice
from tranche.words.slices import SLICES_ANNOTATION, dump_slices
from webhook.scheduling.binder import BindingRejected
from webhook.scheduling.extender import Extender
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.wire import BindingArgs, ExtenderArgs, FilterResult
from webhook.settings import Settings

A100 = "NVIDIA A100-SXM4-80GB"
T4 = "Tesla T4"
Raw = dict[str, Any]


def card(uuid: str, mib: int = 81920, model: str = A100, **more: Any) -> Card:
    return Card(uuid, "nvidia", model, mib, **({"holds": ("interposer",)} | more))


def node(name: str, *cards: Card) -> Raw:
    return {"metadata": {"name": name, "annotations": {CARDS_ANNOTATION: dump_cards(cards)}}}


def mib(amount: int, cores: int | None = None, **more: Any) -> Request:
    return Request(Slice(Mebibytes(amount), cores), **more)


def percent(share: int, cores: int | None = None, **more: Any) -> Request:
    return Request(Slice(Percent(share), cores), **more)


def pod(
    name: str,
    request: Request | Mapping[str, Request] | None,
    *,
    namespace: str = "default",
    init: Mapping[str, str | None] | None = None,
) -> Raw:
    """A waiting pod. ``init``: names of its init containers to their restartPolicy."""
    requests = {"main": request} if isinstance(request, Request) else request
    annotations = {} if requests is None else {SLICES_ANNOTATION: dump_slices(requests)}
    first = [
        {"name": n} | ({"restartPolicy": policy} if policy else {})
        for n, policy in (init or {}).items()
    ]
    apps = [n for n in requests or {"main": None} if n not in (init or {})]
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{namespace}-{name}",
            "annotations": annotations,
        },
        "spec": {
            "schedulerName": "tranche-scheduler",
            "initContainers": first,
            "containers": [{"name": n, "image": "x"} for n in apps or ["main"]],
        },
        "status": {"phase": "Pending"},
    }


def uid(raw: Raw) -> str:
    return str(raw["metadata"]["uid"])


def filter_args(raw: Raw, names: list[str]) -> ExtenderArgs:
    return msgspec.convert({"Pod": raw, "Nodes": None, "NodeNames": names}, ExtenderArgs)


def bind_args(raw: Raw, to: str) -> BindingArgs:
    about = raw["metadata"]
    return BindingArgs(about["name"], about["namespace"], about["uid"], to)


@dataclass(frozen=True)
class Defaults:
    max: str = ""
    models: str = ""


@dataclass
class World:
    """The API server's side and ours.

    Attributes:
        events: what the watch has not told yet; `tell` tells it.
        refusing: the reason that the next Bindings are rejected with; empty to take them.
        writes: every Binding posted.
    """

    settings: Settings = field(default_factory=Settings)
    now: float = 1000.0
    nodes: dict[str, Raw] = field(default_factory=dict)
    pods: dict[str, Raw] = field(default_factory=dict)
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    events: list[tuple[str, Any]] = field(default_factory=list)
    refusing: str = ""
    writes: list[Raw] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new process: everything is told anew."""
        self.ledger = Ledger(self._warn)
        self.extender = self._extender()
        self.events.clear()
        for raw in self.nodes.values():
            self.ledger.node(raw)
        for raw in self.pods.values():
            self.ledger.pod(raw)
        for name, annotations in self.namespaces.items():
            self.ledger.namespace(name, annotations)

    def _extender(self) -> Extender:
        return Extender(self.ledger, self.post, self.settings, lambda: self.now, patience=0)

    def _warn(self, event: str, **fields: Any) -> None:
        self.warnings.append(f"{event}: {fields}")

    def add(self, *raws: Raw) -> None:
        """Nodes and pods appear, and the watch tells at once."""
        for raw in raws:
            if "spec" in raw:
                self.pods[uid(raw)] = raw
                self.ledger.pod(raw)
            else:
                self.nodes[raw["metadata"]["name"]] = raw
                self.ledger.node(raw)

    def namespace(self, name: str, **rules: str) -> None:
        self.namespaces[name] = {f"tranche.dev/{key}": value for key, value in rules.items()}
        self.ledger.namespace(name, self.namespaces[name])

    async def post(self, binding: Raw) -> None:
        """The binding subresource, as strict as the API server's."""
        self.writes.append(binding)
        about = binding["metadata"]
        if self.refusing:
            raise BindingRejected(self.refusing)
        raw = self.pods.get(about["uid"])
        if raw is None:
            raise BindingRejected("pods not found")
        if raw["spec"].get("nodeName"):
            raise BindingRejected("pod is already assigned to a node")
        bound = {
            **raw,
            "metadata": raw["metadata"]
            | {"annotations": raw["metadata"]["annotations"] | about["annotations"]},
            "spec": raw["spec"] | {"nodeName": binding["target"]["name"]},
        }
        self.pods[about["uid"]] = bound
        self.events.append(("pod", bound))

    def phase(self, raw: Raw, phase: str) -> None:
        """The kubelet reports a phase."""
        changed = self.pods[uid(raw)] | {"status": {"phase": phase}}
        self.pods[uid(raw)] = changed
        self.events.append(("pod", changed))

    def delete(self, raw: Raw) -> None:
        """The pod is gone from the API server."""
        del self.pods[uid(raw)]
        self.events.append(("gone", uid(raw)))

    def tell(self) -> None:
        """The watch catches up."""
        for kind, what in self.events:
            (self.ledger.pod if kind == "pod" else self.ledger.pod_gone)(what)
        self.events.clear()

    async def ask(self, raw: Raw) -> FilterResult:
        """What filter says of all nodes."""
        return await self.extender.filter(filter_args(raw, list(self.nodes)))

    async def bind(self, raw: Raw, to: str) -> str:
        """The Error of a bind; empty when it worked."""
        return (await self.extender.bind(bind_args(raw, to))).Error

    async def schedule(self, raw: Raw) -> str:
        """What kube-scheduler does: filter, prioritize, bind. The node, or empty."""
        names = (await self.ask(raw)).NodeNames
        if not names:
            return ""
        if len(names) > 1:
            scores = await self.extender.prioritize(filter_args(raw, names))
            names = [max(scores, key=lambda score: score.Score).Host]
        return "" if await self.bind(raw, names[0]) else names[0]

    def assignment(self, raw: Raw) -> Assignment:
        """What stands on the pod."""
        return load_assignment(self.pods[uid(raw)]["metadata"]["annotations"][ASSIGNED_ANNOTATION])

    def cards_of(self, raw: Raw, container: str = "main") -> list[str]:
        return [grant.card for grant in self.assignment(raw).containers[container]]
