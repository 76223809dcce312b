"""The extender over HTTP, in bytes as the Go types of kube-scheduler write and read them."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scheduling.world import Raw, World, card, mib, node, pod, uid
from tranche.words.errors import Malformed
from webhook.scheduling import routes as module
from webhook.scheduling.routes import routes
from webhook.scheduling.wire import read_args, read_binding

Client = TestClient[web.Request, web.Application]

GO_POD_NOISE = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"creationTimestamp": None, "managedFields": [{"fieldsV1": {"f:spec": {}}}]},
    "spec": {"volumes": [], "tolerations": [{"key": "x"}], "nodeSelector": {"a": "b"}},
    "status": {"conditions": [{"type": "PodScheduled", "status": "False"}]},
}
"""Parts of a pod that the extender has no use for."""


def go_pod(raw: Raw) -> Raw:
    return {key: GO_POD_NOISE.get(key, {}) | raw[key] for key in ("metadata", "spec", "status")} | {
        "kind": "Pod",
        "apiVersion": "v1",
    }


@pytest.fixture
def world() -> World:
    world = World()
    world.add(node("a", card("A", 1000)), node("b", card("B", 500)))
    return world


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    app = web.Application(client_max_size=1024)
    app.add_routes(routes(world.extender))
    async with TestClient(TestServer(app)) as client:
        yield client


def args(raw: Raw, *names: str) -> Raw:
    return {"Pod": go_pod(raw), "Nodes": None, "NodeNames": list(names)}


async def test_filter_answers_in_go_s_names(client: Client):
    answer = await client.post("/filter", json=args(pod("p", mib(600)), "a", "b", "c"))
    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert await answer.json() == {
        "NodeNames": ["a"],
        "FailedNodes": {},
        "FailedAndUnresolvableNodes": {
            "b": "largest free slice 500 MiB of the 600 asked",
            "c": "no cards",
        },
        "Error": "",
    }


async def test_prioritize_answers_hosts_and_scores(client: Client):
    raw = pod("p", mib(300))
    await client.post("/filter", json=args(raw, "a", "b"))
    answer = await client.post("/prioritize", json=args(raw, "a", "b"))
    assert await answer.json() == [{"Host": "a", "Score": 10}, {"Host": "b", "Score": 0}]


async def test_bind_answers_an_empty_error(client: Client, world: World):
    raw = pod("p", mib(300))
    world.add(raw)
    body = {"PodName": "p", "PodNamespace": "default", "PodUID": uid(raw), "Node": "b"}
    answer = await client.post("/bind", json=body)
    assert await answer.json() == {"Error": ""}
    assert world.cards_of(raw) == ["B"]


async def test_a_body_larger_than_the_application_allows_elsewhere_is_read(client: Client):
    names = [f"node-{i:06}" for i in range(5000)]
    answer = await client.post("/filter", json=args(pod("p", mib(600)), *names, "a"))
    assert (await answer.json())["NodeNames"] == ["a"]


async def test_a_body_without_end_is_not(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LONGEST", 100)
    answer = await client.post("/filter", data=b"x" * 101)
    assert answer.status == 400
    assert await answer.text() == "a body of more than 100 bytes"


@pytest.mark.parametrize("path", ["/filter", "/prioritize", "/bind"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{",
        b"\xff",
        b'{"Pod": null, "NodeNames": []}',
        b'{"Pod": {"metadata": {}}, "NodeNames": []}',
        b'{"pod": {}, "nodenames": []}',
        b'{"PodName": 1, "PodNamespace": "", "PodUID": "", "Node": ""}',
        b'{"Nodes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"PodName": "\\ud800"}',
    ],
)
async def test_what_kube_scheduler_would_not_send_is_answered_400(
    client: Client, path: str, body: bytes
):
    answer = await client.post(path, data=body)
    assert answer.status == 400
    assert (await answer.text()).startswith("not what kube-scheduler sends: ")


@given(st.binary())
def test_no_bytes_raise_anything_but_malformed(body: bytes):
    for read in (read_args, read_binding):
        with pytest.raises(Malformed):
            read(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["tranche.dev/slices", "tranche.dev/assigned", "x"]),
        st.text() | json_values.map(json.dumps),
    ),
    st.lists(st.text()),
)
async def test_no_annotations_of_a_pod_make_filter_fail(annotations: dict[str, str], names: list):
    world = World()
    world.add(node("a", card("A")))
    raw = pod("p", mib(1))
    raw["metadata"]["annotations"] = annotations
    read = read_args(json.dumps(args(raw, *names), ensure_ascii=True).encode())
    answer = await world.extender.filter(read)
    assert answer.NodeNames == []
    assert answer.FailedAndUnresolvableNodes.keys() == set(names)


async def test_a_fault_of_ours_is_an_error_that_the_event_can_show(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(world.ledger, "lapse", lambda _: 1 / 0)
    answer = await client.post("/filter", json=args(pod("p", mib(1)), "a"))
    assert answer.status == 200
    assert (await answer.json())["Error"] == "the Tranche extender failed: ZeroDivisionError"
