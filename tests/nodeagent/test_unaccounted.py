"""A running agent charges each slice what the driver says that its container's processes have.

And it tells new ones what a context takes.
"""

import os
import struct
from typing import Any

import pytest

from nodeagent.enforcement import audit, layout
from nodeagent.enforcement.interposer import read_cards, read_unaccounted
from nodeagent.vendors.base import Process
from tests.nodeagent.machine import A, Machine, assigned, eventually, raw_pod
from tranche.words.assignment import Grant

UID = "0f0e0d0c-0000-4000-8000-000000000001"
IDS = {"main": "a" * 64, "side": "b" * 64}
SLICE = [Grant(A, 3000)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit, "EVERY", 0.02)


def pod_of(*containers: str) -> dict[str, Any]:
    pod = raw_pod("one", dict.fromkeys(containers, 1))
    pod["metadata"]["uid"] = UID
    return assigned(pod, **dict.fromkeys(containers, SLICE))


def lives(node: Machine, pid: int, container: str) -> None:
    folder = node.root / "proc" / str(pid)
    folder.mkdir(parents=True)
    scope = f"cri-containerd-{IDS[container]}.scope"
    path = f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/{scope}"
    (folder / "cgroup").write_text(f"0::{path}\n")


async def started(node: Machine, container: str) -> str:
    (name,) = await node.kubelet.start(UID, container)
    return name.removeprefix("tranche.dev/slice=")


def told(node: Machine, name: str) -> int:
    return read_unaccounted(node.settings.state_dir / "slices" / name, SLICE)[A]


async def test_a_slice_is_charged_and_no_longer_once_its_process_has_ended(node: Machine):
    await node.admit(pod_of("main"))
    name = await started(node, "main")
    lives(node, 7, "main")
    node.vendor.on[A] = (Process(7, 500), Process(8, 10_000))
    await eventually(lambda: told(node, name) == 500)
    node.vendor.on[A] = ()
    await eventually(lambda: told(node, name) == 0)


async def test_containers_of_a_pod_are_told_apart_by_what_its_status_says(node: Machine):
    pod = pod_of("main", "side")
    await node.admit(pod)
    main, side = [await started(node, name) for name in IDS]
    lives(node, 7, "main")
    lives(node, 8, "side")
    node.vendor.on[A] = (Process(7, 500), Process(8, 300))
    pod["status"]["containerStatuses"] = [
        {"name": "main", "containerID": f"containerd://{IDS['main']}"},
        {"name": "side", "containerID": f"containerd://{IDS['side']}"},
    ]
    node.tell(pod)
    await eventually(lambda: (told(node, main), told(node, side)) == (500, 300))


async def test_an_agent_that_starts_again_goes_on_with_what_was_charged(node: Machine):
    await node.admit(pod_of("main"))
    name = await started(node, "main")
    lives(node, 7, "main")
    node.vendor.on[A] = (Process(7, 500),)
    await eventually(lambda: told(node, name) == 500)
    await node.down(kill=True)
    assert told(node, name) == 500
    node.vendor.on[A] = (Process(7, 200),)
    await node.up()
    await eventually(lambda: told(node, name) == 200)


def counts(node: Machine, name: str, pid: int, used: int) -> None:
    """A process counts so many bytes in the first slot of a slice."""
    folder = node.root / "proc" / str(pid)
    (folder / "status").write_text(f"Name:\tone\nNSpid:\t{pid}\t1\n")
    (folder / "stat").write_text(f"{pid} (one) S {' '.join(['0'] * 18)} 77 0")
    with (node.settings.state_dir / "slices" / name / "region").open("r+b") as file:
        os.pwrite(file.fileno(), struct.pack("<QI", layout.REGION_STAMP, 1), 0)
        word = struct.pack("<Q", layout.owner_word(1, 77))
        os.pwrite(file.fileno(), word, layout.Region.slots.offset)
        os.pwrite(file.fileno(), struct.pack("<Q", used), layout.used_offset(0))


def context(node: Machine, name: str) -> int:
    cards = read_cards(node.settings.state_dir / "slices" / name, SLICE)
    return int(cards[A].context_bytes)


async def test_a_slice_is_told_at_its_start_what_a_process_of_another_has_shown(
    node: Machine, monkeypatch: pytest.MonkeyPatch
):
    await node.admit(pod_of("main"))
    name = await started(node, "main")
    lives(node, 7, "main")
    node.vendor.on[A] = (Process(7, 500),)
    await eventually(lambda: told(node, name) == 500)
    lives(node, 9, "main")
    counts(node, name, 9, 40)
    node.vendor.on[A] = (Process(9, 340),)
    await eventually(lambda: context(node, name) == 300)

    async def look(_auditor: audit.Auditor) -> None: ...

    monkeypatch.setattr(audit.Auditor, "look", look)
    same, others = (raw_pod(f"in-{name}", {"main": 1}) for name in ("team", "another"))
    others["metadata"]["namespace"] = "another"
    await node.admit(*(assigned(one, main=SLICE) for one in (same, others)))
    assert context(node, await node.start("in-team")) == 300
    assert context(node, await node.start("in-another")) == 0
