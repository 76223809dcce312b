"""Uninstalling leaves nothing behind. Runs last: conftest sees to that."""

import json
from pathlib import Path

import pytest

from tests.e2e.cluster.commands import eventually
from tests.e2e.pods import pod
from tests.e2e.stack import NAMESPACE, Stack

KINDS = (
    "mutatingwebhookconfigurations,validatingwebhookconfigurations,"
    "validatingadmissionpolicies,validatingadmissionpolicybindings,clusterroles,clusterrolebindings"
)


KEPT_BY_KUBERNETES = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
INSIDE = "all,secrets,configmaps,leases,serviceaccounts,roles,rolebindings"


def _inside(stack: Stack) -> list[str]:
    return stack.cluster.kubectl("get", INSIDE, "-n", NAMESPACE, "-o", "name").split()


@pytest.mark.last
def test_no_webhook_policy_annotation_spec_or_mount_stays(stack: Stack):
    hold = ("--json", "--hold", "forever")
    stack.pods.create(pod("last", *hold, annotations={"tranche.dev/gpu": "3000Mi"}))
    stack.pods.running("last")
    assert list(stack.cdi_dir.glob("tranche*"))
    stack.pods.delete("last")

    stack.cluster.helm("uninstall", "tranche", "--namespace", NAMESPACE, "--wait", "--timeout=3m")

    names = stack.cluster.kubectl("get", KINDS, "-o", "name").split()
    assert [name for name in names if "tranche" in name] == []
    # Deployments go in the background, and the webhook serves on for its last five seconds.
    eventually(lambda: set(_inside(stack)) <= KEPT_BY_KUBERNETES)
    nodes = json.loads(stack.cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    assert "tranche.dev" not in json.dumps([node["metadata"]["annotations"] for node in nodes])
    assert list(stack.cdi_dir.glob("tranche*")) == []
    left = [p for p in stack.state_dir.rglob("*") if not p.is_dir()]
    assert left == []
    assert "tranche.dev" not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")

    plain = pod("afterwards")
    plain["spec"]["containers"][0]["command"] = ["true"]
    stack.pods.create(plain)
    stack.pods.finished("afterwards")
