"""Only a pod that speaks of accelerators is sent to the webhook; asked of a real API server."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.api_server import ApiServer
from tests.chart.objects import pod, pods_path

CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tranche"
MANY = {f"example.com/{n}": "x" for n in range(2000)}


@pytest.fixture(scope="module", autouse=True)
def strict(server: ApiServer) -> Iterator[None]:
    """With failurePolicy Fail and nobody behind it, who is sent is refused and says so."""

    def policy(value: str) -> None:
        patch = [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": value}]
        answer = server.call("PATCH", CONFIGURATION, patch, kind="application/json-patch+json")
        assert answer.status == 200

    policy("Fail")
    # The server learns of it by a watch.
    until = time.monotonic() + 30
    while not is_sent(server, pod(annotations={"tranche.dev/gpu": "1Gi"})):
        assert time.monotonic() < until, "never sent"
        time.sleep(0.1)
    yield
    policy("Ignore")


def is_sent(server: ApiServer, manifest: dict[str, Any]) -> bool:
    answer = server.call("POST", pods_path(), manifest)
    sent = 'failed calling webhook "pods-0.tranche.dev"' in answer.message
    assert sent or answer.status in {201, 403}, answer
    return sent


@pytest.mark.parametrize(
    "manifest",
    [
        pod(annotations={"tranche.dev/gpu": "3000Mi"}),
        pod(annotations={"tranche.dev/gpu.main": "3000Mi"}),
        pod(annotations={"tranche.dev/slices": "{}"}),
        pod(labels={"tranche.dev/model": "A100"}),
        pod(limits={"nvidia.com/gpu": "1"}),
        pod(limits={"cpu": "1", "nvidia.com/gpumem": "3000"}),
        pod(
            initContainers=[
                {"name": "i", "image": "x", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
            ]
        ),
        pod(annotations=MANY | {"tranche.dev/gpu": "3000Mi"}),
    ],
)
def test_a_pod_that_speaks_of_accelerators_is_sent(server: ApiServer, manifest: dict[str, Any]):
    assert is_sent(server, manifest)


@pytest.mark.parametrize(
    "manifest",
    [
        pod(),
        pod(annotations={}, labels={}),
        pod(annotations={"example.com/tranche.dev": "3000Mi"}, labels={"app": "tranche"}),
        pod(limits={"cpu": "1", "memory": "1Gi"}, requests={"cpu": "1"}),
        pod(limits={"amd.com/gpu": "1"}),
        pod(initContainers=[{"name": "i", "image": "x"}]),
        pod(annotations=MANY, labels=MANY),
    ],
)
def test_no_other_pod_is_sent(server: ApiServer, manifest: dict[str, Any]):
    assert not is_sent(server, manifest)
