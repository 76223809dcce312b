"""What about a pod forbids a slice, whatever it asks."""

import json

import pytest

GPU = "tranche.dev/gpu"
LIBRARY = "/usr/local/lib/tranche/libtranche.so"


def pod(ask: str = "1Gi", container: dict | None = None, **spec):
    main = {"name": "main", **(container or {})}
    return {"metadata": {"annotations": {GPU: ask}}, "spec": {"containers": [main], **spec}}


def with_preload(*values: str):
    env = [{"name": "A", "value": "1"}, *({"name": "LD_PRELOAD", "value": v} for v in values)]
    return pod(container={"env": env})


def test_a_node_named_by_hand_is_refused_for_slices_and_whole_cards(admission):
    for ask in ("1Gi", "whole"):
        assert admission.refusal(pod(ask, nodeName="n1")).startswith('spec.nodeName: "n1": ')


def test_a_static_pod_is_refused_for_what_it_is(admission):
    mirror = pod(nodeName="n1")
    mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "x"
    assert "a static pod is started by its node" in admission.refusal(mirror)


def test_what_env_from_may_preload_gives_way_and_is_told(admission):
    env = {"envFrom": [{"configMapRef": {"name": "c"}}]}
    (container,) = admission.admit(pod(container=env))["spec"]["containers"]
    assert container["env"] == [{"name": "LD_PRELOAD", "value": LIBRARY}]
    assert any("envFrom" in words for words in admission.changes)


@pytest.mark.parametrize("name", [None, "", "default-scheduler", "hami-scheduler"])
def test_schedulers_that_know_no_slices_give_way(admission, name):
    after = admission.admit(pod(schedulerName=name))
    assert after["spec"]["schedulerName"] == "tranche-scheduler"


def test_any_other_scheduler_is_refused_by_name(admission):
    assert '"volcano"' in admission.refusal(pod(schedulerName="volcano"))


def test_the_runtime_class_of_the_settings_is_for_sliced_pods_that_name_none(admission):
    admission.set("runtimeClassName: nvidia")
    assert admission.admit(pod())["spec"]["runtimeClassName"] == "nvidia"
    assert admission.admit(pod(runtimeClassName="mine"))["spec"]["runtimeClassName"] == "mine"


def test_a_privileged_container_gets_no_slice_but_may_have_whole_cards(admission):
    privileged = {"securityContext": {"privileged": True}}
    assert "sees every card" in admission.refusal(pod(container=privileged))
    assert admission.slices(pod("whole", privileged)) == '{"main":"whole"}'
    beside = pod()
    beside["spec"]["containers"].append({"name": "other", **privileged})
    assert admission.slices(beside) == '{"main":"1024Mi"}'


def test_windows_gets_no_slice(admission):
    assert "Linux only" in admission.refusal(pod(os={"name": "windows"}))
    assert "Linux only" in admission.refusal(pod(nodeSelector={"kubernetes.io/os": "windows"}))
    assert admission.slices(pod("whole", os={"name": "windows"}))


def test_the_library_joins_what_is_preloaded_already(admission):
    def preloads(after):
        env = after["spec"]["containers"][0]["env"]
        return [one["value"] for one in env if one["name"] == "LD_PRELOAD"]

    assert preloads(admission.admit(with_preload())) == [LIBRARY]
    assert preloads(admission.admit(with_preload("/a.so"))) == [f"{LIBRARY}:/a.so"]
    assert preloads(admission.admit(with_preload(""))) == [LIBRARY]
    assert preloads(admission.admit(with_preload(f"/a.so {LIBRARY}"))) == [f"/a.so {LIBRARY}"]
    assert preloads(admission.admit(with_preload("/a.so", "/b.so"))) == [
        "/a.so",
        f"{LIBRARY}:/b.so",
    ]


def test_a_preload_from_elsewhere_is_refused_with_the_reason(admission):
    source = {"configMapKeyRef": {"name": "c", "key": "k"}}
    env = {"env": [{"name": "LD_PRELOAD", "valueFrom": source}]}
    assert "write the value out" in admission.refusal(pod(container=env))
    assert admission.slices(pod("whole", env)) == '{"main":"whole"}'


@pytest.mark.parametrize("key", ["tranche.dev/assigned", "tranche.dev/slices"])
def test_tranche_s_own_annotations_are_refused_from_anyone_else(admission, key):
    forged = pod()
    forged["metadata"]["annotations"][key] = '{"main":"whole"}'
    assert admission.refusal(forged).startswith(f"annotation {key}: ")
    del forged["metadata"]["annotations"][GPU]
    assert admission.refusal(forged).startswith(f"annotation {key}: ")


def test_a_key_of_ours_that_asks_nothing_leaves_the_pod_alone(admission):
    remarked = pod()
    remarked["metadata"]["annotations"] = {"tranche.dev/owner": "me"}
    assert admission.admit(remarked) == remarked
    assert "tranche.dev/owner" in admission.warnings[0]


def test_warnings_fit_what_the_api_server_keeps(admission):
    asking = pod("1.3Gi on " + " or ".join(f"X{n}{'y' * 30}" for n in range(10)))
    admission.admit(asking)
    assert admission.warnings
    assert all(len(warning) <= 256 for warning in admission.warnings)


def test_a_request_too_long_to_carry_is_refused(admission):
    names = [f"c{n}" for n in range(900)]
    sentence = "1Gi on A100 or V100 or T4 or H100 or H200 or H20 or L40S or RTX A6000 spread"
    asking = {
        "metadata": {"annotations": {f"{GPU}.{name}": sentence for name in names}},
        "spec": {"containers": [{"name": name} for name in names]},
    }
    assert "65536 characters" in admission.refusal(asking)


@pytest.mark.parametrize("empty", [{}, None, "missing"])
def test_what_is_missing_null_or_empty_is_one_and_the_same(admission, empty):
    def holding(**fields):
        return {name: value for name, value in fields.items() if value != "missing"}

    main = holding(name="main", resources=empty, env=[] if empty == {} else empty)
    asking = {
        "metadata": {"annotations": {f"{GPU}.main": "1Gi", f"{GPU}.init": "1Gi"}, "labels": {}},
        "spec": {
            "initContainers": [{"name": "init"}],
            "containers": [main],
        },
    }
    asking["spec"]["initContainers"][0]["resources"] = holding(limits=empty, requests=empty)
    # A deep copy keeps what is shared shared, and the patch of one would change the other.
    after = admission.admit(json.loads(json.dumps(asking)))["spec"]
    for container in (*after["initContainers"], *after["containers"]):
        assert container["resources"]["limits"] == {
            "nvidia.com/gpu": "1",
            "nvidia.com/gpumem": "1024",
        }
        assert container["env"] == [{"name": "LD_PRELOAD", "value": LIBRARY}]
    bare = {
        "spec": {
            "containers": [{"name": "main", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]
        },
        **holding(metadata=empty),
    }
    assert admission.slices(bare) == '{"main":"whole"}'
    bare["metadata"] = holding(annotations=empty)
    assert admission.slices(bare) == '{"main":"whole"}'
