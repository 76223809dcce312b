"""POST /admit: the asynchronous and bounded shell around the pure answer."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import msgspec
import structlog
from aiohttp import web

from webhook import metrics
from webhook.admission import Answer, answer
from webhook.health import Health
from webhook.namespaces import NONE, Namespaces
from webhook.settings import Settings

LONGEST: Final = 3 * 1024 * 1024
"""Bytes of a review. etcd takes objects of 1.5 MiB, and an update carries the old one too."""

BODY_TIMEOUT: Final = 5.0
"""Seconds for the body to arrive, half of the time that an API server waits for our answer."""

_log = structlog.get_logger(__name__)


class _Uid(msgspec.Struct):
    uid: str = ""


class _Review(msgspec.Struct):
    request: _Uid


class Reviews:
    """Answers reviews, one after the other; only a namespace not yet known makes one wait."""

    def __init__(self, namespaces: Namespaces, settings: Settings, health: Health) -> None:
        self._namespaces = namespaces
        self._settings = settings
        self._health = health

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """One request on the admission port."""
        started = time.perf_counter()
        if request.path != "/admit":
            return _plain(404, "reviews are answered at /admit")
        if request.method != "POST":
            return _plain(405, "a review is sent by POST", Allow="POST")
        body = await _body(request)
        if isinstance(body, web.Response):
            return body
        answered = await self.answer(body)
        seconds = time.perf_counter() - started
        metrics.REVIEW_SECONDS.observe(seconds)
        self._tell(answered, seconds)
        response = web.Response(
            body=answered.body, status=answered.status, content_type="application/json"
        )
        if self._health.draining:
            # The API server keeps connections: this sends its next review to another replica.
            response.force_close()
        return response

    async def answer(self, body: bytes) -> Answer:
        """The answer to a review's bytes."""
        missing: list[str] = []

        def known(name: str) -> Mapping[str, str]:
            found = self._namespaces.get(name)
            if found is None:
                missing.append(name)
                return NONE
            return found

        answered = self._answer(body, known)
        if not missing:
            return answered
        name = missing[0]
        asked = await self._namespaces.ask(name)
        if asked is not None:
            return self._answer(body, lambda _: asked)
        # What the namespace's owners say is unknown. A pod that is left alone, or refused, without
        # their word may be so; one that would get a slice must not slip past their limits. Advice
        # may be wrong, and helps nobody then.
        if answered.outcome == "patched":
            return _unknown_namespace(body, answered)
        return _silent(body, answered) if answered.outcome == "advised" else answered

    def _answer(self, body: bytes, annotations: Callable[[str], Mapping[str, str]]) -> Answer:
        return answer(body, namespace_annotations=annotations, settings=self._settings)

    def _tell(self, answered: Answer, seconds: float) -> None:
        outcome = answered.outcome
        metrics.REVIEWS.labels(outcome).inc()
        if outcome in {"untouched", "advised"}:
            tell = _log.debug
        elif outcome == "patched":
            tell = _log.info
        else:
            metrics.REFUSALS.labels(answered.reason).inc()
            tell = _log.info if outcome == "refused" else _log.warning
        tell(
            "review",
            outcome=outcome,
            namespace=answered.namespace,
            pod=answered.pod,
            reason=answered.reason,
            ms=round(seconds * 1000, 3),
        )


async def _body(request: web.BaseRequest) -> bytes | web.Response:
    if (request.content_length or 0) > LONGEST:
        return _closing(413, f"a review has at most {LONGEST} bytes")
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _closing(413, f"a review has at most {LONGEST} bytes")
    except TimeoutError:
        return _closing(408, f"the review did not arrive within {BODY_TIMEOUT:g} s")


def _closing(status: int, text: str) -> web.Response:
    response = _plain(status, text)
    # What is left of the body is not waited for.
    response.force_close()
    return response


def _plain(status: int, text: str, **headers: str) -> web.Response:
    metrics.REFUSALS.labels(f"http-{status}").inc()
    return web.Response(status=status, text=text + "\n", headers=headers)


def _unknown_namespace(body: bytes, answered: Answer) -> Answer:
    why = f"what the namespace {answered.namespace} says about slices could not be read from the"
    status = {"code": 503, "message": f"{why} API server; create the pod again"}
    body = _response(body, allowed=False, status=status)
    return replace(answered, body=body, outcome="refused", reason="namespace-unknown")


def _silent(body: bytes, answered: Answer) -> Answer:
    return replace(answered, body=_response(body, allowed=True), outcome="untouched")


def _response(review: bytes, **fields: object) -> bytes:
    uid = msgspec.json.decode(review, type=_Review).request.uid
    kind = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return msgspec.json.encode(kind | {"response": {"uid": uid, **fields}})
