"""Pods in anyone's words, before whoever places them: the patch applies, the second is empty."""

import re
from typing import Any

import jsonpatch
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.admission.test_nothing_else_changes import stripped
from tests.admission.test_vendors import MAKERS
from tests.vendors.test_refused import ROWS as REFUSED
from tests.vendors.test_written import ROWS
from tranche.words.errors import Refusal
from webhook.admission import mutate
from webhook.settings import load_settings

DIALECTS = (
    "dialects: {volcano: {gpuMemoryFactor: 1}, kai: true, koordinator: true, qgpu: true, "
    "gpu-manager: true, kubeshare: true, gpustack: true, nvidia-plugin: true, gke: true, "
    "tensor-fusion: true, gpushare: {memoryUnit: GiB}}"
)
BACKENDS = ("tranche", "hami", "{volcano: {gpuMemoryFactor: 1}}", "koordinator", "kai", "plugin")
CLUSTERS = [
    load_settings(f"{MAKERS}\n{dialects}\nbackend: {backend}")
    for dialects in ("", DIALECTS)
    for backend in BACKENDS
]
NUMBERS = st.sampled_from([1, "1", 2, "30", 50, "3000", "4Gi", 100, 0, "1k"])
ANNOTATION = re.compile(r"use-|policy|mode|type|uuid|numa|app-class|topology|weights")
"""What no resource is called by; whoever did would have it taken off as if it were read."""

RESOURCES = sorted(
    {name for one in CLUSTERS for name in one.systems.names}
    | {
        word.rstrip("*") + ("1g.10gb" if word.endswith("*") else "")
        for one in CLUSTERS
        for dialect in one.systems.dialects
        for word in dialect.claims
        if "/" in word and not ANNOTATION.search(word)
    }
)
KEYS = sorted({word for one in CLUSTERS for d in one.systems.dialects for word in d.claims})
SENTENCES = [
    *ROWS,
    *(one[0] for one in REFUSED),
    "50%",
    "1Gi and 20% cores",
    "2 x whole",
    "on A100",
]
VALUES = st.sampled_from(["0.5", "1", "3", "true", "GPU-1", "A100", "spread", "30", "main"])


def containers(name: str) -> st.SearchStrategy[dict[str, Any]]:
    limits = st.dictionaries(st.sampled_from([*RESOURCES, "cpu"]), NUMBERS, max_size=3)
    return st.fixed_dictionaries(
        {"name": st.just(name)},
        optional={"resources": st.fixed_dictionaries({}, optional={"limits": limits})},
    )


@st.composite
def pods(draw: st.DrawFn) -> dict[str, Any]:
    names = ["main", "side"][: draw(st.integers(1, 2))]
    said = st.dictionaries(
        st.sampled_from(["tranche.dev/gpu", *(f"tranche.dev/gpu.{name}" for name in names)]),
        st.sampled_from(SENTENCES),
        max_size=2,
    )
    others = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=2)
    metadata = {"name": "p", "annotations": {**draw(others), **draw(said)}, "labels": draw(others)}
    return {"metadata": metadata, "spec": {"containers": [draw(containers(n)) for n in names]}}


@settings(max_examples=600)
@given(pods(), st.sampled_from(CLUSTERS), st.sampled_from([{}, {"tranche.dev/default": "2Gi"}]))
def test_a_patched_pod_is_patched_no_further(pod, cluster, namespace):
    try:
        mutation = mutate(pod, annotations=namespace, settings=cluster)
    except Refusal:
        event("refused")
        return
    event("patched" if mutation.patch else "left")
    after = jsonpatch.apply_patch(pod, mutation.patch)
    again = mutate(after, annotations=namespace, settings=cluster)
    assert again.patch == []
    assert again.requests == mutation.requests
    if not mutation.patch:
        assert stripped(after) == stripped(pod)
