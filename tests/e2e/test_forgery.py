"""Nobody but Tranche says who holds which card."""

import json

import pytest

from tests.e2e.cluster.commands import CommandError
from tests.e2e.pods import pod
from tests.e2e.stack import Stack

WORDS = {"tranche.dev/gpu": "3000Mi"}


def forged(stack: Stack) -> str:
    grant = {"card": stack.uuids[0], "mib": 81920}
    return json.dumps({"v": 1, "node": stack.cluster.node_name, "containers": {"main": [grant]}})


def test_node_name_set_by_hand_gets_no_slice(stack: Stack):
    """Refused at admission where words ask; kept from starting where nothing could ask."""
    by_hand = pod("by-hand", annotations=WORDS, nodeName=stack.cluster.node_name)
    assert "nodeName" in stack.pods.refusal(by_hand)


def test_a_container_that_no_scheduler_placed_does_not_start(stack: Stack):
    """With the policies and the webhook out of the way, the node itself still refuses."""
    with stack.unguarded():
        limits = {"nvidia.com/gpu": "1"}
        stack.pods.create(pod("past", limits=limits, nodeName=stack.cluster.node_name))
        said = stack.pods.event("past", "no assignment")
    assert "nodeName" in said
    assert not stack.pods.all_ready("past")
    stack.pods.delete("past")


def test_an_assignment_forged_at_creation_is_refused(stack: Stack):
    annotations = WORDS | {"tranche.dev/assigned": forged(stack)}
    assert "tranche.dev/assigned" in stack.pods.refusal(pod("forged", annotations=annotations))
    bare = pod("forged-bare", annotations={"tranche.dev/assigned": forged(stack)})
    assert "tranche.dev/assigned" in stack.pods.refusal(bare)


def test_slices_forged_at_creation_are_refused(stack: Stack):
    annotations = {"tranche.dev/slices": '{"main":"whole"}'}
    assert "tranche.dev/slices" in stack.pods.refusal(pod("forged", annotations=annotations))


def test_an_assignment_patched_onto_a_pod_is_refused(stack: Stack):
    hold = ("--json", "--hold", "forever")
    stack.pods.create(pod("patched", *hold, annotations=WORDS))
    stack.pods.running("patched")
    before = stack.pods.assigned("patched")
    patch = {"metadata": {"annotations": {"tranche.dev/assigned": forged(stack)}}}
    for extra in ([], ["--subresource=status"]):
        arguments = ["patch", "pod", "patched", "--type=merge", "-p", json.dumps(patch), *extra]
        with pytest.raises(CommandError, match=r"tranche\.dev/assigned"):
            stack.cluster.kubectl(*arguments)
    assert stack.pods.assigned("patched") == before
    assert stack.pods.all_ready("patched")
    stack.cluster.kubectl("annotate", "pod", "patched", "example.com/note=fine")
    stack.pods.delete("patched")


def test_a_binding_that_carries_an_assignment_is_refused_from_others(stack: Stack):
    annotations = {"example.com/gate": "closed"}
    waiting = pod("bound", annotations=annotations, schedulerName="nobody")
    waiting["spec"]["containers"][0]["command"] = ["true"]
    stack.pods.create(waiting)
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "bound", "annotations": {"tranche.dev/assigned": forged(stack)}},
        "target": {"apiVersion": "v1", "kind": "Node", "name": stack.cluster.node_name},
    }
    path = "/api/v1/namespaces/default/pods/bound/binding"
    with pytest.raises(CommandError, match=r"tranche\.dev/assigned"):
        stack.cluster.kubectl("create", "--raw", path, "--filename=-", stdin=json.dumps(binding))
    stack.pods.delete("bound")


def test_a_nodes_cards_cannot_be_forged(stack: Stack):
    with pytest.raises(CommandError, match=r"tranche\.dev/cards"):
        stack.cluster.kubectl(
            "annotate", "node", stack.cluster.node_name, "--overwrite", "tranche.dev/cards={}"
        )
    stack.cluster.kubectl("label", "node", stack.cluster.node_name, "example.com/rack=7")
