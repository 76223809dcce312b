"""Other systems' words, each switched on by setting: read, and written for who places the pod."""

import pytest

GPU = "tranche.dev/gpu"


def pod(limits=None, *, annotations=None, labels=None, **spec):
    main = {"name": "main", **({"resources": {"limits": limits}} if limits else {})}
    metadata = {"annotations": annotations, "labels": labels}
    return {
        "metadata": {key: value for key, value in metadata.items() if value},
        "spec": {"containers": [main], **spec},
    }


def limits_of(pod):
    return pod["spec"]["containers"][0].get("resources", {}).get("limits", {})


ROWS = {
    "volcano: {gpuMemoryFactor: 1}": (
        pod(
            {"volcano.sh/vgpu-number": 2, "volcano.sh/vgpu-memory": 3000, "cpu": 1},
            annotations={"volcano.sh/vgpu-use-gpuuuid": "GPU-1,GPU-2"},
            schedulerName="volcano",
        ),
        '{"main":"2 x 3000Mi card GPU-1, GPU-2"}',
    ),
    "volcano-gpushare: true": (
        pod({"volcano.sh/gpu-memory": 1024}),
        '{"main":"1024Mi"}',
    ),
    "vgpu-manager: true": (
        pod({"nvidia.com/vgpu-number": 1, "nvidia.com/vgpu-memory": 2048}),
        '{"main":"2048Mi"}',
    ),
    "koordinator: true": (
        pod({"koordinator.sh/gpu-core": 50, "koordinator.sh/gpu-memory-ratio": 50}),
        '{"main":"50% and 50% cores"}',
    ),
    "kai: true": (
        pod(annotations={"gpu-fraction": "0.5"}, schedulerName="kai-scheduler"),
        '{"main":"50%"}',
    ),
    "tensor-fusion: true": (
        pod(
            annotations={
                "tensor-fusion.ai/vram-limit": "4Gi",
                "tensor-fusion.ai/inject-container": "main",
            },
            labels={"tensor-fusion.ai/enabled": "true"},
        ),
        '{"main":"4096Mi"}',
    ),
    "nvidia-plugin: true": (pod({"nvidia.com/gpu.shared": 1}), None),
    "gpustack: true": (pod({"nvidia.com/gpu.sliced.memory-mib": 2000}), None),
    "qgpu: true": (
        pod({"tke.cloud.tencent.com/qgpu-core": 30, "tke.cloud.tencent.com/qgpu-memory": 5}),
        None,
    ),
    "gpu-manager: true": (
        pod({"tencent.com/vcuda-core": 30, "tencent.com/vcuda-memory": 8}),
        '{"main":"2048Mi and 30% cores"}',
    ),
    "gpushare: {memoryUnit: GiB}": (pod({"aliyun.com/gpu-mem": 3}), '{"main":"3072Mi"}'),
    "ack: true": (pod({"aliyun.com/gpu-mem": 3}), '{"main":"3072Mi"}'),
    "kubeshare: true": (
        pod(labels={"sharedgpu/gpu_request": "0.5", "sharedgpu/gpu_limit": "0.5"}),
        None,
    ),
    "elastic-gpu: {gpuMemoryUnit: GiB}": (
        pod({"elasticgpu.io/gpu-core": 30, "elasticgpu.io/gpu-memory": 4}),
        '{"main":"4096Mi and 30% cores"}',
    ),
}


@pytest.mark.parametrize("dialect", ROWS)
def test_is_read_where_it_is_switched_on_and_left_alone_where_it_is_not(admission, dialect):
    asking, slices = ROWS[dialect]
    assert admission.admit(asking) == asking
    admission.rules(default="1Gi")
    admission.set(f"dialects: {{{dialect}}}")
    after = admission.admit(asking)
    understood = after["metadata"]["annotations"]["tranche.dev/slices"]
    assert slices is None or understood == slices
    assert after["spec"]["schedulerName"] == "tranche-scheduler"
    beside = limits_of(after).keys() - {"cpu"}
    assert {name.partition("/")[0] for name in beside} == {"nvidia.com"}
    assert limits_of(after)["nvidia.com/gpu"]


def test_what_was_read_in_resources_is_kept_in_a_sentence(admission):
    admission.set("dialects: {volcano: {gpuMemoryFactor: 1}}")
    after = admission.admit(ROWS["volcano: {gpuMemoryFactor: 1}"][0])
    assert limits_of(after) == {"cpu": 1, "nvidia.com/gpu": "2", "nvidia.com/gpumem": "3000"}
    assert after["metadata"]["annotations"][f"{GPU}.main"] == "2 x 3000Mi card GPU-1, GPU-2"
    assert "container main: limits volcano.sh/vgpu-memory is taken off, as it was read" in (
        admission.changes
    )


def test_a_container_s_name_may_be_too_long_for_its_sentence(admission):
    admission.set("dialects: {volcano: {gpuMemoryFactor: 1}}")
    asking = pod({"volcano.sh/vgpu-number": 1, "volcano.sh/vgpu-memory": 3000})
    asking["spec"]["containers"][0]["name"] = "x" * 60
    assert "a name of at most 59 characters" in admission.refusal(asking)


