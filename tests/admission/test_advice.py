"""A workload is told at once what its pods will be told, and is neither changed nor refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.admission import Answer, answer
from webhook.settings import Settings

BAD = {"tranche.dev/gpu": "3GB"}
ODD = {"tranche.dev/gpu": "3000M"}
KINDS = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"]


def workload(kind: str, annotations: dict[str, str], **spec: Any) -> dict[str, Any]:
    template = {
        "metadata": {"annotations": annotations},
        "spec": {"containers": [{"name": "main"}], **spec},
    }
    inner: dict[str, Any] = {"template": template}
    return {"spec": {"jobTemplate": {"spec": inner}} if kind == "CronJob" else inner}


def ask(
    kind: str, what: Any, operation: str = "CREATE", **namespace: str
) -> tuple[Answer, dict[str, Any]]:
    request = {
        "uid": "u",
        "kind": {"group": "apps", "version": "v1", "kind": kind},
        "operation": operation,
        "namespace": "research",
        "object": what,
    }
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    annotations = {f"tranche.dev/{key}": value for key, value in namespace.items()}
    answered = answer(
        json.dumps(review).encode(),
        namespace_annotations=lambda _: annotations,
        settings=Settings(),
    )
    return answered, json.loads(answered.body)["response"]


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
@pytest.mark.parametrize("kind", KINDS)
def test_whoever_applies_what_can_never_be_admitted_is_warned(kind: str, operation: str):
    answered, response = ask(kind, workload(kind, BAD), operation)
    assert answered.outcome == "advised"
    assert response.keys() == {"uid", "allowed", "warnings"}
    assert response["allowed"] is True
    (warning,) = response["warnings"]
    assert warning == (
        f"Tranche: no pod of this {kind} can be admitted as it is: "
        'annotation tranche.dev/gpu: "3GB": GB is no unit of memory here; write 3Gi'
    )


def test_what_its_pods_would_be_warned_of_it_is_warned_of():
    _, response = ask("Deployment", workload("Deployment", ODD))
    assert response["allowed"] is True
    assert "patch" not in response
    assert "2862" in response["warnings"][0]


def test_the_namespaces_word_counts():
    _, response = ask("Job", workload("Job", {"tranche.dev/gpu": "8Gi"}), max="4Gi")
    assert "allows 4096" in response["warnings"][0]


@pytest.mark.parametrize("annotations", [{}, {"tranche.dev/gpu": "3000Mi"}])
def test_one_whose_pods_will_do_is_told_nothing(annotations: dict[str, str]):
    answered, response = ask("Deployment", workload("Deployment", annotations))
    assert answered.outcome == "untouched"
    assert response == {"uid": "u", "allowed": True}


def test_what_is_deleted_or_of_another_kind_is_not_looked_at():
    for kind, operation in (("Deployment", "DELETE"), ("ConfigMap", "CREATE")):
        assert ask(kind, workload("Deployment", BAD), operation)[0].outcome == "untouched"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


@given(json_values, st.sampled_from(KINDS))
def test_whatever_comes_is_allowed(what: Any, kind: str):
    for object_ in (what, {"spec": what}, {"spec": {"template": what}}):
        assert ask(kind, object_)[1]["allowed"] is True
