"""From Allocate to a slice that lies ready, over real sockets."""

import json
from dataclasses import replace

from nodeagent.slices.cdi import DriverMode
from tests.nodeagent.machine import (
    MIB,
    A,
    B,
    Machine,
    assigned,
    eventually,
    raw_pod,
    unwell,
)
from tranche.words.assignment import Grant
from tranche.words.cards import load_cards

SLICE = [Grant(A, 3000, 30)]


async def test_a_container_gets_the_slice_of_its_assignment(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    assert not node.specs(), "Allocate writes nothing"
    name = await node.start("one")
    edits = node.spec(name)
    mounts = {mount["containerPath"]: mount for mount in edits["mounts"]}
    folder = node.settings.state_dir / "slices" / name
    assert mounts["/run/tranche/limits"]["hostPath"] == str(folder / "limits")
    assert mounts["/run/tranche/region"]["hostPath"] == str(folder / "region")
    assert mounts["/etc/ld.so.preload"]["hostPath"] == str(folder / "ld.so.preload")
    assert {path: mount["options"][0] for path, mount in mounts.items() if "options" in mount} == {
        "/usr/local/lib/tranche/libtranche.so": "ro",
        "/run/tranche/limits": "ro",
        "/run/tranche/region": "rw",
        "/etc/ld.so.preload": "ro",
    }
    library = mounts["/usr/local/lib/tranche/libtranche.so"]["hostPath"]
    assert (folder / library).read_bytes() == (node.root / "libtranche.so").read_bytes()
    assert (folder / "ld.so.preload").read_text() == "/usr/local/lib/tranche/libtranche.so\n"
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes == {
        "limits": 0o644,
        "region": 0o666,
        "ld.so.preload": 0o444,
        "slice.json": 0o600,
    }


async def test_only_the_granted_card_is_in_the_spec(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=[Grant(B, 3000)]))
    edits = node.spec(await node.start("one"))
    paths = [device["path"] for device in edits["deviceNodes"]]
    assert paths == ["/dev/nvidiactl", "/dev/nvidia1"]
    assert [hook["hookName"] for hook in edits["hooks"]] == ["createContainer"]
    assert "/usr/lib/libcuda.so.1" in [mount["containerPath"] for mount in edits["mounts"]]


async def test_a_whole_card_runs_without_the_interposer(node: Machine):
    whole = [Grant(A, MIB, 100, whole=True)]
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=whole))
    name = await node.start("one")
    mounts = [mount["containerPath"] for mount in node.spec(name)["mounts"]]
    assert mounts == ["/usr/lib/libcuda.so.1"]
    assert {p.name for p in (node.settings.state_dir / "slices" / name).iterdir()} == {"slice.json"}


async def test_init_sidecar_and_app_containers_each_get_their_own(node: Machine):
    pod = raw_pod(
        "many", {"main": 1, "other": 1}, inits={"prepare": 1, "side": 1}, sidecars={"side"}
    )
    grants = {
        "prepare": [Grant(A, 1000)],
        "side": [Grant(A, 2000)],
        "main": [Grant(B, 3000)],
        "other": [Grant(A, 4000)],
    }
    await node.admit(assigned(pod, **grants))
    names = {container: await node.start("many", container) for container in grants}
    assert len(set(names.values())) == 4
    for container, name in names.items():
        record = json.loads((node.settings.state_dir / "slices" / name / "slice.json").read_text())
        assert record["container"] == container
        assert [grant["mib"] for grant in record["grants"]] == [grants[container][0].mib]


async def test_two_cards_go_to_one_container(node: Machine):
    two = [Grant(A, 3000), Grant(B, 3000)]
    await node.admit(assigned(raw_pod("one", {"main": 2}), main=two))
    edits = node.spec(await node.start("one"))
    paths = [device["path"] for device in edits["deviceNodes"]]
    assert paths == ["/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia1"]


async def test_a_restart_of_the_container_keeps_the_spec_and_renews_the_region(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    name = await node.start("one")
    region = node.settings.state_dir / "slices" / name / "region"
    fresh, spec = region.read_bytes(), node.spec(name)
    region.write_bytes(b"hostile")
    (node.root / "vendor" / "nvidia.json").unlink()
    assert await node.start("one") == name
    assert region.read_bytes() == fresh
    assert node.spec(name) == spec


async def test_a_pod_that_the_watch_has_not_brought_yet_is_waited_for(node: Machine):
    pod = assigned(raw_pod("late", {"main": 1}), main=SLICE)
    await node.kubelet.admit(pod)
    node.tell(pod)
    assert node.spec(await node.start("late"))


async def test_cards_are_told_and_an_ill_card_takes_its_tokens_along(node: Machine):
    cards = node.root / "cards.json"
    assert [card.healthy for card in load_cards(cards.read_text())] == [True, True]
    first, second = node.vendor.cards
    node.vendor.cards = (first, unwell(second))
    await node.kubelet.wait_for_tokens(10)
    await eventually(lambda: not load_cards(cards.read_text())[1].healthy)
    node.vendor.cards = (first, second)
    await node.kubelet.wait_for_tokens(20)
    await eventually(lambda: load_cards(cards.read_text())[1].healthy)


async def test_a_node_whose_driver_comes_late_offers_its_cards_then(machine: Machine):
    cards, machine.vendor.cards = machine.vendor.cards, ()
    await machine.up()
    assert machine.kubelet.healthy == frozenset()
    machine.vendor.cards = cards
    await machine.kubelet.wait_for_tokens(20)


async def test_in_runtime_mode_the_cards_are_named_to_the_vendors_runtime(machine: Machine):
    machine.settings = replace(machine.settings, driver_mode=DriverMode.RUNTIME)
    await machine.up()
    await machine.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    edits = machine.spec(await machine.start("one"))
    assert edits["env"] == [f"NVIDIA_VISIBLE_DEVICES={A}"]
    assert "deviceNodes" not in edits
