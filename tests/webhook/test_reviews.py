"""The admission port over real TLS: bounded, patient with nobody for long, honest when it stops."""

import asyncio
import json
import ssl

import pytest

from webhook import listeners, reviews
from webhook.certificates.due import Step, renew
from webhook.certificates.served import Served, utc_now
from webhook.cluster.errors import ApiError
from webhook.health import Health
from webhook.listeners import Listener
from webhook.namespaces import Namespaces
from webhook.reviews import Reviews
from webhook.settings import Settings

LIMIT = {"tranche.dev/max": "1Gi"}


def review(*, gpu="", namespace="team"):
    annotations = {"tranche.dev/gpu": gpu} if gpu else {}
    return json.dumps(
        {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "a-uid",
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "operation": "CREATE",
                "namespace": namespace,
                "object": {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": "p", "annotations": annotations},
                    "spec": {"containers": [{"name": "main", "image": "i"}]},
                },
            },
        }
    ).encode()


class Api:
    def __init__(self):
        self.namespaces = {}
        self.failure = None
        self.asked = 0

    async def __call__(self, name):
        self.asked += 1
        if self.failure:
            raise self.failure
        return self.namespaces.get(name)


class Front:
    """The listener, and a client for it."""

    def __init__(self):
        self.api = Api()
        self.namespaces = Namespaces(self.api, lambda *_: None, lambda _: None)
        self.namespaces.put({"metadata": {"name": "team"}})
        self.health = Health({})
        self.reviews = Reviews(self.namespaces, Settings(), self.health)
        material = renew(None, Step.ALL, ["localhost"], utc_now())
        self.served = Served()
        self.served.load(material.leaf.certificate_pem, material.leaf.key_pem)
        self.trust = ssl.create_default_context(cadata=material.authority.certificate_pem.decode())
        self.listener = Listener.bare(self.reviews.handle, "127.0.0.1", 0, reviews.LONGEST)

    async def connect(self):
        return await asyncio.open_connection(
            "127.0.0.1", self.listener.port, ssl=self.trust, server_hostname="localhost"
        )

    async def ask(self, body, *, path="/admit", method="POST", streams=None, length=None):
        """Status, headers (lower case) and body of one request."""
        reader, writer = streams or await self.connect()
        size = len(body) if length is None else length
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
        writer.write(head.encode() + body)
        status, _, lines = (await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines.strip().splitlines())
        answer = await reader.readexactly(int(headers["content-length"]))
        if streams is None:
            writer.close()
            await writer.wait_closed()
        return int(status.split()[1]), headers, answer


@pytest.fixture
async def front():
    front = Front()
    await front.listener.start(front.served.context)
    yield front
    await front.listener.stop()


async def test_a_review_is_answered_with_its_uid(front):
    status, headers, body = await front.ask(review())
    assert (status, headers["content-type"]) == (200, "application/json")
    response = json.loads(body)["response"]
    assert (response["uid"], response["allowed"]) == ("a-uid", True)


async def test_one_connection_carries_many_reviews(front):
    streams = await front.connect()
    for _ in range(3):
        assert (await front.ask(review(), streams=streams))[0] == 200
    streams[1].close()
    await streams[1].wait_closed()


async def test_what_is_no_review_gets_400(front):
    for body in (b"", b"{", b"\xff\xfe", b"[]", b'{"request": 7}'):
        assert (await front.ask(body))[0] == 400


async def test_other_paths_and_methods_are_refused(front):
    assert (await front.ask(b"", path="/"))[0] == 404
    status, headers, _ = await front.ask(b"", method="GET")
    assert (status, headers["allow"]) == (405, "post")


async def test_a_body_beyond_the_bound_is_refused_before_it_is_sent(front):
    status, headers, _ = await front.ask(b"", length=reviews.LONGEST + 1)
    assert (status, headers["connection"]) == (413, "close")


async def test_a_body_of_unknown_length_is_bounded_too(front):
    reader, writer = await front.connect()
    writer.write(b"POST /admit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    for _ in range(4):
        writer.write(chunk)
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.transport.abort()


async def test_a_body_that_does_not_arrive_is_given_up(front, monkeypatch):
    monkeypatch.setattr(reviews, "BODY_TIMEOUT", 0.05)
    status, headers, _ = await front.ask(b"{", length=100)
    assert (status, headers["connection"]) == (408, "close")


async def test_a_client_that_says_nothing_is_cut_off(front, monkeypatch):
    monkeypatch.setattr(listeners, "FIRST_REQUEST", 0.05)
    reader, writer = await front.connect()
    writer.write(b"POST /admit HTTP/1.1\r\nHost")
    assert await reader.read() == b""
    writer.close()


async def test_a_client_that_spoke_in_time_is_kept(front, monkeypatch):
    monkeypatch.setattr(listeners, "FIRST_REQUEST", 0.1)
    streams = await front.connect()
    await front.ask(review(), streams=streams)
    await asyncio.sleep(0.2)
    assert (await front.ask(review(), streams=streams))[0] == 200
    streams[1].close()


async def test_a_handshake_that_is_never_finished_is_cut_off(monkeypatch):
    monkeypatch.setattr(listeners, "HANDSHAKE", 0.05)
    front = Front()
    await front.listener.start(front.served.context)
    reader, writer = await asyncio.open_connection("127.0.0.1", front.listener.port)
    writer.write(b"\x16\x03\x01")
    assert await reader.read() == b""
    writer.close()
    await front.listener.stop()


async def test_a_compressed_body_is_not_unpacked(front):
    reader, writer = await front.connect()
    writer.write(
        b"POST /admit HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n"
        b"\x1f\x8b\x08"
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.transport.abort()


async def test_while_draining_it_answers_and_asks_the_client_to_go_elsewhere(front):
    front.health.draining = True
    status, headers, _ = await front.ask(review())
    assert (status, headers["connection"]) == (200, "close")
    assert front.health.problems() == {"process": "is being stopped"}


async def test_a_namespace_just_created_is_asked_for_and_its_limits_hold(front):
    front.api.namespaces["new"] = {"metadata": {"name": "new", "annotations": LIMIT}}
    answered = await front.reviews.answer(review(gpu="2Gi", namespace="new"))
    assert answered.outcome == "refused"
    assert b"1024Mi" in answered.body


async def test_a_namespace_known_from_the_watch_costs_no_request(front):
    answered = await front.reviews.answer(review(gpu="2Gi"))
    assert answered.outcome == "patched"
    assert front.api.asked == 0


async def test_nothing_is_granted_on_the_word_of_a_namespace_that_cannot_be_read(front):
    front.api.failure = ApiError(0, "connection refused")
    answered = await front.reviews.answer(review(gpu="2Gi", namespace="new"))
    response = json.loads(answered.body)["response"]
    assert (answered.status, answered.outcome) == (200, "refused")
    assert (response["uid"], response["allowed"]) == ("a-uid", False)
    assert "create the pod again" in response["status"]["message"]


async def test_a_pod_that_asks_nothing_passes_though_its_namespace_cannot_be_read(front):
    front.api.failure = ApiError(0, "connection refused")
    answered = await front.reviews.answer(review(namespace="new"))
    assert answered.outcome == "untouched"
