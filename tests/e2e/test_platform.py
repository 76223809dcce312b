"""What a platform team says on a namespace, and what people are told at once, on a real server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cluster.commands import eventually
from tests.e2e.pods import pod
from tests.e2e.stack import Stack
from tests.e2e.trial import Trial

GPU = "tranche.dev/gpu"
HOLD = ("--json", "--hold", "forever")
WORKLOADS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}


@pytest.fixture(scope="module")
def trial(installed: Stack) -> Iterator[Trial]:
    with Trial.of(installed.cluster) as trial:
        yield trial


@pytest.fixture
def team(stack: Stack) -> Iterator[str]:
    """A namespace of its own, gone afterwards with all in it."""
    stack.namespace("team", {})
    yield "team"
    stack.cluster.kubectl("delete", "namespace", "team")


def workload(kind: str, words: str) -> dict[str, Any]:
    made = pod("w", annotations={GPU: words}, restartPolicy="Always")
    labels = {"app": "w"}
    template: dict[str, Any] = {"spec": made["spec"]}
    template["metadata"] = {"annotations": {GPU: words}, "labels": labels}
    if kind in {"Job", "CronJob"}:
        made["spec"]["restartPolicy"] = "Never"
        spec: dict[str, Any] = {"template": template}
        if kind == "CronJob":
            spec = {"schedule": "0 4 * * *", "jobTemplate": {"spec": spec}}
    else:
        spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": WORKLOADS[kind], "kind": kind, "metadata": {"name": "w"}, "spec": spec}


@pytest.mark.parametrize("kind", WORKLOADS)
def test_whoever_applies_what_can_never_be_admitted_is_warned_at_once(trial: Trial, kind: str):
    bad = workload(kind, "3GB")
    # A courtesy of one replica, which another test may have stopped a moment ago.
    (warning,) = eventually(lambda: trial.create(bad).warnings)
    assert trial.create(bad).status == 201
    assert f"no pod of this {kind} can be admitted as it is" in warning
    assert "GB is no unit of memory here; write 3Gi" in warning
    fine = trial.create(workload(kind, "3Gi"))
    assert (fine.status, fine.warnings) == (201, ())


def test_a_wrong_namespace_annotation_stops_only_pods_that_need_it(
    stack: Stack, trial: Trial, team: str
):
    stack.namespace(team, {"tranche.dev/default": "3GB"})
    named = "namespace annotation tranche.dev/default"
    needing = pod("needing", annotations={GPU: "on A100"}, namespace=team)
    # The webhook learns of the annotation by a watch.
    eventually(lambda: named in trial.create(needing, team).message)
    refused = trial.create(needing, team)
    assert refused.status == 403
    assert '"3GB": GB is no unit of memory here; write 3Gi' in refused.message
    enough = trial.create(pod("enough", annotations={GPU: "1Gi"}, namespace=team), team)
    assert enough.status == 201
    assert any(named in warning for warning in enough.warnings)
    plain = trial.create(pod("plain", namespace=team), team)
    assert (plain.status, plain.warnings) == (201, ())


def test_a_pod_over_the_quota_is_admitted_waits_with_the_reason_and_runs_when_it_may(
    stack: Stack, team: str
):
    stack.namespace(team, {"tranche.dev/quota": "4000Mi"})
    words = {GPU: "3000Mi"}
    stack.pods.create(pod("first", *HOLD, annotations=words, namespace=team))
    stack.pods.running("first", team)
    stack.pods.create(pod("second", *HOLD, annotations=words, namespace=team))
    said = stack.pods.event("second", "MiB", team)
    assert "namespace team holds 3000 of its 4000 MiB, and 3000 more are asked" in said
    assert "nodeName" not in stack.pods.get("second", team)["spec"]
    stack.pods.delete("first", namespace=team)
    stack.pods.running("second", team)
