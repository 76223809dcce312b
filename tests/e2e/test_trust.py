"""What becomes of admissions at the API server while certificates and replicas change."""

import os
import signal
from pathlib import Path

from tests.e2e.cluster.commands import eventually
from tests.e2e.stack import NAMESPACE, Stack

OF = ("-n", NAMESPACE)


def rotate_certificates(stack: Stack) -> None:
    """Without its Secret the webhook makes a new CA, and all replicas move to it."""
    secret = ("secret", "tranche-webhook-tls")
    uid = ("-o", "jsonpath={.metadata.uid}")
    before = stack.cluster.kubectl("get", *secret, *OF, *uid)
    stack.cluster.kubectl("delete", *secret, *OF)
    eventually(lambda: stack.cluster.kubectl("get", *secret, *OF, *uid) != before, 90)


def roll(stack: Stack) -> None:
    """A rolling update."""
    stack.cluster.kubectl("rollout", "restart", "deployment/tranche-webhook", *OF)
    stack.cluster.kubectl("rollout", "status", "deployment/tranche-webhook", *OF)


def kill_one_replica(_stack: Stack) -> None:
    """SIGKILL to the webhook's process of one pod."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if any(Path(word).name == "tranche-webhook" for word in words):
            os.kill(int(process.name), signal.SIGKILL)
            return
    raise AssertionError("no webhook runs")


def test_no_admission_fails_while_certificates_and_replicas_change(stack: Stack) -> None:
    said = stack.under_load(60, rotate_certificates, roll)
    assert set(said["answers"]) == {"admitted"}, said


def test_of_pods_that_arrive_as_a_replica_is_killed_none_slips_through(stack: Stack) -> None:
    """Until the cluster knows of it, half of the connections lead to the dead one.

    Each pod is asked about twice; who met it both times is told to come again, and nothing else.
    """
    said = stack.under_load(20, kill_one_replica)
    refused = said["answers"].pop("status 403", 0)
    assert set(said["answers"]) == {"admitted"}, said
    assert all("did not answer" in words for words in said["wrong"])
    assert refused < said["answers"]["admitted"] / 100
