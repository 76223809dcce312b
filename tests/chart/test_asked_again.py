"""A pod that one call has not answered is sent once more; asked of a real API server."""

import time
from collections.abc import Iterator

import pytest

from tests.chart.api_server import ApiServer
from tests.chart.objects import pod, pods_path

CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tranche"
WORDS = {"tranche.dev/gpu": "1Gi"}
AGAIN = 'failed calling webhook "pods-1.tranche.dev"'


def said(server: ApiServer, **carries: str) -> str:
    annotations = WORDS | {f"tranche.dev/{key}": value for key, value in carries.items()}
    return server.call("POST", pods_path(), pod(annotations=annotations)).message


@pytest.fixture(autouse=True)
def strict(server: ApiServer) -> Iterator[None]:
    """Nobody answers, which the first call forgives and the second does not."""

    def policy(value: str) -> None:
        patch = [{"op": "replace", "path": "/webhooks/1/failurePolicy", "value": value}]
        answer = server.call("PATCH", CONFIGURATION, patch, kind="application/json-patch+json")
        assert answer.status == 200

    policy("Fail")
    # The server learns of it by a watch.
    until = time.monotonic() + 30
    while AGAIN not in said(server):
        assert time.monotonic() < until, "never asked again"
        time.sleep(0.1)
    yield
    policy("Ignore")


def test_one_that_carries_the_answer_is_not_sent_again(server: ApiServer):
    assert AGAIN in said(server)
    assert AGAIN not in said(server, slices="{}")
