"""Pods of all sorts for hypothesis, and what of them is nobody's but their author's.

They are valid for an API server but for what it would drop: fields that no Kubernetes knows yet.
"""

import copy
from typing import Any

from hypothesis import strategies as st

RESOURCES = {f"nvidia.com/{n}" for n in ("gpu", "gpumem", "gpumem-percentage", "gpucores")}
VARIABLES = {"LD_PRELOAD", "NVIDIA_VISIBLE_DEVICES"}
RUNTIME_CLASS = "mine"
MANY = 20

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
        "nvidia.com/gpu": st.sampled_from(["1", 2, "0", "1e0", "2000m"]),
        "nvidia.com/gpumem": st.sampled_from(["3000", "3k", "4Gi", 512, "3e3", "3000000m"]),
        "nvidia.com/gpucores": st.sampled_from(["30", 100, "3e1"]),
        "cpu": st.sampled_from(["1000m", "2", 0.5, "1500e-3"]),
        "memory": st.sampled_from(["1.5Gi", "1e9", "128974848000m"]),
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
notes = st.dictionaries(st.sampled_from(["a.b/c", "note"]), st.text(max_size=20))
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


@st.composite
def containers(draw: st.DrawFn, name: str) -> dict[str, Any]:
    container = {"name": name, "image": "none", **draw(unknown)}
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
        metadata["annotations"] = {"u": "ü~/x", **draw(notes), **annotations}
    spec = {"containers": [draw(containers(name)) for name in names], **draw(unknown)}
    if draw(st.booleans()):
        spec["initContainers"] = [draw(containers("fetch")), draw(containers("sidecar"))]
        spec["initContainers"][1]["restartPolicy"] = "Always"
    if draw(st.integers(0, 9)) == 0:
        spec["containers"] += [{"name": f"idle-{n}", "image": "none"} for n in range(MANY)]
    if draw(st.booleans()):
        spec["schedulerName"] = "default-scheduler"
    if draw(st.booleans()):
        spec["runtimeClassName"] = RUNTIME_CLASS
    return {**draw(unknown), "metadata": metadata, "spec": spec}


def stripped(pod: dict[str, Any]) -> dict[str, Any]:
    """The pod without the fields that Tranche may set; what is missing and empty made one."""
    pod = copy.deepcopy(pod)
    annotations = pod["metadata"].get("annotations") or {}
    annotations.pop("tranche.dev/slices", None)
    if not annotations:
        pod["metadata"].pop("annotations", None)
    for field in ("schedulerName", "runtimeClassName"):
        pod["spec"].pop(field, None)
    for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
        container["env"] = [one for one in container.get("env", ()) if one["name"] not in VARIABLES]
        resources = container.setdefault("resources", {})
        for group in ("limits", "requests"):
            left = resources.get(group, {})
            resources[group] = {name: left[name] for name in left if name not in RESOURCES}
    return pod
