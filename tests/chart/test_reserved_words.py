"""What Tranche writes about a pod, nobody else writes; asked of a real API server."""

from collections.abc import Iterator

import pytest

from tests.chart.api_server import Answer, ApiServer, As
from tests.chart.objects import binding, pod, pods_path

SLICES = {"tranche.dev/slices": '{"main":"3000Mi"}'}
ASSIGNED = {"tranche.dev/assigned": '{"v":1}'}
READ = {"annotations": SLICES, "schedulerName": "tranche-scheduler"}
SCHEDULER = As("system:serviceaccount:tranche-system:tranche-webhook")
ANYBODY = As("somebody", groups=("system:masters",))


@pytest.fixture
def held(server: ApiServer) -> Iterator[str]:
    """The path of a pod that the webhook read and the scheduler bound."""
    server.call("POST", pods_path(kept=True), pod("held", **READ))
    path = f"{pods_path(kept=True)}/held"
    bound = server.call("POST", f"{path}/binding", binding("held", ASSIGNED), who=SCHEDULER)
    assert bound.status == 201, bound.message
    yield path
    server.call("DELETE", path, {"gracePeriodSeconds": 0})


def create(server: ApiServer, **parts: object) -> Answer:
    return server.call("POST", pods_path(), pod("made", **parts))


def test_the_binding_puts_the_assignment_on_the_pod(server: ApiServer, held: str):
    body = server.call("GET", held).body
    assert body["metadata"]["annotations"] == SLICES | ASSIGNED
    assert body["spec"]["nodeName"] == "somewhere"


def test_an_assignment_cannot_be_brought_along(server: ApiServer):
    for parts in ({}, {"schedulerName": "tranche-scheduler"}):
        for annotations in (ASSIGNED, SLICES | ASSIGNED):
            answer = create(server, annotations=annotations, **parts)
            assert answer.status == 403
            assert "tranche.dev/assigned says which cards a pod holds" in answer.message


def test_a_pod_with_slices_cannot_choose_its_node_past_the_scheduler(server: ApiServer):
    answer = create(server, nodeName="somewhere", **READ)
    assert answer.status == 403
    assert "spec.nodeName bypasses the scheduler" in answer.message


def test_slices_come_with_tranches_scheduler(server: ApiServer):
    answer = create(server, annotations=SLICES)
    assert answer.status == 403
    assert "tranche.dev/slices is written by Tranche's webhook alone" in answer.message


@pytest.mark.parametrize("part", ["", "/status", "/ephemeralcontainers", "/resize"])
@pytest.mark.parametrize("key", ["tranche.dev/assigned", "tranche.dev/slices"])
@pytest.mark.parametrize("value", ['{"v":2}', None])
def test_neither_can_be_changed_or_taken_off(
    server: ApiServer, held: str, part: str, key: str, value: str | None
):
    """Where Kubernetes itself ignores annotations, ignoring them is as good as refusing."""
    before = server.call("GET", held).body["metadata"]["annotations"]
    patch = {"metadata": {"annotations": {key: value}}}
    for who in (None, ANYBODY, SCHEDULER if not part else None):
        answer = server.merge(held + part, patch, who=who)
        if part in {"", "/status"}:
            assert answer.status == 403
            assert f"{key} is written by Tranche alone" in answer.message or who is SCHEDULER
    assert server.call("GET", held).body["metadata"]["annotations"] == before


def test_neither_can_be_put_on_a_pod_that_has_none(server: ApiServer):
    server.call("POST", pods_path(kept=True), pod("plain"))
    path = f"{pods_path(kept=True)}/plain"
    for annotations in (ASSIGNED, SLICES):
        for part in ("", "/status"):
            answer = server.merge(path + part, {"metadata": {"annotations": annotations}})
            assert answer.status == 403, (annotations, part)
    server.call("DELETE", path, {"gracePeriodSeconds": 0})


def test_all_else_of_a_pod_can_be_changed(server: ApiServer, held: str):
    notes = {"example.com/note": "fine", "tranche.dev/gpu": "9Gi"}
    for patch in (
        {"metadata": {"annotations": notes, "labels": {"tranche.dev/model": "T4"}}},
        {"metadata": {"annotations": dict.fromkeys(notes)}},
    ):
        answer = server.merge(held, patch)
        assert answer.status == 200, answer.message
    status = {"status": {"phase": "Running"}}
    assert server.merge(f"{held}/status", status).status == 200
    helper = {"name": "d", "image": "x", "targetContainerName": "main"}
    answer = server.merge(
        f"{held}/ephemeralcontainers", {"spec": {"ephemeralContainers": [helper]}}
    )
    assert answer.status == 200, answer.message


def test_a_finished_pod_can_be_deleted(server: ApiServer, held: str):
    server.merge(f"{held}/status", {"status": {"phase": "Succeeded"}})
    server.merge(held, {"metadata": {"finalizers": ["example.com/wait"]}})
    assert server.call("DELETE", held, {"gracePeriodSeconds": 0}).status == 200
    assert server.merge(held, {"metadata": {"finalizers": None}}).status == 200
    assert server.call("GET", held).status == 404


@pytest.mark.parametrize("place", ["pods/loose/binding", "bindings"])
@pytest.mark.parametrize(
    ("annotations", "who", "said"),
    [
        (ASSIGNED, ANYBODY, "only Tranche's scheduler writes it: bind without"),
        (SLICES, ANYBODY, "tranche.dev/slices is written by Tranche's webhook at"),
        (SLICES | ASSIGNED, None, "only Tranche's scheduler writes it: bind without"),
    ],
)
def test_a_binding_of_somebody_elses_carries_neither(
    server: ApiServer, place: str, annotations: dict[str, str], who: As | None, said: str
):
    server.call("POST", pods_path(kept=True), pod("loose"))
    path = f"/api/v1/namespaces/default/{place}"
    answer = server.call("POST", path, binding("loose", annotations), who=who)
    assert answer.status == 403
    assert said in answer.message
    server.call("DELETE", f"{pods_path(kept=True)}/loose", {"gracePeriodSeconds": 0})


def test_not_even_the_scheduler_rewrites_what_the_webhook_read(server: ApiServer):
    server.call("POST", pods_path(kept=True), pod("loose"))
    path = f"{pods_path(kept=True)}/loose"
    answer = server.call("POST", f"{path}/binding", binding("loose", SLICES), who=SCHEDULER)
    assert answer.status == 403
    assert "never again" in answer.message
    server.call("DELETE", path, {"gracePeriodSeconds": 0})


def test_other_schedulers_bind_as_ever(server: ApiServer):
    server.call("POST", pods_path(kept=True), pod("loose"))
    path = f"{pods_path(kept=True)}/loose"
    notes = {"example.com/by": "another"}
    assert server.call("POST", f"{path}/binding", binding("loose", notes)).status == 201
    server.call("DELETE", path, {"gracePeriodSeconds": 0})
