"""Cards that Tranche's agents do not find: what the pod becomes, and who places it."""

import json

import pytest

from tests.e2e.pods import pod
from tests.e2e.stack import Stack

GPU = "tranche.dev/gpu"


def limits_of(stack: Stack, name: str) -> dict[str, str]:
    (container,) = stack.pods.get(name)["spec"]["containers"]
    return dict(container["resources"]["limits"])


@pytest.mark.parametrize(
    "asked",
    [
        {"annotations": {GPU: "2000Mi on Hygon"}},
        {"limits": {"hygon.com/dcunum": "1", "hygon.com/dcumem": "2000"}},
    ],
)
def test_a_pod_waits_for_a_maker_s_card_and_says_so(stack: Stack, asked: dict[str, dict[str, str]]):
    stack.pods.create(pod("dcu", "--json", **asked))
    assert "no card of Hygon" in stack.pods.event("dcu", "no card of Hygon")
    assert limits_of(stack, "dcu") == {"hygon.com/dcunum": "1", "hygon.com/dcumem": "2k"}
    assert "env" not in stack.pods.get("dcu")["spec"]["containers"][0]


def test_resources_of_a_maker_that_is_not_managed_are_left_to_its_own_stack(stack: Stack):
    stack.pods.create(pod("amd", "--json", limits={"amd.com/gpu": "1"}))
    assert "Insufficient amd.com/gpu" in stack.pods.event("amd", "Insufficient")
    made = stack.pods.get("amd")
    assert made["spec"]["schedulerName"] == "default-scheduler"
    assert "tranche.dev" not in json.dumps(made)


def test_a_partition_is_placed_by_what_nvidia_s_plugin_counts(stack: Stack):
    stack.pods.create(pod("mig", "--json", annotations={GPU: "1g.10gb"}))
    assert "Insufficient nvidia.com/mig-1g.10gb" in stack.pods.event("mig", "Insufficient")
    node = stack.cluster.node_name
    offered = {"status": {"capacity": {"nvidia.com/mig-1g.10gb": "1"}}}
    patch = ("patch", "node", node, "--subresource=status", "--type=merge")
    stack.cluster.kubectl(*patch, "--patch", json.dumps(offered))
    stack.pods.event("mig", "Successfully assigned")
    assert stack.pods.get("mig")["spec"]["nodeName"] == node
    offered["status"]["capacity"]["nvidia.com/mig-1g.10gb"] = "0"
    stack.cluster.kubectl(*patch, "--patch", json.dumps(offered))
