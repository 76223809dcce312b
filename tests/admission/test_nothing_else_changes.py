"""The patch names what Tranche understands; the rest stays, and a second pass is empty."""

import json

import jsonpatch
from hypothesis import given, reject, settings

from tests.admission.any_pod import namespaces, pods, stripped
from tranche.words.errors import Refusal
from webhook.admission import answer, mutate
from webhook.settings import Settings

ours = Settings(runtimeClassName="nvidia")


@settings(max_examples=300)
@given(pods(), namespaces)
def test_nothing_else_changes_and_the_second_pass_is_empty(pod, namespace):
    try:
        mutation = mutate(pod, annotations=namespace, settings=ours)
    except Refusal:
        reject()
    after = jsonpatch.apply_patch(pod, mutation.patch)
    assert stripped(after) == stripped(pod)
    if "runtimeClassName" in pod["spec"]:
        assert after["spec"]["runtimeClassName"] == pod["spec"]["runtimeClassName"]
    assert list(after["spec"])[: len(pod["spec"])] == list(pod["spec"])
    again = mutate(after, annotations=namespace, settings=ours)
    assert again.patch == []
    assert again.requests == mutation.requests


@given(pods())
def test_the_bytes_of_a_review_and_the_object_itself_are_answered_alike(pod):
    request = {"uid": "u", "kind": {"kind": "Pod"}, "operation": "CREATE", "object": pod}
    kind = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    body = json.dumps({**kind, "request": request}).encode()
    answered = answer(body, namespace_annotations=lambda _: {}, settings=ours)
    try:
        expected = "patched" if mutate(pod, annotations={}, settings=ours).patch else "untouched"
    except Refusal:
        expected = "refused"
    assert answered.outcome == expected
