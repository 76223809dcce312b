"""With no webhook, the door is closed for accelerator pods and open for every other."""

from collections.abc import Iterator

import pytest

from tests.e2e.pods import pod
from tests.e2e.stack import Stack


@pytest.fixture
def nobody(stack: Stack) -> Iterator[None]:
    """No webhook at first, and all of it again afterwards."""
    stack.stop_webhook()
    yield
    stack.start_webhook()


@pytest.mark.usefixtures("nobody")
def test_a_plain_pod_is_created_and_an_accelerator_pod_told_what_is_down(stack: Stack):
    plain = pod("unharmed")
    plain["spec"]["containers"][0]["command"] = ["true"]
    stack.pods.create(plain)
    stack.pods.finished("unharmed")
    asking = {
        "in-words": pod("in-words", annotations={"tranche.dev/gpu": "3000Mi"}),
        "in-labels": pod("in-labels", labels={"tranche.dev/memory": "3000Mi"}),
        "in-hamis": pod("in-hamis", limits={"nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000"}),
        "bare": pod("bare", limits={"nvidia.com/gpu": "1"}),
    }
    for manifest in asking.values():
        answer = stack.pods.refusal(manifest)
        assert "webhook did not answer" in answer
        assert "kubectl -n tranche-system get pods" in answer


@pytest.mark.usefixtures("nobody")
def test_running_slices_are_not_hurt_and_their_pods_can_be_deleted(stack: Stack):
    stack.start_webhook()
    hold = ("--json", "--hold", "forever")
    stack.pods.create(pod("stays", *hold, annotations={"tranche.dev/gpu": "3000Mi"}))
    stack.pods.running("stays")
    stack.stop_webhook()
    assert stack.pods.all_ready("stays")
    stack.pods.delete("stays")
