"""The clean-up leaves nothing, may run again, and says what it could not do."""

import re
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from kubernetes_asyncio.client import Configuration

from webhook.cluster.client import Cluster
from webhook.uninstall import Uninstall

DAEMONSET = "/apis/apps/v1/namespaces/tranche-system/daemonsets/tranche-agent"
PODS = "/api/v1/namespaces/tranche-system/pods"
SECRET = "/api/v1/namespaces/tranche-system/secrets/tls"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tranche"
ADVICE = CONFIGURATION.replace("mutating", "validating")
CARDS = "tranche.dev/cards"


class Api:
    """Objects by path. A deleted DaemonSet stays until ``polls`` lists of its pods were read."""

    def __init__(self):
        self.polls = 2
        self.order = []
        self.faults = {}
        self.objects = {
            DAEMONSET: {"metadata": {"name": "tranche-agent"}},
            SECRET: {"metadata": {"name": "tls"}},
            CONFIGURATION: {"metadata": {"name": "tranche"}},
            ADVICE: {"metadata": {"name": "tranche"}},
        }
        owner = [{"kind": "DaemonSet", "name": "tranche-agent"}]
        self.pods = [
            {"metadata": {"name": "agent-1", "ownerReferences": owner}, "spec": {"nodeName": "n1"}},
            {"metadata": {"name": "webhook-1"}},
        ]
        self.nodes = {
            "n1": {"metadata": {"name": "n1", "annotations": {CARDS: "{}", "other": "x"}}},
            "n2": {"metadata": {"name": "n2", "annotations": {CARDS: "{}"}}},
            "n3": {"metadata": {"name": "n3"}},
        }
        self.deleting = False

    async def answer(self, request):
        method, path = request.method, request.path
        if self.faults.get((method, path), 0) > 0:
            self.faults[method, path] -= 1
            return web.json_response({"message": "not now"}, status=503)
        if path == "/api/v1/nodes":
            names = sorted(self.nodes)
            at = int(request.query.get("continue") or 0)
            more = {"continue": str(at + 1)} if at + 1 < len(names) else {}
            return web.json_response({"metadata": more, "items": [self.nodes[names[at]]]})
        if path == PODS:
            if self.deleting:
                self.polls -= 1
                if self.polls == 0:
                    self.pods = self.pods[1:]
                    self.objects.pop(DAEMONSET, None)
            return web.json_response({"metadata": {}, "items": self.pods})
        if node := re.fullmatch("/api/v1/nodes/(.*)", path):
            return await self.patch(request, node[1])
        if path not in self.objects:
            return web.json_response({"message": "not found"}, status=404)
        if method == "DELETE":
            self.order.append(path.rsplit("/", 1)[1])
            if path == DAEMONSET:
                assert request.query["propagationPolicy"] == "Foreground"
                self.deleting = True
            else:
                del self.objects[path]
        return web.json_response({})

    async def patch(self, request, name):
        assert request.headers["Content-Type"] == "application/merge-patch+json"
        patch = await request.json()
        assert patch == {"metadata": {"annotations": {CARDS: None}}}
        self.order.append(name)
        del self.nodes[name]["metadata"]["annotations"][CARDS]
        return web.json_response({})


@asynccontextmanager
async def serving(api):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{site.port}"
    cluster = Cluster(configuration)
    try:
        yield cluster
    finally:
        await cluster.close()
        await runner.cleanup()


@pytest.fixture
def api():
    return Api()


@pytest.fixture
async def uninstall(api):
    """Makes clean-ups whose time passes only while they wait."""
    async with serving(api) as cluster:
        said = []

        def make(seconds=60):
            now = [0.0]

            async def sleep(wait):
                now[0] += wait

            return Uninstall(
                cluster,
                "tranche-system",
                "tranche-agent",
                "tls",
                "tranche",
                deadline=seconds,
                say=said.append,
                clock=lambda: now[0],
                sleep=sleep,
            )

        make.said = said
        yield make


async def test_all_is_removed_in_the_order_in_which_nothing_comes_back(api, uninstall):
    assert await uninstall().run()
    assert api.order == ["tranche", "tranche", "tranche-agent", "n1", "n2", "tls"]
    assert api.objects == {}
    assert api.nodes["n1"]["metadata"]["annotations"] == {"other": "x"}
    assert len(api.pods) == 1, "only the agents' pods were waited for"


async def test_a_second_run_finds_nothing_to_do(api, uninstall):
    assert await uninstall().run()
    api.order.clear()
    assert await uninstall().run()
    assert api.order == []


async def test_a_busy_api_server_is_asked_again(api, uninstall):
    api.faults = {("DELETE", SECRET): 3, ("GET", PODS): 2, ("DELETE", DAEMONSET): 1}
    assert await uninstall().run()


async def test_agents_that_do_not_go_are_named_and_the_rest_is_still_cleaned(api, uninstall):
    api.polls = 10**9
    cleaning = uninstall(seconds=5)
    assert not await cleaning.run()
    assert "agent-1 on n1" in cleaning.left[0]
    assert SECRET not in api.objects
    assert CARDS not in api.nodes["n2"]["metadata"]["annotations"]
    assert any(line.startswith("left behind: agents") for line in uninstall.said)


async def test_a_secret_that_may_not_be_deleted_is_told(api, uninstall):
    api.faults[("DELETE", SECRET)] = 10**9
    cleaning = uninstall(seconds=3)
    assert not await cleaning.run()
    assert cleaning.left == ["Secret tls: 503 not now"]
