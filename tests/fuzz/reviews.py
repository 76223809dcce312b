"""Fuzzes the answer to a review, by coverage, for as long as it is told.

    python -m tests.fuzz.reviews -max_total_time=300 FOLDER

FOLDER keeps the inputs that found something new; the options are libFuzzer's.

Whatever the bytes, the answer is a well-formed AdmissionReview or a 400, and never an exception.
"""

import sys

import atheris

with atheris.instrument_imports(include=["tranche", "webhook"]):
    from tranche.dialects import known as dialects
    from tranche.vendors import known as vendors
    from webhook.admission import answer
    from webhook.settings import Settings

import msgspec

OWNED = {"volcano.sh/vgpu-number": "volcano", "nvidia.com/gpu.shared": "gpustack"}
CLUSTERS = [
    Settings(runtimeClassName="nvidia"),
    *(
        Settings(
            dialects=dict.fromkeys(dialects, True) | {"owners": OWNED},
            vendors={key: {} for key in vendors},
            backend=backend,
        )
        for backend in ("tranche", "hami", "koordinator", "plugin")
    ),
]
SPOKEN = sorted({word for one in CLUSTERS for d in one.systems.dialects for word in d.claims})
KEYS = (
    "tranche.dev/gpu",
    "tranche.dev/gpu.main",
    "tranche.dev/memory",
    "tranche.dev/slices",
    "nvidia.com/use-gputype",
    "hami.io/node-scheduler-policy",
    *SPOKEN,
)
RESOURCES = (
    *("nvidia.com/gpu", "nvidia.com/gpumem", "nvidia.com/gpucores", "nvidia.com/priority"),
    *sorted(CLUSTERS[-1].systems.names),
    *(word for word in SPOKEN if "/" in word),
)
RULES = ("default", "adopt", "max", "models", "policy", "quota")
KINDS = ("Pod", "Deployment", "CronJob", "ConfigMap")


def review(data: atheris.FuzzedDataProvider) -> bytes:
    """An AdmissionReview whose words are made up, and whose form is mostly right."""

    def word() -> str:
        return data.ConsumeUnicodeNoSurrogates(data.ConsumeIntInRange(0, 40))

    metadata = {"annotations": {data.PickValueInList(list(KEYS)): word() for _ in range(2)}}
    limits = {data.PickValueInList(list(RESOURCES)): word() for _ in range(2)}
    container = {"name": "main", "resources": {"limits": limits}, "env": [{"name": word()}]}
    pod = {"metadata": metadata, "spec": {"containers": [container]}}
    kind = data.PickValueInList(list(KINDS))
    request = {
        "uid": word(),
        "kind": {"kind": kind},
        "operation": "CREATE",
        "namespace": word(),
        "object": pod if kind == "Pod" else {"spec": {"template": pod}},
    }
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return msgspec.json.encode(body)


def one(raw: bytes) -> None:
    """One input."""
    data = atheris.FuzzedDataProvider(raw)
    body = data.ConsumeBytes(len(raw)) if data.ConsumeBool() else review(data)
    rules = {
        f"tranche.dev/{data.PickValueInList(list(RULES))}": data.ConsumeUnicodeNoSurrogates(30)
    }
    cluster = data.PickValueInList(CLUSTERS)
    answered = answer(body, namespace_annotations=lambda _: rules, settings=cluster)
    if answered.status == 200:
        response = msgspec.json.decode(answered.body)["response"]
        if (
            set(response)
            - {"uid", "allowed", "patchType", "patch", "status", "warnings"}
            - {"auditAnnotations"}
        ):
            raise AssertionError(response)
    elif answered.status != 400:
        raise AssertionError(answered.status)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
