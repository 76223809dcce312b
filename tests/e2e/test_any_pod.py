"""Pods that hypothesis makes, created on trial at a real API server.

The same code run by hand, and the patch applied by a library, say what must come of each.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonpatch
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.admission.any_pod import RUNTIME_CLASS, pods, stripped
from tests.e2e.stack import NAMESPACE, Stack
from tests.e2e.trial import Answer, Trial
from tranche.words.errors import Refusal
from webhook.admission import mutate
from webhook.settings import load_settings

RULES = {
    "any-plain": {},
    "any-students": {"default": "2 x 1Gi and 10% cores on A100 spread", "adopt": "true"},
    "any-research": {"models": "A100 or V100", "policy": "spread same-numa", "max": "100% cores"},
}
OF_THE_SERVER = ("uid", "creationTimestamp", "managedFields", "namespace")


@pytest.fixture(scope="module")
def trial(installed: Stack) -> Iterator[Trial]:
    """The namespaces and the runtime class that these pods name, and a way to the server."""
    cluster = installed.cluster
    for name in RULES:
        installed.namespace(name, annotations(name))
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "runc"}
    cluster.apply(json.dumps(runtime | {"metadata": {"name": RUNTIME_CLASS}}))
    with Trial.of(cluster) as trial:
        yield trial
    cluster.kubectl("delete", "runtimeclass", RUNTIME_CLASS)
    cluster.kubectl("delete", "namespace", *RULES)


def annotations(namespace: str) -> dict[str, str]:
    return {f"tranche.dev/{key}": value for key, value in RULES[namespace].items()}


def valid(pod: dict[str, Any]) -> dict[str, Any]:
    """With what an API server wants to see, and no volume of a name made up anew each time."""
    pod = copy.deepcopy(pod) | {"apiVersion": "v1", "kind": "Pod"}
    pod["spec"]["automountServiceAccountToken"] = False
    return pod


def kept(answer: Answer) -> dict[str, Any]:
    """The pod without what the server makes up."""
    pod = copy.deepcopy(answer.body)
    for field in OF_THE_SERVER:
        pod["metadata"].pop(field, None)
    return pod


def wordless(pod: dict[str, Any]) -> dict[str, Any]:
    """A pod that differs only in saying nothing of accelerators, so that no webhook is asked."""
    pod = stripped(pod)
    said = pod["metadata"].get("annotations") or {}
    pod["metadata"]["annotations"] = {
        key: value for key, value in said.items() if not key.startswith("tranche.dev/")
    }
    return pod


@pytest.fixture(scope="module")
def ours(installed: Stack):
    """The settings that the webhook itself has."""
    found = ("get", "configmap/tranche", "-n", NAMESPACE, "-o", "jsonpath={.data.settings\\.yaml}")
    return load_settings(installed.cluster.kubectl(*found))


def test_the_server_makes_of_a_pod_what_the_patch_says_and_nothing_else(trial: Trial, ours):
    became: Counter[str] = Counter()

    @settings(
        max_examples=300,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(pods().map(valid), st.sampled_from(sorted(RULES)))
    def of(pod: dict[str, Any], namespace: str) -> None:
        made = trial.create(pod, namespace)
        try:
            mutation = mutate(pod, annotations=annotations(namespace), settings=ours)
        except Refusal as error:
            refusal = str(error)
        else:
            refusal = ""
        if refusal:
            assert made.status == 403, made
            assert refusal in made.message
            became["refused"] += 1
            return
        by_hand = jsonpatch.apply_patch(pod, mutation.patch)
        expected = trial.create(by_hand, namespace)
        assert made.status == expected.status, (made, expected)
        if made.status != 201:
            became["not valid"] += 1
            return
        became["patched" if mutation.patch else "untouched"] += 1
        assert kept(made) == kept(expected)
        again = trial.create(made.body, namespace)
        assert kept(again) == kept(made)
        plain = trial.create(wordless(pod), namespace)
        assert plain.status == 201, plain
        assert wordless(kept(made)) == wordless(kept(plain))

    of()
    print(f"\nany pod: {dict(became)}")
    assert min(became["patched"], became["untouched"], became["refused"]) > 10
