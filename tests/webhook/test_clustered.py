"""The whole process against an API server, played here over real HTTP by what it must know."""

import asyncio
import base64
import json
import ssl
import sys

import aiohttp
import pytest
from aiohttp import web

from tranche.words.cards import CARDS_ANNOTATION, Card, dump_cards
from webhook.certificates.authority import make_authority
from webhook.certificates.served import utc_now

CARD = Card("GPU-1", "nvidia", "NVIDIA A100-SXM4-80GB", 81920, holds=("interposer",))
NAME = "tranche-webhook.tranche-system.svc"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tranche"
SECRETS = "/api/v1/namespaces/tranche-system/secrets"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "p",
        "namespace": "team",
        "uid": "u1",
        "resourceVersion": "2",
        "annotations": {"tranche.dev/slices": '{"main":"3000Mi on A100"}'},
    },
    "spec": {"schedulerName": "tranche-scheduler", "containers": [{"name": "main"}]},
}


class ApiServer:
    """Three collections, a Secret, a webhook configuration, and Bindings as they were posted."""

    def __init__(self):
        annotations = {CARDS_ANNOTATION: dump_cards((CARD,))}
        self.lists = {
            "/api/v1/nodes": [{"metadata": {"name": "n1", "annotations": annotations}}],
            "/api/v1/pods": [POD],
            "/api/v1/namespaces": [{"metadata": {"name": "team"}}],
        }
        self.selectors = {}
        self.namespaces_may_be_listed = asyncio.Event()
        self.secret = None
        self.other = make_authority(utc_now()).certificate_pem
        self.bundle = base64.b64encode(self.other).decode()
        self.bindings = []
        self.binding_status = 201

    async def answer(self, request):
        path = request.path
        if path in self.lists:
            return await self._collection(request, path)
        if path == CONFIGURATION:
            return await self._configuration(request)
        if path.startswith(SECRETS):
            return await self._secret(request)
        if path.endswith("/binding"):
            self.bindings.append(await request.json())
            answer = {"message": "already assigned to node n9"}
            return web.json_response(answer, status=self.binding_status)
        return web.json_response({"message": f"nothing at {path}"}, status=404)

    async def _collection(self, request, path):
        self.selectors[path] = request.query.get("fieldSelector")
        if path == "/api/v1/namespaces":
            await self.namespaces_may_be_listed.wait()
        if not request.query.get("watch"):
            meta = {"resourceVersion": "9"}
            return web.json_response({"metadata": meta, "items": self.lists[path]})
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    async def _configuration(self, request):
        if request.method == "PATCH":
            patch = await request.json()
            self.bundle = next(op["value"] for op in patch if op["path"].endswith("/caBundle"))
        webhook = {"name": "pods.tranche.dev", "clientConfig": {"caBundle": self.bundle}}
        return web.json_response({"metadata": {"resourceVersion": "1"}, "webhooks": [webhook]})

    async def _secret(self, request):
        if request.method == "POST":
            self.secret = await request.json()
            self.secret["metadata"]["resourceVersion"] = "1"
        elif self.secret is None:
            return web.json_response({"message": "no such secret"}, status=404)
        return web.json_response(self.secret)


class Running:
    """The process, and what its callers can ask of it."""

    def __init__(self, api, child, ports):
        self.api, self.child, self.ports = api, child, ports

    async def ready(self):
        async with aiohttp.ClientSession() as client:
            url = f"http://127.0.0.1:{self.ports['status_port']}/readyz"
            async with client.get(url) as answer:
                return await answer.json()

    async def until_ready(self):
        while not (answer := await self.ready())["ready"]:  # noqa: ASYNC110  as a kubelet does
            await asyncio.sleep(0.02)
        return answer

    async def extend(self, verb, body):
        async with aiohttp.ClientSession() as client:
            url = f"http://127.0.0.1:{self.ports['extender_port']}/{verb}"
            async with client.post(url, json=body) as answer:
                return answer.status, await answer.json(content_type=None)

    async def bind(self):
        body = {"PodName": "p", "PodNamespace": "team", "PodUID": "u1", "Node": "n1"}
        return await self.extend("bind", body)


@pytest.fixture
async def running(tmp_path):
    api = ApiServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": f"http://127.0.0.1:{site.port}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webhook.main", "--host", "127.0.0.1", "--drain", "0"),
        *("--kubeconfig", str(tmp_path / "kubeconfig"), "--namespace", "tranche-system"),
        *("--admission-port", "0", "--extender-port", "0", "--status-port", "0"),
        stderr=asyncio.subprocess.PIPE,
    )
    ports = {}
    while line := await child.stderr.readline():
        ports = json.loads(line)
        if ports["event"] == "serving":
            break
    rest = asyncio.create_task(child.stderr.read())
    yield Running(api, child, ports)
    child.terminate()
    await child.wait()
    assert child.returncode == 0, (await rest).decode()
    await rest
    child._transport.close()
    await runner.cleanup()


async def test_it_is_ready_once_all_is_seen_and_not_before(running):
    answer = await running.ready()
    assert answer["problems"]["watch of namespaces"] == "the first list has not been read yet"
    running.api.namespaces_may_be_listed.set()
    assert await running.until_ready() == {"ready": True, "problems": {}}
    assert running.api.selectors["/api/v1/pods"] == "spec.schedulerName=tranche-scheduler"


async def test_the_extender_promises_nothing_from_a_ledger_not_yet_filled(running):
    async with aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{running.ports['extender_port']}/filter"
        async with client.post(url, json={"Pod": POD, "NodeNames": ["n1"]}) as answer:
            assert answer.status == 503


async def test_the_api_server_can_trust_what_it_is_shown(running):
    """With nothing but the caBundle that the process itself put into its configuration."""
    running.api.namespaces_may_be_listed.set()
    await running.until_ready()
    bundle = base64.b64decode(running.api.bundle).decode()
    trust = ssl.create_default_context(cadata=bundle)
    port = running.ports["admission_port"]
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=NAME)
    writer.close()
    await writer.wait_closed()
    assert running.api.secret["metadata"]["name"] == "tranche-webhook-tls"


async def test_a_pod_is_bound_by_one_write(running):
    running.api.namespaces_may_be_listed.set()
    await running.until_ready()
    _, fits = await running.extend("filter", {"Pod": POD, "NodeNames": ["n1"]})
    assert fits["NodeNames"] == ["n1"], fits
    assert (await running.bind())[1] == {"Error": ""}
    (binding,) = running.api.bindings
    assert binding["metadata"]["uid"] == "u1"
    assert "GPU-1" in binding["metadata"]["annotations"]["tranche.dev/assigned"]


async def test_a_binding_that_the_api_server_refuses_is_told_to_the_scheduler(running):
    running.api.namespaces_may_be_listed.set()
    running.api.binding_status = 409
    await running.until_ready()
    assert "already assigned to node n9" in (await running.bind())[1]["Error"]


async def test_a_bundle_of_others_is_not_thrown_away_at_once(running):
    """Another replica may be serving under it still."""
    running.api.namespaces_may_be_listed.set()
    await running.until_ready()
    bundle = base64.b64decode(running.api.bundle)
    assert running.api.other in bundle
    assert bundle.count(b"BEGIN CERTIFICATE") == 2
