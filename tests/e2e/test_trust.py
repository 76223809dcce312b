"""What becomes of admissions at the API server while certificates and replicas change."""

import signal

from tests.e2e.cluster.commands import eventually
from tests.e2e.stack import NAMESPACE, Stack

OF = ("-n", NAMESPACE)
READY = "--output=jsonpath={.items[*].status.containerStatuses[*].ready}"


def rotate_certificates(stack: Stack) -> None:
    """Without its Secret the webhook makes a new CA, and all replicas move to it."""
    secret = ("secret", "tranche-webhook-tls")
    uid = ("-o", "jsonpath={.metadata.uid}")
    before = stack.cluster.kubectl("get", *secret, *OF, *uid)
    stack.cluster.kubectl("delete", *secret, *OF)
    eventually(lambda: stack.cluster.kubectl("get", *secret, *OF, *uid) != before, 90)


def roll(stack: Stack) -> None:
    """A rolling update of all of it at once, as an upgrade of the chart makes one."""
    stack.webhooks("rollout", "restart", "deployment")
    stack.webhooks("rollout", "status", "deployment")


def first(stack: Stack) -> str:
    """The uid of the pod that is asked first."""
    newest = ("--selector=webhook.tranche.dev/replica=0", "--sort-by=.metadata.creationTimestamp")
    uid = "--output=jsonpath={.items[-1:].metadata.uid}"
    return stack.cluster.kubectl("get", "pods", *OF, *newest, uid)


def kill_one_replica(stack: Stack) -> None:
    """SIGKILL to the webhook that is asked first, and on until it is ready again."""
    stack.kill("tranche-webhook", first(stack))
    eventually(lambda: "false" in stack.webhooks("get", "pods", READY), 30)
    eventually(lambda: "false" not in stack.webhooks("get", "pods", READY), 30)


def hang_one_replica(stack: Stack) -> None:
    """The webhook that is asked first says nothing for a while, as on a node that is lost."""
    uid = first(stack)
    stack.kill("tranche-webhook", uid, signal.SIGSTOP)
    try:
        eventually(lambda: "false" in stack.webhooks("get", "pods", READY), 30)
    finally:
        stack.kill("tranche-webhook", uid, signal.SIGCONT)


def test_of_300_admissions_a_second_none_fails_while_all_this_happens(stack: Stack) -> None:
    """A certificate is rotated, all replicas are replaced, one is killed, one hangs.

    Each pod is asked of one replica, and of another where that does not answer.
    """
    blows = (rotate_certificates, roll, kill_one_replica, hang_one_replica)
    said = stack.under_load(90, *blows)
    assert set(said["answers"]) == {"admitted"}, said
