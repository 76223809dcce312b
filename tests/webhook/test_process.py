"""The process as the kubelet sees it: started by its command, probed, told to stop."""

import asyncio
import json
import os
import signal
import ssl
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tranche.words.cards import CARDS_ANNOTATION, Card, dump_cards
from webhook.listeners import Listener
from webhook.options import parse_options
from webhook.process import serve
from webhook.settings import Settings

CARD = Card("GPU-1", "nvidia", "NVIDIA A100-SXM4-80GB", 81920, holds=("interposer",))
OBJECTS = {
    "nodes": [{"metadata": {"name": "n1", "annotations": {CARDS_ANNOTATION: dump_cards((CARD,))}}}],
    "namespaces": [{"metadata": {"name": "team"}}],
}


class Process:
    def __init__(self, child, folder):
        self.child = child
        self.folder = folder
        self.lines = []
        self.ports = {}

    async def until(self, event):
        """The log's next line of this event."""
        while line := await self.child.stderr.readline():
            self.lines.append(line.decode())
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if said.get("event") == event:
                return said
        raise AssertionError("ended:\n" + "".join(self.lines))

    async def get(self, path):
        async with self.client() as client, client.get(self.url("status", path)) as answer:
            return answer.status, await answer.text()

    async def post(self, path, body, *, server="extender"):
        url = self.url(server, path)
        async with self.client() as client, client.post(url, json=body) as answer:
            return await answer.json(content_type=None)

    def url(self, server, path):
        scheme = "https" if server == "admission" else "http"
        return f"{scheme}://localhost:{self.ports[server + '_port']}{path}"

    @asynccontextmanager
    async def client(self):
        trust = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        connector = aiohttp.TCPConnector(ssl=trust)
        async with aiohttp.ClientSession(connector=connector) as client:
            yield client


@pytest.fixture
async def process(tmp_path):
    (tmp_path / "objects.json").write_text(json.dumps(OBJECTS))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webhook.main", "--standalone", "--drain", "60"),
        *("--admission-port", "0", "--extender-port", "0", "--status-port", "0"),
        *("--objects", str(tmp_path / "objects.json"), "--ca-out", str(tmp_path / "ca.pem")),
        *("--bindings-out", str(tmp_path / "bindings.jsonl")),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    process = Process(child, tmp_path)
    try:
        process.ports = await process.until("serving")
        yield process
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
        child._transport.close()


async def test_it_is_alive_and_ready_and_counts(process):
    assert await process.get("/healthz") == (200, "ok\n")
    status, body = await process.get("/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "problems": {}})
    assert "tranche_certificate_days_left 8" in (await process.get("/metrics"))[1]


async def test_a_pod_goes_from_its_words_to_a_binding(process):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "p",
            "namespace": "team",
            "uid": "u1",
            "annotations": {"tranche.dev/gpu": "3000Mi on A100"},
        },
        "spec": {"containers": [{"name": "main", "image": "i"}]},
    }
    answer = await process.post(
        "/admit",
        {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "r1",
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "operation": "CREATE",
                "namespace": "team",
                "object": pod,
            },
        },
        server="admission",
    )
    assert answer["response"]["allowed"], answer
    pod["metadata"]["annotations"]["tranche.dev/slices"] = '{"main":"3000Mi on A100"}'
    fits = await process.post("/filter", {"Pod": pod, "Nodes": None, "NodeNames": ["n1"]})
    assert fits["NodeNames"] == ["n1"], fits
    bound = await process.post(
        "/bind", {"PodName": "p", "PodNamespace": "team", "PodUID": "u1", "Node": "n1"}
    )
    assert bound["Error"] == ""
    binding = json.loads((process.folder / "bindings.jsonl").read_text())
    assigned = json.loads(binding["metadata"]["annotations"]["tranche.dev/assigned"])
    assert assigned["containers"]["main"][0]["mib"] == 3000


async def test_told_to_stop_it_first_stops_being_ready_and_goes_on_serving(process):
    process.child.send_signal(signal.SIGTERM)
    await process.until("draining")
    status, body = await process.get("/readyz")
    assert status == 503
    assert json.loads(body)["problems"] == {"process": "is being stopped"}
    assert (await process.get("/healthz"))[0] == 200
    process.child.send_signal(signal.SIGTERM)
    assert await process.child.wait() == 0


async def test_the_port_that_tells_of_readiness_opens_when_all_others_are_open(monkeypatch):
    opened = asyncio.Queue()
    start = Listener.start

    async def recorded(listener, context=None):
        await start(listener, context)
        opened.put_nowait(listener)

    monkeypatch.setattr(Listener, "start", recorded)
    ports = ["--admission-port=0", "--extender-port=0", "--status-port=0"]
    options = parse_options(["--standalone", "--drain=0", *ports], {})
    serving = asyncio.create_task(serve(options, Settings()))
    *_, last = [await opened.get() for _ in ports]
    url = f"http://127.0.0.1:{last.port}/readyz"
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        assert answer.status in {200, 503}
    signal.raise_signal(signal.SIGTERM)
    await serving


async def test_what_cannot_be_started_is_told_in_one_line(tmp_path):
    (tmp_path / "objects.json").write_text('{"nodes": 7}')
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webhook.main", "--standalone"),
        *("--objects", str(tmp_path / "objects.json")),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await child.communicate()
    assert child.returncode == 1
    assert said.decode().startswith("tranche-webhook: --objects: Expected `array`")
    assert said.count(b"\n") == 1


def test_flags_win_over_the_environment():
    environment = {"TRANCHE_STATUS_PORT": "1", "TRANCHE_DRAIN": "2", "POD_NAMESPACE": "ours"}
    options = parse_options(["--status-port", "3"], environment)
    assert (options.status_port, options.drain, options.namespace) == (3, 2.0, "ours")


def test_the_configuration_may_be_named_shortly():
    assert parse_options(["--configuration=x"], {}).webhook_configuration == "x"


def test_a_demonstrations_flags_mean_nothing_in_a_cluster(capsys):
    with pytest.raises(SystemExit):
        parse_options(["--objects", "x"], {})
    assert "need --standalone" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--status-port", "70000"], ["--drain", "-1"]])
def test_values_out_of_range_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        parse_options(arguments, {})
    assert arguments[0] in capsys.readouterr().err
