"""A node in a folder: a real agent, a stand-in kubelet, and cards that the test decides on."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nodeagent.agent import serve
from nodeagent.kubelet.standin import StandInKubelet
from nodeagent.settings import Settings
from nodeagent.vendors.base import Busy, Found, Process
from tranche.words.assignment import ASSIGNED_ANNOTATION, Assignment, Grant, dump_assignment
from tranche.words.cards import Card

NODE = "gpu-1"
RESOURCE = "nvidia.com/gpu"
A, B = "GPU-aaaaaaaa-0000-0000-0000-000000000000", "GPU-bbbbbbbb-0000-0000-0000-000000000000"
MIB = 81920


def found(uuid: str, index: int, *, mib: int = MIB, healthy: bool = True) -> Found:
    card = Card(uuid, "nvidia", "NVIDIA A100-SXM4-80GB", mib, 0, healthy, ("interposer",))
    return Found(card, (uuid, str(index)), used=17, busy=5, ailment="" if healthy else "XID 79")


class FakeVendor:
    key = "nvidia"
    cdi_kind = "nvidia.com/gpu"
    visible = "NVIDIA_VISIBLE_DEVICES"

    def __init__(self, *cards: Found) -> None:
        self.cards = cards
        self.on: dict[str, tuple[Process, ...]] = {one.card.uuid: () for one in cards}

    def look(self) -> tuple[Found, ...]:
        return self.cards

    def processes(self, cards: Collection[str]) -> dict[str, tuple[Process, ...]]:
        return {uuid: self.on[uuid] for uuid in cards if uuid in self.on}

    def busy(self, cards: Mapping[str, int]) -> dict[str, tuple[Busy, ...]]:
        return dict.fromkeys(cards, ())

    def close(self) -> None:
        pass


def raw_pod(name: str, containers: dict[str, int], **more: Any) -> dict[str, Any]:
    """A pod on `NODE`: containers by name with how many tokens each asks for."""
    inits = more.get("inits", {})

    def one(container: str, count: int) -> dict[str, Any]:
        limits = {"resources": {"limits": {RESOURCE: str(count)}}} if count else {}
        policy = {"restartPolicy": "Always"} if container in more.get("sidecars", ()) else {}
        return {"name": container, **limits, **policy}

    return {
        "metadata": {"uid": f"uid-{name}", "namespace": "team", "name": name, "annotations": {}},
        "spec": {
            "nodeName": NODE,
            "initContainers": [one(*item) for item in inits.items()],
            "containers": [one(*item) for item in containers.items()],
        },
        "status": {"phase": "Pending"},
    }


def assigned(pod: dict[str, Any], node: str = NODE, **grants: list[Grant]) -> dict[str, Any]:
    """The same pod with an assignment, by container."""
    assignment = Assignment(node, {name: tuple(some) for name, some in grants.items()})
    pod["metadata"]["annotations"][ASSIGNED_ANNOTATION] = dump_assignment(assignment)
    return pod


@dataclass
class Machine:
    """One node. `pods` is what the API server would say."""

    root: Path
    settings: Settings
    kubelet: StandInKubelet
    vendor: FakeVendor
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def up(self) -> None:
        """Starts the agent and waits for its tokens."""
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(serve(self.settings, [self.vendor], self.stop))
        healthy = sum(one.card.healthy for one in self.vendor.cards)
        await self.kubelet.wait_for_tokens(healthy * self.settings.slices_per_card)

    async def down(self, *, kill: bool = False) -> None:
        """Ends it, as SIGTERM does; or leaves it no time to do anything."""
        if self.task is None:
            return
        task, self.task = self.task, None
        if kill:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        else:
            self.stop.set()
            await task
        await self.kubelet.wait_for_tokens(0)

    def tell(self, *pods: dict[str, Any]) -> None:
        """The API server's word from now on."""
        self.pods = {pod["metadata"]["uid"]: pod for pod in pods}
        temporary = self.root / "pods.new"
        temporary.write_text(json.dumps(list(pods)))
        temporary.rename(self.root / "pods.json")

    async def admit(self, *pods: dict[str, Any]) -> None:
        """The scheduler bound these, beside those that are there; and the kubelet has seen them."""
        self.tell(*self.pods.values(), *pods)
        for pod in pods:
            await self.kubelet.admit(pod)

    async def start(self, pod: str, container: str = "main") -> str:
        """Starts a container; returns the name of its slice."""
        (name,) = await self.kubelet.start(f"uid-{pod}", container)
        return name.removeprefix("tranche.dev/slice=")

    async def end(self, pod: str) -> None:
        """The pod is gone from everywhere."""
        rest = [one for uid, one in self.pods.items() if uid != f"uid-{pod}"]
        self.kubelet.remove(f"uid-{pod}")
        self.tell(*rest)

    def spec(self, name: str) -> dict[str, Any]:
        """The edits of a slice."""
        path = self.settings.cdi_dir / f"tranche.dev-slice-{name}.json"
        (device,) = json.loads(path.read_text())["devices"]
        assert device["name"] == name
        edits: dict[str, Any] = device["containerEdits"]
        return edits

    def specs(self) -> set[str]:
        found = self.settings.cdi_dir.glob("tranche.dev-slice-*.json")
        return {path.stem.rpartition("-")[2] for path in found}

    def folders(self) -> set[str]:
        return {path.name for path in (self.settings.state_dir / "slices").glob("*")}


async def eventually(condition: Any, seconds: float = 20.0) -> None:
    """Returns once the condition holds; fails loudly when it never does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def vendor_spec() -> dict[str, Any]:
    """As ``nvidia-ctk cdi generate`` writes it; the first card by uuid, the second by index."""
    return {
        "cdiVersion": "0.6.0",
        "kind": "nvidia.com/gpu",
        "containerEdits": {
            "env": ["NVIDIA_VISIBLE_DEVICES=void"],
            "deviceNodes": [{"path": "/dev/nvidiactl"}],
            "mounts": [{"hostPath": "/drv/libcuda.so.1", "containerPath": "/usr/lib/libcuda.so.1"}],
            "hooks": [{"hookName": "createContainer", "path": "/usr/bin/nvidia-cdi-hook"}],
        },
        "devices": [
            {"name": A, "containerEdits": {"deviceNodes": [{"path": "/dev/nvidia0"}]}},
            {"name": "1", "containerEdits": {"deviceNodes": [{"path": "/dev/nvidia1"}]}},
        ],
    }


def unwell(one: Found) -> Found:
    """The same card, fallen ill."""
    return replace(found(one.card.uuid, int(one.names[-1]), healthy=False), names=one.names)