def test_what_a_dialect_loses_is_warned_of(admission):
    admission.set("dialects: {volcano: {gpuMemoryFactor: 1}}")
    asking = pod(
        {"volcano.sh/vgpu-number": 1, "volcano.sh/vgpu-memory": 3000},
        annotations={"volcano.sh/vgpu-podgroup-policy": "spread"},
    )
    admission.admit(asking)
    assert any("knows no groups of pods" in warning for warning in admission.warnings)


def test_words_of_two_systems_must_agree(admission):
    admission.set("dialects: {kai: true}")
    asking = pod(
        {"nvidia.com/gpu": 1, "nvidia.com/gpumem": 3000}, annotations={"gpu-fraction": "0.5"}
    )
    assert "memory is said twice" in admission.refusal(asking)


def test_a_word_of_two_owners_is_refused_until_the_setting_decides(admission):
    admission.set("dialects: {gpushare: {memoryUnit: GiB}, ack: true}")
    asking = pod({"aliyun.com/gpu-mem": 3})
    assert "have the cluster's setting dialects.owners say" in admission.refusal(asking)
    admission.set(
        "dialects: {gpushare: {memoryUnit: MiB}, ack: true, owners: {aliyun.com/gpu-mem: gpushare}}"
    )
    assert admission.slices(asking) == '{"main":"3Mi"}'


def test_hami_is_read_unless_it_is_switched_off(admission):
    asking = pod(
        {"nvidia.com/gpu": 1, "nvidia.com/gpumem": 3000},
        annotations={"nvidia.com/use-gputype": "A100"},
        schedulerName="hami-scheduler",
    )
    assert admission.slices(asking) == '{"main":"3000Mi on a100"}'
    admission.set("dialects: {hami: false}")
    assert "tranche-scheduler alone" in admission.refusal(asking)


SLICE = pod({"nvidia.com/gpu": 1, "nvidia.com/gpumem": 3000, "nvidia.com/gpucores": 30})
BACKENDS = {
    "hami": ("hami-scheduler", {"nvidia.com/gpu", "nvidia.com/gpumem", "nvidia.com/gpucores"}),
    "{volcano: {gpuMemoryFactor: 1}}": (
        "volcano",
        {"volcano.sh/vgpu-number", "volcano.sh/vgpu-memory", "volcano.sh/vgpu-cores"},
    ),
    "koordinator": (
        "koord-scheduler",
        {
            "koordinator.sh/gpu-core",
            "koordinator.sh/gpu-memory",
            "koordinator.sh/gpu.shared",
        },
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("asking", [SLICE, pod(annotations={GPU: "3000Mi and 30% cores"})])
def test_another_system_places_the_pod_and_is_told_in_its_own_words(admission, backend, asking):
    scheduler, names = BACKENDS[backend]
    admission.set(f"backend: {backend}")
    after = admission.admit(asking)
    assert after["spec"].get("schedulerName") == scheduler
    assert limits_of(after).keys() == names
    assert "env" not in after["spec"]["containers"][0]


def test_for_kai_the_slice_is_an_annotation(admission):
    admission.set("backend: kai")
    after = admission.admit(pod(annotations={GPU: "50%"}))
    assert after["metadata"]["annotations"]["gpu-fraction"] == "0.50"
    assert limits_of(after) == {}


def test_the_maker_s_own_plugin_takes_whole_cards_and_partitions_alone(admission):
    admission.set("backend: plugin")
    assert limits_of(admission.admit(pod(annotations={GPU: "2 x whole"}))) == {
        "nvidia.com/gpu": "2"
    }
    after = admission.admit(pod(annotations={GPU: "8Gi and 50% cores on MXC500"}))
    assert limits_of(after)["metax-tech.com/vmemory"] == "8192Mi"
    assert "schedulerName" not in after["spec"]
    assert limits_of(admission.admit(pod(annotations={GPU: "whole on 910B4"})))
    assert "they are HAMi's making" in admission.refusal(pod(annotations={GPU: "8Gi on 910B4"}))
    refused = admission.refusal(pod(annotations={GPU: "1Gi"}))
    assert refused.startswith(
        "written for the vendor's plugin: NVIDIA's plugin cuts no card to size"
    )


def test_hami_s_own_words_stay_as_the_person_wrote_them_where_hami_places(admission):
    admission.set("backend: hami")
    asking = pod(
        {"nvidia.com/gpu": 1, "nvidia.com/gpumem": 3000},
        annotations={"nvidia.com/use-gputype": "A100"},
        schedulerName="hami-scheduler",
    )
    after = admission.admit(asking)
    del after["metadata"]["annotations"]["tranche.dev/slices"]
    assert after == asking


def test_choices_are_written_for_the_system_that_places(admission):
    admission.set("backend: hami")
    after = admission.admit(pod(annotations={GPU: "3000Mi on A100 spread"}))
    annotations = after["metadata"]["annotations"]
    assert annotations["nvidia.com/use-gputype"] == "A100"
    assert annotations["hami.io/gpu-scheduler-policy"] == "spread"
