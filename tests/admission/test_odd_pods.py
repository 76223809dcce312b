"""Pods of odd places, sizes and letters are read like any other, byte for byte."""

import base64
import json
import time
from typing import Any

import jsonpatch
import pytest

from webhook.admission import answer
from webhook.settings import Settings

GPU = "tranche.dev/gpu"
BEYOND_FLOATS = 2**53 + 1


def review(pod: dict[str, Any], namespace: str = "default") -> bytes:
    request = {
        "uid": "u",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE",
        "namespace": namespace,
        "object": pod,
    }
    kind = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return json.dumps({**kind, "request": request}).encode()


def admitted(pod: dict[str, Any], namespace: str = "default") -> dict[str, Any]:
    """The pod after the patch that is in the bytes of the answer."""
    body = review(pod, namespace)
    answered = answer(body, namespace_annotations=lambda _: {}, settings=Settings())
    response = json.loads(answered.body)["response"]
    assert response["allowed"] is True
    after = jsonpatch.apply_patch(pod, json.loads(base64.b64decode(response["patch"])))
    assert "tranche.dev/slices" in after["metadata"]["annotations"]
    return after


def asking(**metadata: Any) -> dict[str, Any]:
    annotations = {GPU: "1Gi", **metadata.pop("annotations", {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "annotations": annotations, **metadata},
        "spec": {"containers": [{"name": "main", "image": "i"}]},
    }


@pytest.mark.parametrize("namespace", ["kube-system", "tranche-system", "default"])
def test_a_pod_of_any_namespace_gets_what_it_asks(namespace):
    admitted(asking(namespace=namespace), namespace)


def test_a_pod_of_kube_system_that_asks_nothing_is_allowed_with_nothing_said_of_it():
    plain = {"metadata": {"name": "kube-proxy"}, "spec": {"containers": [{"name": "main"}]}}
    body = review(plain, "kube-system")
    answered = answer(body, namespace_annotations=lambda _: {}, settings=Settings())
    assert json.loads(answered.body)["response"] == {"uid": "u", "allowed": True}


def test_fields_of_later_kubernetes_stay_wherever_they_are():
    pod = asking(futureOwner={"deep": [1, None, {"x": "y"}]})
    pod["futureKind"] = "x"
    pod["spec"]["futureSpec"] = [[], {}]
    pod["spec"]["containers"][0] |= {
        "futureContainer": True,
        "securityContext": {"futureContext": 1},
        "volumeMounts": [{"name": "v", "mountPath": "/v", "futureMount": 1}],
        "env": [{"name": "A", "value": "1", "futureVariable": []}],
        "resources": {"futureResources": {}, "claims": [{"name": "c", "futureClaim": 1}]},
    }
    pod["spec"]["volumes"] = [{"name": "v", "futureVolume": {}, "hostPath": {"path": "/v"}}]
    after = admitted(pod)
    assert after["metadata"]["futureOwner"] == pod["metadata"]["futureOwner"]
    assert after["futureKind"] == "x"
    assert after["spec"]["futureSpec"] == [[], {}]
    assert after["spec"]["volumes"] == pod["spec"]["volumes"]
    (container,) = after["spec"]["containers"]
    limits = container["resources"].pop("limits")
    assert limits == {"nvidia.com/gpu": "1", "nvidia.com/gpumem": "1024"}
    assert container.pop("env")[0] == {"name": "A", "value": "1", "futureVariable": []}
    before = pod["spec"]["containers"][0]
    before.pop("env")
    assert container == before


def test_numbers_that_no_float_holds_stay_to_the_last_digit():
    pod = asking(generation=BEYOND_FLOATS)
    pod["spec"]["activeDeadlineSeconds"] = BEYOND_FLOATS
    pod["spec"]["containers"][0]["resources"] = {"limits": {"example.com/bits": BEYOND_FLOATS}}
    after = admitted(pod)
    assert after["metadata"]["generation"] == BEYOND_FLOATS
    assert after["spec"]["activeDeadlineSeconds"] == BEYOND_FLOATS
    limits = after["spec"]["containers"][0]["resources"]["limits"]
    assert limits["example.com/bits"] == BEYOND_FLOATS


def test_a_quantity_beyond_them_is_compared_to_the_last_digit(admission):
    pod = asking()
    both = {"nvidia.com/gpumem": str(BEYOND_FLOATS)}, {"nvidia.com/gpumem": str(BEYOND_FLOATS - 1)}
    pod["spec"]["containers"][0]["resources"] = dict(zip(("limits", "requests"), both, strict=True))
    assert "request and limit differ" in admission.refusal(pod)


LETTERS = 'ü ~ / ~1 \\ " 漢字 \u200f\u0000\u2028 🂡'


def test_letters_of_every_script_stay_and_point_nowhere_else():
    pod = asking(annotations={LETTERS: LETTERS}, labels={"note": LETTERS})
    pod["spec"]["containers"][0]["env"] = [{"name": LETTERS, "value": LETTERS}]
    after = admitted(pod)
    assert after["metadata"]["annotations"][LETTERS] == LETTERS
    assert after["metadata"]["labels"] == {"note": LETTERS}
    assert after["spec"]["containers"][0]["env"][0] == {"name": LETTERS, "value": LETTERS}


def test_letters_in_the_words_themselves_are_answered_in_kind(admission):
    assert "漢字" in admission.refusal(asking(annotations={GPU: "1Gi on 漢字 spraed"}))


def test_a_mebibyte_of_annotations_is_read_as_fast_as_it_comes():
    notes = {f"example.com/note-{n}": "ü" * 512 for n in range(1024)}
    pod = asking(annotations=notes)
    began = time.perf_counter()
    after = admitted(pod)
    assert time.perf_counter() - began < 2
    assert {key: after["metadata"]["annotations"][key] for key in notes} == notes
