"""AdmissionReview bytes in, AdmissionReview bytes out.

Wire: Kubernetes, "Dynamic Admission Control", admission.k8s.io/v1.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec

from tranche.words.errors import Malformed, Refusal, shorten
from tranche.words.slices import dump_slices
from webhook.admission.advice import WORKLOADS, advise
from webhook.admission.mutation import UNTOUCHED, Mutation, mutate_view
from webhook.admission.view import Pod, pod_of_bytes
from webhook.settings import Settings

LONGEST: Final = 8 * 1024 * 1024
"""Bytes; the API server takes objects of 3 MiB at most."""

API_VERSION: Final = "admission.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the webhook answers.

    Attributes:
        body: an AdmissionReview, or words for people where the bytes were none.
        outcome: untouched, patched, refused, malformed; of a workload, untouched or advised.
        reason: a short word for metrics; empty when all went well.
        namespace: of the pod.
        pod: its name, or the beginning of one.
        status: of HTTP: 200, or 400 for bytes that are no AdmissionReview.
    """

    body: bytes
    outcome: str
    reason: str = ""
    namespace: str = ""
    pod: str = ""
    status: int = 200


class _Kind(msgspec.Struct):
    group: str = ""
    version: str = ""
    kind: str = ""


class _Request(msgspec.Struct, rename="camel"):
    uid: str
    kind: _Kind
    operation: str
    namespace: str = ""
    sub_resource: str = ""
    object: msgspec.Raw = msgspec.Raw(b"null")


class _Review(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    request: _Request


_OPERATIONS: Final = {"Pod": ("CREATE",)} | dict.fromkeys(WORKLOADS, ("CREATE", "UPDATE"))
"""What is looked at, of each kind."""

_decoder = msgspec.json.Decoder(_Review)
_encoder = msgspec.json.Encoder()


def answer(
    body: bytes,
    *,
    namespace_annotations: Callable[[str], Mapping[str, str]],
    settings: Settings,
) -> Answer:
    """The answer to one review. Never raises, whatever the bytes.

    Args:
        body: an AdmissionReview as the API server posts it.
        namespace_annotations: those of a namespace, by its name.
        settings: of the cluster.
    """
    try:
        request = _request_of(body)
    except Malformed as error:
        text = f"Tranche: {shorten(str(error), 512)}\n"
        return Answer(text.encode(), "malformed", "review", status=400)
    annotations = partial(namespace_annotations, request.namespace)
    kind = request.kind.kind
    if request.sub_resource or request.operation not in _OPERATIONS.get(kind, ()):
        return Answer(_allowed(request.uid), "untouched", namespace=request.namespace)
    if kind != "Pod":
        warnings = advise(kind, request.object, annotations=annotations, settings=settings)
        outcome = "advised" if warnings else "untouched"
        body = _allowed(request.uid, Mutation(warnings=warnings))
        return Answer(body, outcome, namespace=request.namespace)
    named = ""
    try:
        pod = pod_of_bytes(request.object)
        named = pod.name
        return _answer_pod(request, pod, annotations, settings)
    except Refusal as refusal:
        body = _denied(request.uid, 403, "Forbidden", f"Tranche: {refusal}")
        return Answer(body, "refused", _reason(refusal), request.namespace, named)
    except Malformed as error:
        body = _denied(request.uid, 400, "BadRequest", f"Tranche: {shorten(str(error), 512)}")
        return Answer(body, "malformed", "pod", request.namespace, named)


def _answer_pod(
    request: _Request,
    pod: Pod,
    annotations: Callable[[], Mapping[str, str]],
    settings: Settings,
) -> Answer:
    mutation = mutate_view(pod, annotations=annotations, settings=settings)
    outcome = "patched" if mutation.patch else "untouched"
    return Answer(_allowed(request.uid, mutation), outcome, "", request.namespace, pod.name)


def _request_of(body: bytes) -> _Request:
    if len(body) > LONGEST:
        raise Malformed(f"a review of more than {LONGEST} bytes")
    try:
        review = _decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"not an AdmissionReview: {error}") from error
    if review.kind != "AdmissionReview" or review.api_version != API_VERSION:
        raise Malformed(f"not an AdmissionReview of {API_VERSION}")
    return review.request


def _allowed(uid: str, mutation: Mutation = UNTOUCHED) -> bytes:
    response: dict[str, Any] = {"uid": uid, "allowed": True}
    if mutation.patch:
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(_encoder.encode(mutation.patch)).decode()
    if mutation.warnings:
        response["warnings"] = mutation.warnings
    if mutation.requests:
        response["auditAnnotations"] = {"slices": dump_slices(mutation.requests)}
    return _review(response)


def _denied(uid: str, code: int, reason: str, message: str) -> bytes:
    status = {"status": "Failure", "code": code, "reason": reason, "message": message}
    audit = {"refused": message}
    return _review({"uid": uid, "allowed": False, "status": status, "auditAnnotations": audit})


def _review(response: dict[str, Any]) -> bytes:
    return _encoder.encode(
        {"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response}
    )


def _reason(refusal: Refusal) -> str:
    """Where the refused words stood, without what a pod's author can make up."""
    place = refusal.where
    if place.startswith(("namespace", "cluster")):
        return "namespace"
    return next((word for word in _PLACES if word in place), "words")


_PLACES: Final = ("annotation", "label", "resources", "securityContext", "env", "spec")
