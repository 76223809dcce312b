"""The path of one pod, stage by stage."""

import asyncio
import base64
import ssl
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.request import urlopen

import aiohttp
import jsonpatch
import msgspec
import yaml

from nodeagent.kubelet.standin import StandInKubelet
from tranche.cli.demo import show
from tranche.cli.demo.nodes import RESOURCE, TOKENS, Node
from tranche.cli.demo.run import run_program
from tranche.cli.demo.workshop import DemoError, Workshop
from tranche.words.assignment import ASSIGNED_ANNOTATION, load_assignment

POD: Final = """
apiVersion: v1
kind: Pod
metadata:
  name: embedder
  annotations:
    tranche.dev/gpu: 3000Mi on A100
spec:
  containers:
    - name: main
      image: example/embedder
      command: [fill, --progress]
"""
MIB: Final = 3000


async def follow(shop: Workshop) -> int:
    """Takes the pod from its YAML to a process that is refused its 3001st MiB."""
    pod = yaml.safe_load(POD)
    pod["metadata"] |= {"namespace": "default", "uid": "3f6c0a52-demo"}
    nodes = _find_cards(shop)
    async with aiohttp.ClientSession() as http:
        control = await _ControlPlane.start(shop, http, nodes)
        pod = await control.admit(pod)
        node = await control.place(pod)
    spec = await _prove(node, pod)
    return _start(shop, node, pod, spec)


def _find_cards(shop: Workshop) -> list[Node]:
    show.stage(
        "Two nodes, two A100s each",
        "A node agent runs on every node, asks the driver (NVML) for its cards, and reports them.",
    )
    nodes = [Node(shop, "gpu-1", first=1), Node(shop, "gpu-2", first=3)]
    for node in nodes:
        node.start_agent()
    for node in nodes:
        shop.wait_for(f"cards of {node.name}", node.cards_file.exists)
        for card in node.cards():
            show.line(f"{node.name}  {card.uuid}  {card.model}  {card.mib} MiB")
    return nodes


class _ControlPlane:
    """The real webhook process, and what the API server and kube-scheduler say to it."""

    def __init__(self, http: aiohttp.ClientSession, shop: Workshop, nodes: list[Node]) -> None:
        self._http = http
        self._nodes = {node.name: node for node in nodes}
        self._ports: dict[str, int] = {}
        self._ca = shop.folder / "ca.pem"
        self._bindings = shop.folder / "bindings.jsonl"

    @classmethod
    async def start(
        cls, shop: Workshop, http: aiohttp.ClientSession, nodes: list[Node]
    ) -> "_ControlPlane":
        show.stage(
            "A pod asks in plain words",
            "The API server sends it to Tranche's webhook, over TLS, as an AdmissionReview.",
        )
        self = cls(http, shop, nodes)
        objects = shop.folder / "objects.json"
        raw = {"nodes": [node.raw() for node in nodes], "pods": [], "namespaces": []}
        objects.write_bytes(msgspec.json.encode(raw))
        shop.start(
            "webhook",
            "tranche-webhook",
            "--standalone",
            f"--objects={objects}",
            f"--bindings-out={self._bindings}",
            f"--ca-out={self._ca}",
            "--admission-port=0",
            "--extender-port=0",
            "--status-port=0",
            "--drain=0",
        )
        # Which ports it got, it says once it listens on all of them.
        said = partial(shop.said, "webhook", "serving")
        await asyncio.to_thread(shop.wait_for, "webhook to serve", said)
        self._ports = said()
        await asyncio.to_thread(shop.wait_for, "webhook to be ready", self._ready)
        return self

    def _url(self, server: str, path: str) -> str:
        scheme = "https" if server == "admission" else "http"
        return f"{scheme}://127.0.0.1:{self._ports[f'{server}_port']}/{path}"

    def _ready(self) -> bool:
        try:
            with urlopen(self._url("status", "readyz")) as answer:  # noqa: S310  our own http
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    async def admit(self, pod: dict[str, Any]) -> dict[str, Any]:
        """Sends the AdmissionReview; the pod with the patch applied."""
        show.yaml(POD)
        review = {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "demo",
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "operation": "CREATE",
                "namespace": "default",
                "object": pod,
            },
        }
        trust = ssl.create_default_context(cafile=str(self._ca))
        url = self._url("admission", "admit")
        async with self._http.post(url, json=review, ssl=trust) as answer:
            response = (await answer.json())["response"]
        if not response["allowed"]:
            raise DemoError(response["status"]["message"])
        patch = jsonpatch.JsonPatch(msgspec.json.decode(base64.b64decode(response["patch"])))
        show.line("The answer is a JSON patch; all else in the pod stays as it was:")
        for operation in patch:
            show.data(operation)
        return dict(patch.apply(pod))

    async def place(self, pod: dict[str, Any]) -> Node:
        """Asks the extender as kube-scheduler does; the node, with the pod bound to it."""
        show.stage(
            "Which node, which card",
            "A stock kube-scheduler asks Tranche's extender, which knows who holds what of each.",
        )
        names = list(self._nodes)
        fits = await self._ask("filter", {"Pod": pod, "Nodes": None, "NodeNames": names})
        if fits.get("Error") or not fits["NodeNames"]:
            raise DemoError(f"the extender let no node pass: {fits}")
        show.line(f"filter: fits on {', '.join(fits['NodeNames'])}")
        rated = await self._ask(
            "prioritize", {"Pod": pod, "Nodes": None, "NodeNames": fits["NodeNames"]}
        )
        show.line("prioritize: " + ", ".join(f"{r['Host']} {r['Score']} of 10" for r in rated))
        chosen = max(rated, key=lambda rating: rating["Score"])["Host"]
        meta = pod["metadata"]
        asked = {
            "PodName": meta["name"],
            "PodNamespace": meta["namespace"],
            "PodUID": meta["uid"],
            "Node": chosen,
        }
        bound = await self._ask("bind", asked)
        if bound.get("Error"):
            raise DemoError(f"the extender could not bind: {bound['Error']}")
        binding = msgspec.json.decode(self._bindings.read_bytes().splitlines()[-1])
        assigned = binding["metadata"]["annotations"][ASSIGNED_ANNOTATION]
        show.line(f"bind: one Binding to {chosen}; in its annotations who gets which card:")
        show.data(msgspec.json.decode(assigned))
        meta["annotations"][ASSIGNED_ANNOTATION] = assigned
        pod["spec"]["nodeName"] = chosen
        return self._nodes[chosen]

    async def _ask(self, verb: str, body: dict[str, Any]) -> Any:
        async with self._http.post(self._url("extender", verb), json=body) as answer:
            if answer.status != HTTPStatus.OK:
                raise DemoError(f"{verb}: {answer.status} {await answer.text()}")
            return await answer.json()


