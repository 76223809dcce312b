"""Slices outlive the agent, the kubelet and a reboot, and end with their pod."""

import json

import pytest

from nodeagent import agent
from nodeagent.enforcement import layout
from nodeagent.slices import start
from tests.nodeagent.machine import A, Machine, assigned, eventually, raw_pod
from tranche.words.assignment import Grant

SLICE = [Grant(A, 3000)]
UID = "0f0e0d0c-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(agent, "RECLAIM_EVERY", 0.1)
    monkeypatch.setattr(start, "PATIENCE", 0.5)


async def running(node: Machine) -> str:
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    return await node.start("one")


def content(node: Machine, name: str) -> dict[str, bytes]:
    folder = node.settings.state_dir / "slices" / name
    spec = node.settings.cdi_dir / f"tranche.dev-slice-{name}.json"
    return {path.name: path.read_bytes() for path in (*folder.iterdir(), spec)}


def changes(node: Machine, name: str) -> int:
    """How often the slice's limits were changed while its container ran."""
    limits = layout.Limits.from_buffer_copy(content(node, name)["limits"])
    return int(limits.generation)


@pytest.mark.parametrize("kill", [False, True], ids=["SIGTERM", "killed"])
async def test_an_agent_that_ends_leaves_slices_as_they_are(node: Machine, kill: bool):  # noqa: FBT001
    name = await running(node)
    await eventually(lambda: changes(node, name) == 1)  # told that it is alone, once
    before = content(node, name)
    await node.down(kill=kill)
    assert content(node, name) == before
    await node.up()
    assert content(node, name) == before
    assert await node.start("one") == name


async def test_the_guard_counts_slices_of_before_the_restart(node: Machine):
    name = await running(node)
    await node.down(kill=True)
    await node.up()
    await node.admit(assigned(raw_pod("two", {"main": 1}), main=[Grant(A, 81920 - 2999)]))
    with pytest.raises(Exception, match="other pods on this node hold 3000"):
        await node.start("two")
    assert node.folders() == {name}


async def test_after_a_reboot_the_spec_is_written_again_as_it_was(node: Machine):
    """The specs' folder is in memory and the vendor's spec may be another by now."""
    name = await running(node)
    spec = node.spec(name)
    await node.down(kill=True)
    for path in node.settings.cdi_dir.iterdir():
        path.unlink()
    (node.root / "vendor" / "nvidia.json").unlink()
    await node.up()
    assert node.spec(name) == spec


async def test_a_kubelet_that_restarts_finds_the_plugin_again(node: Machine):
    name = await running(node)
    await node.kubelet.restart()
    await node.kubelet.wait_for_tokens(20)
    assert await node.start("one") == name


async def test_a_slice_ends_with_its_pod(node: Machine):
    await running(node)
    await node.end("one")
    await eventually(lambda: not node.specs() and not node.folders())


async def test_a_pod_that_has_ended_for_good_gives_its_slice_back(node: Machine):
    await running(node)
    pod = node.pods["uid-one"]
    pod["status"]["phase"] = "Succeeded"
    node.tell(pod)
    await eventually(lambda: not node.specs())


async def test_a_pod_deleted_by_force_keeps_its_slice_until_the_kernel_lets_go(node: Machine):
    cgroup = node.settings.cgroup_root / "memory" / "kubepods" / "burstable" / f"pod{UID}"
    cgroup.mkdir(parents=True)
    pod = assigned(raw_pod("one", {"main": 1}), main=SLICE)
    pod["metadata"]["uid"] = UID
    await node.admit(pod)
    await node.kubelet.start(UID, "main")
    other = assigned(raw_pod("other", {"main": 1}), main=[Grant(A, 80000)])
    node.kubelet.remove(UID)
    node.tell(other)
    await node.kubelet.admit(other)
    with pytest.raises(Exception, match="hold 3000"):
        await node.start("other")
    assert len(node.specs()) == 1
    cgroup.rmdir()
    assert await node.start("other")
    await eventually(lambda: len(node.specs()) == 1)


async def test_nothing_is_taken_back_before_the_first_whole_list_of_pods(node: Machine):
    name = await running(node)
    await node.down(kill=True)
    (node.root / "pods.json").unlink()
    await node.up()
    await node.kubelet.wait_for_tokens(20)
    assert node.folders() == {name}
    node.tell()
    await eventually(lambda: not node.folders())


async def test_what_a_crash_left_unfinished_is_cleared(machine: Machine):
    half = machine.settings.state_dir / "slices" / ("0" * 16)
    half.mkdir(parents=True)
    (half / "limits").write_bytes(b"")
    orphan = machine.settings.cdi_dir / f"tranche.dev-slice-{'1' * 16}.json"
    orphan.parent.mkdir()
    orphan.write_text("{}")
    await machine.up()
    assert not half.exists()
    assert not orphan.exists()


async def test_a_slice_that_cannot_be_read_is_set_aside(machine: Machine):
    bad = machine.settings.state_dir / "slices" / ("0" * 16)
    bad.mkdir(parents=True)
    (bad / "slice.json").write_text('{"v": 1}')
    await machine.up()
    assert not bad.exists()
    kept = machine.settings.state_dir / "quarantine" / bad.name / "slice.json"
    assert kept.read_text() == '{"v": 1}'


async def test_an_upgrade_of_the_library_leaves_the_old_one_to_those_who_map_it(node: Machine):
    await running(node)
    libraries = node.settings.state_dir / "lib"
    (old,) = libraries.iterdir()
    await node.down()
    (node.root / "libtranche.so").write_bytes(b"\x7fELF newer")
    await node.up()
    assert len(list(libraries.iterdir())) == 2
    await node.end("one")
    await eventually(lambda: not old.exists())
    assert len(list(libraries.iterdir())) == 1


async def test_the_record_of_a_slice_says_whose_it_is(node: Machine):
    name = await running(node)
    record = json.loads((node.settings.state_dir / "slices" / name / "slice.json").read_text())
    assert (record["namespace"], record["pod"], record["container"]) == ("team", "one", "main")
    assert record["footprint"] == {A: 3000}
