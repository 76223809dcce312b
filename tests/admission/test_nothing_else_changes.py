"""The patch names what Tranche understands; the rest stays, and a second pass is empty."""

import json
from typing import Any

import jsonpatch
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tranche.words.errors import Refusal
from webhook.admission import answer, mutate
from webhook.settings import Settings

ours = Settings(runtimeClassName="nvidia")
RESOURCES = {f"nvidia.com/{n}" for n in ("gpu", "gpumem", "gpumem-percentage", "gpucores")}

OURS = {"LD_PRELOAD", "NVIDIA_VISIBLE_DEVICES"}

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(max_size=12)
    | st.floats(allow_nan=False, allow_infinity=False)
)
unknown = st.dictionaries(
    st.text(max_size=8).map(lambda name: f"future{name}"),
    st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=6),
    max_size=3,
)
SENTENCES = """3000Mi on A100
50%
2 x 8Gi and 30% cores
whole
30% cores
on A100
1.5Gi
1Gi card GPU-1 not card GPU-2 spread
2 x 1Gi same-numa node-spread priority 1"""
sentences = st.sampled_from(SENTENCES.splitlines())
vendor_limits = st.fixed_dictionaries(
    {},
    optional={
        "nvidia.com/gpu": st.sampled_from(["1", 2, "0"]),
        "nvidia.com/gpumem": st.sampled_from(["3000", "3k", "4Gi", 512]),
        "nvidia.com/gpucores": st.sampled_from(["30", 100]),
        "cpu": st.sampled_from(["1000m", "2", 0.5]),
        "example.com/fpga": st.just("1"),
    },
)
env = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["A", "LD_PRELOAD", "PATH", "NVIDIA_VISIBLE_DEVICES"])},
        optional={"value": st.sampled_from(["", "/a.so", "/a.so /b.so", "é", "all", "void"])},
    ),
    max_size=3,
)


@st.composite
def containers(draw: st.DrawFn, name: str) -> dict[str, Any]:
    container = {"name": name, **draw(unknown)}
    limits = draw(st.none() | vendor_limits)
    if limits is not None:
        container["resources"] = draw(
            st.sampled_from([{"limits": limits}, {"requests": limits}])
            | st.just({"limits": limits, "requests": dict(limits)})
        )
    for field, values in (("env", env), ("terminationGracePeriodSeconds", leaves)):
        value = draw(st.none() | values)
        if value is not None:
            container[field] = value
    return container


@st.composite
def pods(draw: st.DrawFn) -> dict[str, Any]:
    names = ["main", "side", "proxy"][: draw(st.integers(1, 3))]
    keys = st.sampled_from(["tranche.dev/gpu", *(f"tranche.dev/gpu.{name}" for name in names)])
    metadata: dict[str, Any] = {"name": "p", **draw(unknown)}
    annotations = draw(st.none() | st.dictionaries(keys, sentences, max_size=3))
    if annotations is not None:
        metadata["annotations"] = {"note": "ü~/x", **annotations}
    spec = {"containers": [draw(containers(name)) for name in names], **draw(unknown)}
    if draw(st.booleans()):
        spec["initContainers"] = [draw(containers("fetch"))]
    if draw(st.booleans()):
        spec["schedulerName"] = "default-scheduler"
    return {**draw(unknown), "metadata": metadata, "spec": spec}


namespaces = st.fixed_dictionaries(
    {},
    optional={
        "tranche.dev/default": st.sampled_from(["2Gi", "2 x 1Gi and 10% cores on A100 spread"]),
        "tranche.dev/adopt": st.sampled_from(["true", "false"]),
        "tranche.dev/models": st.just("A100 or V100"),
        "tranche.dev/max": st.just("100% cores"),
        "tranche.dev/policy": st.just("spread same-numa"),
    },
)


def stripped(pod: dict[str, Any]) -> dict[str, Any]:
    """The pod without the fields that Tranche may set."""
    pod = json.loads(json.dumps(pod))
    annotations = pod["metadata"].get("annotations") or {}
    annotations.pop("tranche.dev/slices", None)
    if not annotations:
        pod["metadata"].pop("annotations", None)
    for field in ("schedulerName", "runtimeClassName"):
        pod["spec"].pop(field, None)
    for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
        container["env"] = [one for one in container.get("env", ()) if one["name"] not in OURS]
        resources = container.setdefault("resources", {})
        for group in ("limits", "requests"):
            left = resources.get(group, {})
            resources[group] = {name: left[name] for name in left if name not in RESOURCES}
    return pod


@settings(max_examples=300)
@given(pods(), namespaces)
def test_nothing_else_changes_and_the_second_pass_is_empty(pod, namespace):
    try:
        mutation = mutate(pod, annotations=namespace, settings=ours)
    except Refusal:
        reject()
    after = jsonpatch.apply_patch(pod, mutation.patch)
    assert stripped(after) == stripped(pod)
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