async def _prove(node: Node, pod: dict[str, Any]) -> dict[str, Any]:
    show.stage(
        "The node proves the slice before the container starts",
        "The kubelet and the node agent talk gRPC over unix sockets, as on a real node.",
    )
    node.pods_file.write_bytes(msgspec.json.encode([pod]))
    async with StandInKubelet(node.plugins, node.pod_resources, RESOURCE) as kubelet:
        await kubelet.wait_for_tokens(TOKENS)
        show.line(f"Register, ListAndWatch: {TOKENS} tokens of {RESOURCE} for {node.name}")
        await kubelet.admit(pod)
        [name] = await kubelet.start(pod["metadata"]["uid"], "main")
    show.line(f"Allocate: one fresh CDI name, {name}")
    file = node.cdi / f"tranche.dev-slice-{name.partition('=')[2]}.json"
    spec: dict[str, Any] = msgspec.json.decode(file.read_bytes())
    show.line("PreStartContainer: the slice is checked against the card, and its spec written:")
    for edits in (spec.get("containerEdits") or {}, spec["devices"][0]["containerEdits"]):
        for device in edits.get("deviceNodes") or ():
            show.line(f"  device  {device['path']}")
        for mount in edits.get("mounts") or ():
            kind = "ro" if "ro" in (mount.get("options") or ()) else "rw"
            show.line(f"  mount   {mount['containerPath']} ({kind})")
    return spec


def _start(shop: Workshop, node: Node, pod: dict[str, Any], spec: dict[str, Any]) -> int:
    show.stage(
        "The program runs, and takes 1 MiB at a time",
        "A C program that knows nothing of Tranche, with the environment, devices and mounts"
        " of that spec.",
    )
    env = {entry["name"]: entry["value"] for entry in pod["spec"]["containers"][0]["env"]}
    assigned = load_assignment(pod["metadata"]["annotations"][ASSIGNED_ANNOTATION])
    [grant] = assigned.containers["main"]
    last = run_program(shop.folder, node, env, spec, grant.card)
    return 0 if last == f"refused at MiB {MIB + 1} of {MIB}: CUDA_ERROR_OUT_OF_MEMORY" else 1
