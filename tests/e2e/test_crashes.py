"""What dies comes back, and no pod notices: none running is hurt, none is lost, none overbooked."""

from collections.abc import Callable

import pytest

from tests.e2e.cluster.commands import eventually
from tests.e2e.pods import pod
from tests.e2e.stack import CARD_MIB, Stack

HOLD = ("--json", "--step", "100", "--hold", "forever")
WORDS = {"tranche.dev/gpu": "3000Mi"}


def kill_webhook(stack: Stack) -> None:
    stack.kill("tranche-webhook")


def kill_agent(stack: Stack) -> None:
    stack.kill("tranche-nodeagent")


def kill_kubelet(stack: Stack) -> None:
    stack.cluster.node.kubelet.kill()
    stack.cluster.node.kubelet.start()


def restart_kubelet(stack: Stack) -> None:
    stack.cluster.restart_kubelet()


def restart_containerd(stack: Stack) -> None:
    stack.cluster.restart_containerd()


@pytest.mark.parametrize(
    "crash",
    [kill_webhook, kill_agent, kill_kubelet, restart_kubelet, restart_containerd],
    ids=lambda crash: crash.__name__,
)
def test_with_pods_running_and_pods_arriving(stack: Stack, crash: Callable[[Stack], None]):
    kind = crash.__name__.replace("_", "-")
    before = [f"{kind}-before-{n}" for n in range(4)]
    after = [f"{kind}-after-{n}" for n in range(6)]
    stack.pods.create(*(pod(name, *HOLD, annotations=WORDS) for name in before))
    for name in before:
        stack.pods.running(name)
    grants = {name: stack.pods.assigned(name) for name in before}

    # Half arrive before the blow and half right after it.
    stack.pods.create(*(pod(name, *HOLD, annotations=WORDS) for name in after[:3]))
    crash(stack)
    for name in after[3:]:
        eventually(lambda name=name: stack.pods.create(pod(name, *HOLD, annotations=WORDS)), 90)
    for name in after:
        stack.pods.running(name, within=120)

    for name in before:
        found = stack.pods.get(name)["status"]["containerStatuses"][0]
        assert found["restartCount"] == 0, name
        assert found["ready"], name
        assert stack.pods.assigned(name) == grants[name]
    for name in before + after:
        assert stack.pods.said(name)["total_mib"] == 3000
    eventually(lambda: stack.used_mib() == 3000 * len(before + after))
    assert all(peak <= CARD_MIB for peak in stack.peaks_mib().values())
