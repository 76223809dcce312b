"""Which words speak for which container, and what they come to."""

from typing import Any

import pytest

GPU = "tranche.dev/gpu"


def pod(
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    limits: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    main: dict[str, Any] = {"name": "main", "image": "x"}
    if limits is not None:
        main["resources"] = {"limits": limits}
    return {
        "metadata": {"name": "p", "annotations": annotations or {}, "labels": labels or {}},
        "spec": {"containers": [main], **spec},
    }


@pytest.mark.parametrize(
    "asking",
    [
        pod({GPU: "3000Mi on A100"}),
        pod(None, {GPU: "3000Mi_on_A100"}),
        pod(None, {"tranche.dev/memory": "3000Mi", "tranche.dev/model": "A100"}),
        pod({"nvidia.com/use-gputype": "A100"}, None, {"nvidia.com/gpumem": "3000"}),
        pod({f"{GPU}.main": "3000Mi on A100"}),
    ],
    ids=["annotation", "label", "parts", "hami", "named"],
)
def test_all_spellings_come_to_the_same_pod(admission, asking):
    after = admission.admit(asking)
    assert after["metadata"]["annotations"]["tranche.dev/slices"] == '{"main":"3000Mi on a100"}'
    main = after["spec"]["containers"][0]
    assert main["resources"]["limits"] == {"nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000"}
    assert main["env"] == [{"name": "LD_PRELOAD", "value": "/usr/local/lib/tranche/libtranche.so"}]
    assert after["spec"]["schedulerName"] == "tranche-scheduler"
    assert "runtimeClassName" not in after["spec"]


def test_a_bare_count_is_whole_cards_with_no_library(admission):
    after = admission.admit(pod(limits={"nvidia.com/gpu": 2}))
    assert after["metadata"]["annotations"]["tranche.dev/slices"] == '{"main":"2 x whole"}'
    assert after["spec"]["containers"][0] == {
        "name": "main",
        "image": "x",
        "resources": {"limits": {"nvidia.com/gpu": 2}},
    }
    assert after["spec"]["schedulerName"] == "tranche-scheduler"


def test_a_bare_count_in_an_adopting_namespace_is_the_default_slice(admission):
    admission.rules(adopt="true", default="3000Mi on A100")
    assert admission.slices(pod(limits={"nvidia.com/gpu": "1"})) == '{"main":"3000Mi on a100"}'
    assert admission.slices(pod(limits={"nvidia.com/gpu": "2"})) == '{"main":"2 x 3000Mi on a100"}'


def test_an_adopting_namespace_without_a_default_says_what_is_missing(admission):
    admission.rules(adopt="true")
    assert "tranche.dev/default" in admission.refusal(pod(limits={"nvidia.com/gpu": "1"}))


def test_where_another_plugin_owns_the_count_it_is_left_alone(admission):
    admission.set("managed: false")
    bare = pod(limits={"nvidia.com/gpu": "1"})
    assert admission.admit(bare) == bare
    assert admission.slices(pod(limits={"nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000"}))


def test_what_is_left_out_is_taken_from_pod_then_namespace_then_cluster(admission):
    admission.set("defaults: {default: 1Gi on V100 spread}")
    admission.rules(default="2Gi and 20% cores")
    assert (
        admission.slices(pod({f"{GPU}.main": "on A100", GPU: "3Gi"}))
        == '{"main":"3072Mi and 20% cores on a100 spread"}'
    )
    assert (
        admission.slices(pod({GPU: "on A100"})) == '{"main":"2048Mi and 20% cores on a100 spread"}'
    )
    admission.rules()
    assert admission.slices(pod({GPU: "2 x"})) == '{"main":"2 x 1024Mi on v100 spread"}'


def test_the_default_container_is_the_annotated_one_else_the_first(admission):
    two = pod({GPU: "1Gi"})
    two["spec"]["containers"].append({"name": "second"})
    assert admission.slices(two) == '{"main":"1024Mi"}'
    two["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] = "second"
    assert admission.slices(two) == '{"second":"1024Mi"}'
    two["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] = "third"
    assert admission.refusal(two) == (
        'annotation kubectl.kubernetes.io/default-container: "third": the pod has no such '
        "container; it has main, second"
    )


def test_init_containers_and_sidecars_are_named_like_any_other(admission):
    asking = pod({f"{GPU}.fetch": "1Gi", f"{GPU}.proxy": "2Gi", f"{GPU}.main": "3Gi"})
    asking["spec"]["initContainers"] = [
        {"name": "fetch"},
        {"name": "proxy", "restartPolicy": "Always"},
    ]
    after = admission.admit(asking)
    assert (
        after["metadata"]["annotations"]["tranche.dev/slices"]
        == '{"fetch":"1024Mi","proxy":"2048Mi","main":"3072Mi"}'
    )
    assert after["spec"]["initContainers"][1]["resources"]["limits"]["nvidia.com/gpumem"] == "2048"


def test_a_name_of_no_container_is_answered_with_those_there_are(admission):
    assert admission.refusal(pod({f"{GPU}.mian": "1Gi"})) == (
        'annotation tranche.dev/gpu.mian: "mian": the pod has no such container; it has main'
    )
    debugged = pod({f"{GPU}.debug": "1Gi"}, ephemeralContainers=[{"name": "debug"}])
    assert "an ephemeral container gets no slice" in admission.refusal(debugged)


def test_both_kinds_of_words_on_one_container_agree_or_are_refused(admission):
    both = pod({GPU: "3000Mi on A100"}, limits={"nvidia.com/gpu": "2"})
    assert admission.slices(both) == '{"main":"2 x 3000Mi on a100"}'
    both["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpumem"] = "3k"
    assert admission.slices(both) == '{"main":"2 x 3000Mi on a100"}'
    both["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpumem"] = "3001"
    assert admission.refusal(both) == (
        "memory is said twice: 3000Mi by annotation tranche.dev/gpu, and 3001Mi by container main: "
        "resources; say it in one place"
    )


def test_words_on_models_beside_a_bare_count_mean_whole_cards_of_that_model(admission):
    asking = pod({GPU: "on A100"}, limits={"nvidia.com/gpu": "2"})
    assert admission.slices(asking) == '{"main":"2 x whole on a100"}'


def test_resources_in_requests_alone_are_read_and_given_limits(admission):
    asking = pod()
    asking["spec"]["containers"][0]["resources"] = {
        "requests": {"nvidia.com/gpu": "1", "nvidia.com/gpumem": "4Gi", "cpu": "1"}
    }
    resources = admission.admit(asking)["spec"]["containers"][0]["resources"]
    assert resources == {
        "requests": {"nvidia.com/gpu": "1", "nvidia.com/gpumem": "4096", "cpu": "1"},
        "limits": {"nvidia.com/gpu": "1", "nvidia.com/gpumem": "4096"},
    }


def test_a_request_that_differs_from_its_limit_is_refused(admission):
    asking = pod(limits={"nvidia.com/gpu": "2", "cpu": "2"})
    asking["spec"]["containers"][0]["resources"]["requests"] = {"nvidia.com/gpu": "1", "cpu": "1"}
    assert "request and limit differ" in admission.refusal(asking)
    asking["spec"]["containers"][0]["resources"]["requests"]["nvidia.com/gpu"] = 2
    assert admission.slices(asking) == '{"main":"2 x whole"}'


def test_cores_alone_get_all_memory_and_a_word_about_it(admission):
    assert admission.slices(pod(limits={"nvidia.com/gpucores": "30"})) == (
        '{"main":"100% and 30% cores"}'
    )
    admission.admit(pod({GPU: "30% cores"}))
    assert "memory was not said" in admission.warnings[0]
    admission.rules(default="2Gi")
    assert admission.slices(pod({GPU: "30% cores"})) == '{"main":"2048Mi and 30% cores"}'


def test_no_card_is_no_request_and_the_pod_stays_as_it_is(admission):
    none = pod(limits={"nvidia.com/gpu": "0"})
    assert admission.admit(none) == none
    assert "asks for no card" in admission.warnings[0]


def test_no_card_beside_words_that_ask_for_one_is_refused(admission):
    refusal = admission.refusal(pod({GPU: "1Gi"}, limits={"nvidia.com/gpu": "0"}))
    assert "no card, yet annotation tranche.dev/gpu asks for some" in refusal


def test_hami_s_priority_and_policies_are_kept(admission):
    asking = pod(
        {"hami.io/gpu-scheduler-policy": "spread", "hami.io/node-scheduler-policy": "binpack"},
        None,
        {"nvidia.com/gpu": 1, "nvidia.com/gpumem-percentage": 50, "nvidia.com/priority": 0},
        schedulerName="hami-scheduler",
    )
    assert admission.slices(asking) == '{"main":"50% spread node-binpack priority 0"}'


def test_hami_s_annotations_are_unread_when_its_dialect_is_off(admission):
    admission.set("dialects: {hami: false}")
    asking = pod({"nvidia.com/use-gputype": "A100"}, limits={"nvidia.com/gpumem": "3000"})
    assert admission.slices(asking) == '{"main":"3000Mi"}'
    asking["spec"]["schedulerName"] = "hami-scheduler"
    assert "hami-scheduler" in admission.refusal(asking)


def test_a_namespace_s_policy_and_models_are_carried_in_the_request(admission):
    admission.rules(policy="spread same-numa", models="A100 or V100")
    assert admission.slices(pod({GPU: "1Gi"})) == '{"main":"1024Mi on a100 or v100 spread"}'
    assert admission.slices(pod({GPU: "2 x 1Gi on V100 binpack"})) == (
        '{"main":"2 x 1024Mi on v100 binpack same-numa"}'
    )
    assert "asks for H100" in admission.refusal(pod({GPU: "1Gi on H100"}))


def test_who_does_not_say_cores_gets_the_namespace_s_maximum(admission):
    admission.rules(max="8Gi and 50% cores")
    assert admission.slices(pod({GPU: "1Gi"})) == '{"main":"1024Mi and 50% cores"}'
    admission.admit(pod({GPU: "1Gi"}))
    assert "maximum, 50%" in admission.warnings[0]
    assert "asks 9216 MiB" in admission.refusal(pod({GPU: "9Gi"}))


def test_a_wrong_namespace_annotation_stops_only_pods_that_need_it(admission):
    admission.rules(default="3000")
    assert admission.slices(pod({GPU: "1Gi"})) == '{"main":"1024Mi"}'
    admission.admit(pod({GPU: "1Gi"}))
    assert "tranche.dev/default" in admission.warnings[0]
    refusal = admission.refusal(pod({GPU: "on A100"}))
    assert refusal.startswith("namespace annotation tranche.dev/default: ")
    plain = pod()
    assert admission.admit(plain) == plain


def test_a_quota_that_cannot_be_read_stops_all_who_ask(admission):
    admission.rules(quota="100GB")
    assert admission.refusal(pod({GPU: "1Gi"})).startswith("namespace annotation tranche.dev/quota")


def test_a_pod_that_alone_is_over_the_quota_is_told_that_it_will_wait(admission):
    admission.rules(quota="4Gi")
    admission.admit(pod({GPU: "2 x 2Gi"}))
    assert admission.warnings == []
    admission.admit(pod({GPU: "2 x 3Gi"}))
    (warning,) = admission.warnings
    assert "asks 6144 MiB at one time, and all pods of the namespace may hold 4096" in warning


def test_only_the_person_s_own_models_are_remarked_on(admission):
    admission.rules(models="X1 or X2")
    admission.admit(pod({GPU: "1Gi"}))
    assert admission.warnings == []
    admission.rules()
    admission.admit(pod({GPU: "1Gi on A1000"}))
    assert "did you mean A100?" in admission.warnings[0]


def test_an_amount_that_nobody_names_is_asked_for(admission):
    assert "say how much, such as 3000Mi on A100" in admission.refusal(pod({GPU: "on A100"}))


def test_other_names_of_the_resources(admission):
    admission.set("resources: {nvidia: {count: tranche.dev/card, memory: tranche.dev/mib}}")
    after = admission.admit(pod({GPU: "1Gi"}))
    assert after["spec"]["containers"][0]["resources"]["limits"] == {
        "tranche.dev/card": "1",
        "tranche.dev/mib": "1024",
    }
    bare = pod(limits={"nvidia.com/gpu": "1"})
    assert admission.admit(bare) == bare


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"nvidia.com/gpumem": "3000.5"}, "not a whole number"),
        ({"nvidia.com/gpumem": "-1"}, "not a whole number"),
        ({"nvidia.com/gpumem": "0"}, "not a whole number"),
        ({"nvidia.com/gpu": "1.5"}, "not a whole number"),
        ({"nvidia.com/gpu": "0", "nvidia.com/gpumem": "3000"}, "no card"),
        ({"nvidia.com/gpucores": "150"}, "from 1 to 100"),
        ({"nvidia.com/gpumem": "1", "nvidia.com/gpumem-percentage": "1"}, "in two ways"),
    ],
)
def test_refuses_where_hami_allows(admission, limits, says):
    refusal = admission.refusal(pod(limits=limits))
    assert refusal.startswith("container main: resources")
    assert says in refusal
