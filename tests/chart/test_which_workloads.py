"""Only a workload whose pods speak of accelerators is asked about; asked of a real API server."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.api_server import ApiServer
from tests.chart.objects import pod

CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/tranche"
PATHS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1"} | {
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}
WORDS = {"tranche.dev/gpu": "1Gi"}


def workload(kind: str, template: dict[str, Any]) -> dict[str, Any]:
    """One of a kind, made of a pod's metadata and spec."""
    labels = {"app": "x"}
    about = {"labels": labels | template["metadata"].get("labels", {})}
    about |= {"annotations": template["metadata"].get("annotations", {})}
    made: dict[str, Any] = {"template": {"metadata": about, "spec": dict(template["spec"])}}
    if kind in {"Job", "CronJob"}:
        made["template"]["spec"]["restartPolicy"] = "Never"
    else:
        made["selector"] = {"matchLabels": labels}
    if kind == "StatefulSet":
        made["serviceName"] = "x"
    if kind == "CronJob":
        made = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": made}}
    return {
        "apiVersion": PATHS[kind],
        "kind": kind,
        "metadata": {"generateName": "x-"},
        "spec": made,
    }


def is_sent(server: ApiServer, kind: str, manifest: dict[str, Any]) -> bool:
    path = f"/apis/{PATHS[kind]}/namespaces/default/{kind.lower()}s"
    answer = server.call("POST", path, manifest)
    rule = "cronjobs" if kind == "CronJob" else "workloads"
    sent = f'failed calling webhook "{rule}.tranche.dev"' in answer.message
    assert sent or answer.status == 201, answer
    return sent


@pytest.fixture(scope="module", autouse=True)
def strict(server: ApiServer) -> Iterator[None]:
    """With failurePolicy Fail and nobody behind it, who is sent is refused and says so."""

    def policy(value: str) -> None:
        patch = [
            {"op": "replace", "path": f"/webhooks/{at}/failurePolicy", "value": value}
            for at in (0, 1)
        ]
        answer = server.call("PATCH", CONFIGURATION, patch, kind="application/json-patch+json")
        assert answer.status == 200

    policy("Fail")
    # The server learns of it by a watch.
    until = time.monotonic() + 30
    for kind in ("Deployment", "CronJob"):
        while not is_sent(server, kind, workload(kind, pod(annotations=WORDS))):
            assert time.monotonic() < until, "never sent"
            time.sleep(0.1)
    yield
    policy("Ignore")


@pytest.mark.parametrize("kind", PATHS)
def test_one_whose_pods_speak_of_accelerators_is_sent(server: ApiServer, kind: str):
    for template in (
        pod(annotations=WORDS),
        pod(labels={"tranche.dev/model": "A100"}),
        pod(limits={"nvidia.com/gpu": "1"}),
    ):
        assert is_sent(server, kind, workload(kind, template))


@pytest.mark.parametrize("kind", PATHS)
def test_one_whose_pods_ask_for_nothing_is_not_sent(server: ApiServer, kind: str):
    assert not is_sent(server, kind, workload(kind, pod(limits={"cpu": "1"})))


def test_words_on_the_workload_itself_say_nothing_of_its_pods(server: ApiServer):
    manifest = workload("Deployment", pod())
    manifest["metadata"]["annotations"] = WORDS
    assert not is_sent(server, "Deployment", manifest)


def test_what_a_controller_made_is_not_sent(server: ApiServer):
    """Whoever applied the CronJob was told; a Job of it has nobody to tell."""
    manifest = workload("Job", pod(annotations=WORDS))
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "x", "uid": "u"}
    manifest["metadata"]["ownerReferences"] = [owner | {"controller": True}]
    assert not is_sent(server, "Job", manifest)
