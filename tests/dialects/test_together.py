"""Several dialects on one cluster: who owns a word, and what is left to the vendors."""

import pytest

from tests.dialects.reading import pod, sentence
from tranche.dialects import (
    collisions,
    known,
    make_dialect,
    make_writer,
    mentions,
    read_pod,
    writers,
)
from tranche.dialects.base import Dialect
from tranche.words.errors import Malformed, Refusal

GPUSHARE = make_dialect("gpushare", {"memoryUnit": "MiB"})
ACK = make_dialect("ack", {})
HAMI, VOLCANO = make_dialect("hami", {}), make_dialect("volcano", {"gpuMemoryFactor": 1})
GKE, CCE = make_dialect("gke", {}), make_dialect("cce", {})
NVIDIA, GPUSTACK = make_dialect("nvidia-plugin", {}), make_dialect("gpustack", {})

MEMORY = {"aliyun.com/gpu-mem": 3}


@pytest.mark.parametrize(
    ("dialects", "words"),
    [
        ((GPUSHARE, ACK), ["aliyun.com/gpu-count", "aliyun.com/gpu-mem"]),
        ((GKE, CCE), ["nvidia.com/gpu"]),
        ((NVIDIA, GPUSTACK), ["nvidia.com/gpu.shared"]),
        ((HAMI, VOLCANO), []),
        ((HAMI,), []),
        ((), []),
    ],
)
def test_collisions(dialects: tuple[Dialect, ...], words: list[str]):
    found = collisions(dialects)
    assert list(found) == words
    assert all(owners == dialects for owners in found.values())


def test_there_are_no_other_collisions_than_these():
    everyone = tuple(make_dialect(key, {}) for key in known)
    assert sorted(collisions(everyone)) == [
        "aliyun.com/gpu-count",
        "aliyun.com/gpu-mem",
        "nvidia.com/gpu",
        "nvidia.com/gpu.shared",
    ]


def test_hami_beside_volcano_is_no_collision_as_both_mean_the_same():
    words = pod({"volcano.sh/vgpu-memory": 1024}, annotations={"nvidia.com/use-gputype": "A100"})
    heard = read_pod((HAMI, VOLCANO), words)
    assert sentence(heard.readings["main"]) == "1024Mi on a100"


def test_a_word_of_two_owners_is_refused_with_both_names_and_the_setting():
    with pytest.raises(Refusal) as refused:
        read_pod((GPUSHARE, ACK), pod(MEMORY))
    assert str(refused.value) == (
        "container main: aliyun.com/gpu-mem: both Aliyun gpushare and Aliyun ACK cGPU claim this "
        "word, and mean different things by it; have the cluster's setting dialects.owners say "
        '"aliyun.com/gpu-mem: gpushare" or "aliyun.com/gpu-mem: ack", or one switched off'
    )
    assert not read_pod((GPUSHARE, ACK), pod({"cpu": 1})).readings


@pytest.mark.parametrize(("owner", "says"), [("gpushare", "3Mi"), ("ack", "3072Mi")])
def test_the_setting_decides(owner: str, says: str):
    owners = {"aliyun.com/gpu-mem": owner, "aliyun.com/gpu-count": owner}
    for dialects in ((GPUSHARE, ACK), (ACK, GPUSHARE)):
        heard = read_pod(dialects, pod(MEMORY), owners)
        assert sentence(heard.readings["main"]) == says
        assert heard.rest["main"] == {}


def test_a_setting_that_names_neither_decides_nothing():
    with pytest.raises(Refusal, match="both Aliyun"):
        read_pod((GPUSHARE, ACK), pod(MEMORY), {"aliyun.com/gpu-mem": "hami"})


def test_what_no_dialect_read_is_left_to_the_vendors():
    containers = {
        "a": {"nvidia.com/gpu": 0.5, "cpu": 1},
        "b": {"nvidia.com/gpu": 2, "nvidia.com/gpumem": 3000},
    }
    heard = read_pod((HAMI, CCE), pod(containers=containers))
    assert heard.rest == {"a": {"cpu": 1}, "b": containers["b"]}
    assert heard.places == {"a": "Huawei CCE xGPU's words"}


def test_a_word_that_another_owns_is_not_taken_from_it():
    asked = {"nvidia.com/gpu": 1, "volcano.sh/gpu-mem.128Mi": 8}
    heard = read_pod((CCE, GKE), pod(asked), {"nvidia.com/gpu": "gke"})
    assert heard.rest["main"] == {"nvidia.com/gpu": 1}


def test_two_dialects_must_agree():
    words = pod({"volcano.sh/vgpu-memory": 1024}, annotations={"gpu-memory": "2048"})
    with pytest.raises(Refusal, match="memory is said twice: 1024Mi by Volcano vGPU's words"):
        read_pod((VOLCANO, make_dialect("kai", {})), words)
    same = pod({"volcano.sh/vgpu-memory": 1024}, annotations={"gpu-memory": "1024"})
    heard = read_pod((VOLCANO, make_dialect("kai", {})), same)
    assert sentence(heard.readings["main"]) == "1024Mi"


def test_the_schedulers_of_others_are_known():
    named = {key: make_dialect(key, {}).schedulers for key in known}
    assert named["hami"] == {"hami-scheduler"}
    assert named["kai"] == {"kai-scheduler", "runai-scheduler"}
    assert named["gke"] == frozenset()
    assert not any("default-scheduler" in names for names in named.values())


def test_a_bare_card_belongs_to_no_dialect():
    everyone = tuple(make_dialect(key, {}) for key in known)
    words = pod({"nvidia.com/gpu": 2, "amd.com/gpu": 1, "google.com/tpu": 4})
    for dialect in everyone:
        assert not dialect.read(words)


def test_most_pods_mention_nothing():
    dialects = (HAMI, NVIDIA)
    assert not mentions(dialects, pod({"cpu": 1}, annotations={"a": "b"}, labels={"c": "d"}))
    assert mentions(dialects, pod({"nvidia.com/mig-1g.10gb": 1}))
    assert mentions(dialects, pod({"nvidia.com/gpu.shared": 1}))
    assert mentions(dialects, pod(annotations={"nvidia.com/use-gputype": ""}))
    assert mentions(dialects, pod(selector={"nvidia.com/gpu.product": "x"}))
    assert not mentions((), pod({"nvidia.com/gpu.shared": 1}))


@pytest.mark.parametrize("make", [make_dialect, make_writer])
def test_wrong_settings_are_malformed(make):
    with pytest.raises(Malformed, match="there is no nobody"):
        make("nobody", {})
    with pytest.raises(Malformed, match="gpuMemoryFactor"):
        make("volcano", {"gpuMemoryFactor": 0})
    with pytest.raises(Malformed, match="factor"):
        make("volcano", {"factor": 1})


def test_every_dialect_is_known_by_its_own_key():
    assert all(kind.key == key for kinds in (known, writers) for key, kind in kinds.items())
    for key in known:
        dialect = make_dialect(key, {})
        assert dialect.shared <= dialect.claims
        assert not dialect.read(pod({"cpu": 1, "memory": "1Gi"}))
