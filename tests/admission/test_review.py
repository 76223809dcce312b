"""The envelope: bytes in, bytes out, whatever the bytes."""

import base64
import json
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.admission import Answer, answer
from webhook.settings import Settings

ASKING = {"tranche.dev/gpu": "3000Mi on A100"}


def review(pod: Any, **fields: Any) -> bytes:
    request = {
        "uid": "705ab4f5",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE",
        "namespace": "research",
        "object": pod,
        "userInfo": {"username": "anyone"},
        **fields,
    }
    kind = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return json.dumps({**kind, "request": request}).encode()


def pod(annotations: Any = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"generateName": "train-", "annotations": annotations},
        "spec": {"containers": [{"name": "main"}], **spec},
    }


def ask(body: bytes, **annotations: str) -> tuple[Answer, dict[str, Any]]:
    answered = answer(body, namespace_annotations=lambda _: annotations, settings=Settings())
    if answered.status != 200:
        return answered, {}
    reply = json.loads(answered.body)
    assert (reply["apiVersion"], reply["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    return answered, reply["response"]


def test_a_pod_that_asks_is_patched():
    answered, response = ask(review(pod(ASKING)))
    assert (answered.outcome, answered.namespace, answered.pod) == ("patched", "research", "train-")
    assert response["uid"] == "705ab4f5"
    assert response["allowed"] is True
    assert response["patchType"] == "JSONPatch"
    assert response["auditAnnotations"] == {"slices": '{"main":"3000Mi on a100"}'}
    patch = json.loads(base64.b64decode(response["patch"]))
    assert jsonpatch.apply_patch(pod(ASKING), patch)["spec"]["schedulerName"] == "tranche-scheduler"


def test_a_pod_that_asks_nothing_is_allowed_with_nothing_said_of_it():
    answered, response = ask(review(pod()))
    assert answered.outcome == "untouched"
    assert response == {"uid": "705ab4f5", "allowed": True}


def test_a_namespace_is_looked_up_only_for_pods_that_ask():
    def missing(name: str) -> dict[str, str]:
        raise LookupError(name)

    answer(review(pod()), namespace_annotations=missing, settings=Settings())
    with pytest.raises(LookupError):
        answer(review(pod(ASKING)), namespace_annotations=missing, settings=Settings())


def test_a_refusal_is_a_status_in_words():
    answered, response = ask(review(pod({"tranche.dev/gpu": "3GB"})))
    assert (answered.outcome, answered.reason, answered.status) == ("refused", "annotation", 200)
    assert response["allowed"] is False
    assert response["status"]["code"] == 403
    assert response["status"]["message"] == (
        'Tranche: annotation tranche.dev/gpu: "3GB": GB is no unit of memory here; write 3Gi'
    )


def test_warnings_go_with_the_answer():
    _, response = ask(review(pod({"tranche.dev/gpu": "2.7Gi"})))
    assert response["warnings"] == [
        "Tranche: annotation tranche.dev/gpu: 2.7Gi is 2764.80 MiB, rounded up to 2765Mi"
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"operation": "UPDATE"},
        {"operation": "DELETE", "object": None},
        {"subResource": "ephemeralcontainers"},
        {"kind": {"group": "apps", "version": "v1", "kind": "Deployment"}},
    ],
)
def test_anything_but_a_pod_s_creation_is_allowed_untouched(fields):
    answered, response = ask(review(pod({"tranche.dev/gpu": "3GB"}), **fields))
    assert answered.outcome == "untouched"
    assert response == {"uid": "705ab4f5", "allowed": True}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}',
        review(pod()).replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1"),
        b"[" * 200_000,
        b'{"request":' * 100_000,
        b" " * (8 * 1024 * 1024 + 1),
    ],
    ids=range(10),
)
def test_bytes_that_are_no_review_are_answered_400(body):
    answered, _ = ask(body)
    assert (answered.outcome, answered.status) == ("malformed", 400)


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        [],
        {"spec": None},
        {"spec": {"containers": "many"}},
        {"spec": {"containers": [{}]}},
        {"spec": {"containers": [{"name": "a", "resources": {"limits": {"nvidia.com/gpu": []}}}]}},
        {"metadata": {"annotations": {"tranche.dev/gpu": 3}}, "spec": {"containers": []}},
        {"spec": {"containers": [{"name": "a", "env": [{"value": "no name"}]}]}},
        {"spec": {"containers": []}, "metadata": {"labels": "none"}},
    ],
)
def test_a_pod_of_no_pod_s_form_is_refused_and_the_field_is_named(malformed):
    answered, response = ask(review(malformed))
    assert answered.outcome == "malformed"
    assert response["allowed"] is False
    assert response["status"]["code"] == 400
    assert "not a pod: " in response["status"]["message"]


def test_numbers_without_end_are_no_quantities():
    for number in ("9" * 5000, "1e999", "-0.0"):
        limits = {"containers": [{"name": "a", "resources": {"limits": {"nvidia.com/gpu": "N"}}}]}
        body = review({"spec": limits}).replace(b'"N"', number.encode())
        assert ask(body)[0].outcome in {"malformed", "refused", "untouched"}


def test_a_pod_nested_without_end_is_refused():
    deep = review("DEEP").replace(b'"DEEP"', b'{"spec":' + b'{"a":' * 90_000 + b"1" + b"}" * 90_001)
    assert ask(deep)[0].outcome == "malformed"


def test_a_pod_without_containers_is_refused_when_it_asks():
    empty = {"metadata": {"annotations": ASKING}, "spec": {"containers": []}}
    assert ask(review(empty))[0].outcome == "refused"


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(body: bytes):
    assert ask(body)[0].outcome == "malformed"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = [
    "metadata",
    "annotations",
    "labels",
    "spec",
    "containers",
    "initContainers",
    "name",
    "resources",
    "limits",
    "requests",
    "env",
    "securityContext",
    "privileged",
    "tranche.dev/gpu",
    "tranche.dev/gpu.main",
    "nvidia.com/gpu",
    "nvidia.com/gpumem",
]
shapes = st.recursive(
    json_values,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(shapes, shapes, shapes)
def test_any_shape_of_pod_is_answered(metadata, containers, rest):
    for shape in ({"metadata": metadata, "spec": {"containers": containers}}, rest):
        assert "allowed" in ask(review(shape))[1]
