"""What cannot be proven does not start, and the pod's event says why."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from nodeagent.kubelet.standin import StartRefused
from nodeagent.slices import start
from tests.nodeagent.machine import (
    MIB,
    NODE,
    RESOURCE,
    A,
    B,
    Machine,
    assigned,
    raw_pod,
    unwell,
)
from tranche.words.assignment import ASSIGNED_ANNOTATION, Grant

SLICE = [Grant(A, 3000)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch):
    """The refusals that wait for something better do so for a moment only."""
    monkeypatch.setattr(start, "PATIENCE", 0.3)


async def refusal(node: Machine, pod: str = "one", container: str = "main") -> str:
    """What the event would say; and nothing may have been written."""
    before = node.specs(), node.folders()
    with pytest.raises(StartRefused) as caught:
        await node.start(pod, container)
    assert (node.specs(), node.folders()) == before
    return str(caught.value)


async def test_a_pod_that_set_node_name_by_hand(node: Machine):
    await node.admit(raw_pod("one", {"main": 1}))
    assert await refusal(node) == (
        "pod team/one: has no assignment from Tranche's scheduler (was spec.nodeName set by"
        " hand?); remove nodeName so that tranche-scheduler can place it"
    )


def _text(text: str) -> Callable[[], dict[str, Any]]:
    def make() -> dict[str, Any]:
        pod = raw_pod("one", {"main": 1})
        pod["metadata"]["annotations"][ASSIGNED_ANNOTATION] = text
        return pod

    return make


UNPROVABLE: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "an assignment that is no JSON": (_text("{"), "its assignment cannot be read"),
    "an assignment of another release": (
        _text(json.dumps({"v": 9, "node": NODE, "containers": {}})),
        "version 9",
    ),
    "an assignment of another node": (
        lambda: assigned(raw_pod("one", {"main": 1}), "gpu-2", main=SLICE),
        "is assigned cards of node gpu-2 and was started on node gpu-1",
    ),
    "an assignment of another container": (
        lambda: assigned(raw_pod("one", {"main": 1}), other=SLICE),
        "container main: its assignment gives it no card",
    ),
    "a card that is not here": (
        lambda: assigned(raw_pod("one", {"main": 1}), main=[Grant("GPU-elsewhere", 1)]),
        "this node has no card GPU-elsewhere",
    ),
    "fewer cards than tokens": (
        lambda: assigned(raw_pod("one", {"main": 2}), main=SLICE),
        "the kubelet gave it 2 tokens and its assignment 1 cards",
    ),
    "more cards than tokens": (
        lambda: assigned(raw_pod("one", {"main": 1}), main=[*SLICE, Grant(B, 1)]),
        "the kubelet gave it 1 tokens and its assignment 2 cards",
    ),
    "whole cards and slices mixed": (
        lambda: assigned(
            raw_pod("one", {"main": 2}), main=[Grant(A, MIB, whole=True), Grant(B, 1)]
        ),
        "mixes whole cards and slices",
    ),
    "more than the card has": (
        lambda: assigned(raw_pod("one", {"main": 1}), main=[Grant(A, MIB + 1)]),
        f"has {MIB} MiB, other pods on this node hold 0, and this one is assigned {MIB + 1}",
    ),
}


@pytest.mark.parametrize("case", UNPROVABLE)
async def test_an_assignment_that_does_not_add_up(node: Machine, case: str):
    make, sentence = UNPROVABLE[case]
    await node.admit(make())
    assert sentence in await refusal(node)


async def test_a_card_that_fell_ill_since(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    first, second = node.vendor.cards
    node.vendor.cards = (unwell(first), second)
    await node.kubelet.wait_for_tokens(10)
    assert f"card {A} is not healthy (XID 79)" in await refusal(node)
    node.vendor.cards = (first, second)
    await node.kubelet.wait_for_tokens(20)
    assert await node.start("one")


async def test_never_more_than_a_card_has_over_all_pods(node: Machine):
    """Whoever assigned it; a pod counts for the most of any phase of its life."""
    half = MIB // 2
    init = raw_pod("init", {"main": 1}, inits={"prepare": 1})
    await node.admit(
        assigned(init, prepare=[Grant(A, half)], main=[Grant(A, half)]),
        assigned(raw_pod("two", {"main": 1}), main=[Grant(A, half)]),
        assigned(raw_pod("three", {"main": 1}), main=[Grant(A, 1)]),
    )
    await node.start("init", "prepare")
    await node.start("init")
    await node.start("two")
    said = await refusal(node, "three")
    assert f"card {A} has {MIB} MiB, other pods on this node hold {MIB}" in said
    await node.end("two")
    assert await node.start("three")


async def test_nothing_beside_a_whole_card(node: Machine):
    await node.admit(
        assigned(raw_pod("whole", {"main": 1}), main=[Grant(A, 1, whole=True)]),
        assigned(raw_pod("one", {"main": 1}), main=[Grant(A, 1)]),
    )
    await node.start("whole")
    assert f"hold {MIB}" in await refusal(node, "one")


async def test_a_pod_that_the_api_server_does_not_know(node: Machine):
    pod = assigned(raw_pod("one", {"main": 1}), main=SLICE)
    await node.kubelet.admit(pod)
    assert "no pod of uid uid-one is on this node by the API server's word" in await refusal(node)


async def test_a_pod_that_has_ended(node: Machine):
    pod = assigned(raw_pod("one", {"main": 1}), main=SLICE)
    pod["status"]["phase"] = "Failed"
    await node.admit(pod)
    assert "no pod of uid uid-one" in await refusal(node)


async def test_a_successor_of_the_same_name(node: Machine):
    """The kubelet still has the old pod, the API server a new one: the uid tells them apart."""
    await node.kubelet.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    new = assigned(raw_pod("one", {"main": 1}), main=SLICE)
    new["metadata"]["uid"] = "uid-new"
    node.tell(new)
    assert "no pod of uid uid-one" in await refusal(node)


async def test_tokens_that_the_record_does_not_know(node: Machine):
    node.kubelet.checkpoint = False
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    assert "kubelet_internal_checkpoint: No such file" in await refusal(node)
    (node.settings.device_plugins_dir / "kubelet_internal_checkpoint").write_text("{}")
    assert "kubelet_internal_checkpoint: " in await refusal(node)
    node.kubelet.checkpoint = True
    node.kubelet.remove("uid-nobody")
    assert await node.start("one")


async def test_tokens_that_two_pods_hold(node: Machine):
    """The kubelet can hand a device out twice (kubernetes#137534)."""
    await node.admit(
        assigned(raw_pod("one", {"main": 1}), main=SLICE),
        assigned(raw_pod("two", {"main": 1}), main=[Grant(B, 1)]),
    )
    held = node.kubelet._held
    held["uid-two"]["main"] = (held["uid-one"]["main"][0], held["uid-two"]["main"][1])
    node.kubelet.remove("uid-nobody")
    assert "gave the same tokens to team/one and team/two" in await refusal(node)
    await node.end("two")
    assert await node.start("one")


async def test_tokens_that_another_pod_is_listed_with(node: Machine):
    await node.admit(
        assigned(raw_pod("one", {"main": 1}), main=SLICE),
        assigned(raw_pod("two", {"main": 1}), main=[Grant(B, 1)]),
    )
    held = node.kubelet._held
    held["uid-two"]["main"] = (held["uid-one"]["main"][0], held["uid-two"]["main"][1])
    said = await refusal(node)
    assert f"pod team/two holds the same {RESOURCE} tokens" in said


async def test_a_pod_that_the_kubelet_does_not_count_as_active(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    del node.kubelet._pods["uid-one"]
    assert "does not count it among its active pods" in await refusal(node)


async def test_records_of_the_kubelet_that_disagree(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    node.kubelet._pods["uid-one"] = raw_pod("one", {"another": 1})
    assert "two records of what container main holds disagree" in await refusal(node)


async def test_tokens_that_another_plugin_handed_out(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    _, answer = node.kubelet._held["uid-one"]["main"]
    answer.cdi_devices[0].name = "nvidia.com/gpu=0"
    node.kubelet.remove("uid-nobody")
    assert "handed out by another device plugin" in await refusal(node)


async def test_a_name_that_is_no_name_of_ours_is_no_path(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    _, answer = node.kubelet._held["uid-one"]["main"]
    answer.cdi_devices[0].name = "tranche.dev/slice=../../../etc/evil"
    node.kubelet.remove("uid-nobody")
    assert "handed out by another device plugin" in await refusal(node)


async def test_a_slice_that_was_made_for_something_else(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    await node.start("one")
    node.tell(assigned(raw_pod("one", {"main": 1}), main=[Grant(A, 4000)]))
    with pytest.raises(StartRefused, match="was made for something else"):
        await _until_seen(node)


async def _until_seen(node: Machine) -> None:
    """The watch brings the changed pod a moment later."""
    while True:
        await node.start("one")


async def test_a_node_without_the_vendors_cdi_spec(node: Machine):
    (node.root / "vendor" / "nvidia.json").unlink()
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    said = await refusal(node)
    assert "no CDI spec of nvidia.com/gpu in" in said
    assert "nvidia-ctk cdi generate" in said


async def test_the_kubelets_pod_resources_are_away(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    node.settings.pod_resources_socket.unlink()
    assert "cannot prove the slice now: the kubelet's PodResources" in await refusal(node)
