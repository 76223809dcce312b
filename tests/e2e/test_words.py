"""Whatever words ask for 3000 MiB, the program finds 3000 MiB and is refused the next."""

import json

import pytest

from tests.e2e.pods import pod
from tests.e2e.stack import Stack

ASKED = {
    "annotation": {"annotations": {"tranche.dev/gpu": "3000Mi on A100"}},
    "label": {"labels": {"tranche.dev/gpu": "3000Mi_on_A100"}},
    "part-labels": {"labels": {"tranche.dev/memory": "3000Mi", "tranche.dev/model": "A100"}},
    "hami": {
        "limits": {"nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000"},
        "annotations": {"nvidia.com/use-gputype": "A100"},
    },
    "volcano": {
        "limits": {"volcano.sh/vgpu-number": "1", "volcano.sh/vgpu-memory": "3000"},
        "schedulerName": "volcano",
    },
    "kai": {"annotations": {"gpu-memory": "3000"}, "schedulerName": "kai-scheduler"},
}


@pytest.mark.parametrize("words", ASKED)
def test_a_slice_of_3000_mib_asked_for_by(stack: Stack, words: str):
    """Each form runs; the program reports 3000 MiB in all and is refused at 3001."""
    stack.pods.create(pod(f"by-{words}", **ASKED[words]))
    stack.pods.finished(f"by-{words}")
    said = stack.pods.said(f"by-{words}")
    assert said["total_mib"] == 3000
    assert said["allocated_mib"] == 3000
    assert said["refused_at_mib"] == 3001
    assert said["error"] == "CUDA_ERROR_OUT_OF_MEMORY"
    assert said["cards"] == 1


def test_a_bare_gpu_in_an_adopting_namespace_is_its_default_slice(stack: Stack):
    stack.namespace("students", {"tranche.dev/default": "3000Mi", "tranche.dev/adopt": "true"})
    stack.pods.create(pod("bare", limits={"nvidia.com/gpu": "1"}, namespace="students"))
    stack.pods.finished("bare", "students")
    said = stack.pods.said("bare", namespace="students")
    assert (said["total_mib"], said["refused_at_mib"]) == (3000, 3001)


def test_a_bare_gpu_elsewhere_is_a_whole_card_that_no_slice_shares(stack: Stack):
    """With one card of two taken whole, every slice lands on the other."""
    hold = ("--json", "--mib", "100", "--hold", "forever")
    stack.pods.create(pod("whole", *hold, limits={"nvidia.com/gpu": "1"}))
    stack.pods.running("whole")
    slices = [f"beside-{n}" for n in range(4)]
    words = {"tranche.dev/gpu": "10Gi spread"}
    stack.pods.create(*(pod(name, *hold, annotations=words) for name in slices))
    for name in slices:
        stack.pods.running(name)
    [whole] = stack.pods.assigned("whole")["main"]
    assert whole == {"card": whole["card"], "mib": 81920, "whole": True}
    assert stack.pods.said("whole")["total_mib"] == 81920
    assert whole["card"] not in {stack.pods.assigned(n)["main"][0]["card"] for n in slices}


def test_no_card_but_the_granted_one_is_reachable(stack: Stack):
    """The other card's device node is not in the container, so neither is the card."""
    words = {"tranche.dev/gpu": "1Gi"}
    stack.pods.create(pod("alone", "--json", "--mib", "1", annotations=words))
    stack.pods.finished("alone")
    assert stack.pods.said("alone")["cards"] == 1
    listing = pod("devices", annotations=words)
    listing["spec"]["containers"][0]["command"] = ["ls", "/dev"]
    stack.pods.create(listing)
    stack.pods.finished("devices")
    cards = [d for d in stack.pods.logs("devices").split() if d.removeprefix("nvidia").isdigit()]
    assert len(cards) == 1


def test_the_webhook_adds_nothing_to_a_pod_that_asks_for_nothing(stack: Stack):
    plain = pod("plain")
    plain["spec"]["containers"][0]["command"] = ["true"]
    stack.pods.create(plain)
    stack.pods.finished("plain")
    made = stack.pods.get("plain")
    assert made["spec"]["schedulerName"] == "default-scheduler"
    assert "tranche.dev" not in json.dumps(made)


def test_a_sentence_with_a_mistake_is_answered_with_the_way_out(stack: Stack):
    answer = stack.pods.refusal(pod("mistake", annotations={"tranche.dev/gpu": "3000 on A100"}))
    assert "3000Mi" in answer


def test_a_pod_that_fits_nowhere_is_told_why_in_its_event(stack: Stack):
    stack.pods.create(pod("elsewhere", annotations={"tranche.dev/gpu": "1Gi on H100"}))
    assert "0/1 nodes are available: 1 no H100" in stack.pods.event("elsewhere", "no H100")
    stack.pods.create(pod("large", annotations={"tranche.dev/gpu": "81921Mi"}))
    said = stack.pods.event("large", "largest free slice")
    assert "1 largest free slice 81920 MiB of the 81921 asked" in said
