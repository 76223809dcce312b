"""Cards of every maker, asked for in words, in a default, or by the maker's own resources."""

import pytest

from tests.vendors.test_refused import ROWS as REFUSED
from tests.vendors.test_written import ROWS
from tranche.words.quantity import parse_quantity

GPU = "tranche.dev/gpu"
MAKERS = (
    "vendors: {cambricon: {memoryUnit: 256Mi}, amd: {}, intel: {}, ascend: {}, hygon: {}, "
    "mthreads: {}, metax: {}, iluvatar: {}, enflame: {}, kunlunxin: {}, biren: {}, vastai: {}, "
    "aws: {}, google: {}, thead: {}}"
)
H100 = ["NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H100-NVL"]


def pod(ask: str | None = None, limits: dict | None = None, **spec):
    main = {"name": "main", **({"resources": {"limits": limits}} if limits else {})}
    return {
        "metadata": {"annotations": {GPU: ask} if ask else {}},
        "spec": {"containers": [main], **spec},
    }


def limits_of(pod) -> dict:
    return pod["spec"]["containers"][0].get("resources", {}).get("limits", {})


@pytest.mark.parametrize("managed", [False, True])
@pytest.mark.parametrize("sentence", ROWS)
def test_a_sentence_becomes_what_the_maker_s_stack_takes(admission, sentence, managed):
    admission.set(MAKERS if managed else "vendors: {cambricon: {memoryUnit: 256Mi}}")
    after = admission.admit(pod(sentence))
    _, resources, says = ROWS[sentence]
    found = {name: parse_quantity(value).value for name, value in limits_of(after).items()}
    wanted = dict(part.split(" ") for part in resources.split(", "))
    assert found == {name: parse_quantity(value).value for name, value in wanted.items()}
    assert says in " ".join(admission.warnings)


@pytest.mark.parametrize(("sentence", "says", "instead"), REFUSED)
def test_what_the_cards_cannot_be_is_refused(admission, sentence, says, instead):
    admission.set(MAKERS)
    assert instead
    assert says in admission.refusal(pod(sentence))


def test_the_library_is_for_nvidia_s_slices_alone(admission):
    sliced = admission.admit(pod("1Gi"))["spec"]["containers"][0]
    assert sliced["env"][0]["name"] == "LD_PRELOAD"
    assert "env" not in admission.admit(pod("2000Mi on Hygon"))["spec"]["containers"][0]


def test_each_maker_s_pods_get_its_own_runtime_class(admission):
    admission.set("{runtimeClassName: nvidia, vendors: {ascend: {runtimeClass: ascend}}}")
    assert admission.admit(pod("1Gi"))["spec"]["runtimeClassName"] == "nvidia"
    assert admission.admit(pod("8Gi on 910B4"))["spec"]["runtimeClassName"] == "ascend"
    assert "runtimeClassName" not in admission.admit(pod("1Gi on Hygon"))["spec"]
    both = pod("8Gi on 910B4")
    both["spec"]["containers"].append({"name": "side"})
    both["metadata"]["annotations"][f"{GPU}.side"] = "1Gi on A100"
    refused = admission.refusal(both)
    assert "want the runtime classes ascend and nvidia, and a pod has one" in refused


def test_soft_slices_are_told_to_ascend_s_stack(admission):
    admission.set("vendors: {ascend: {soft: true}}")
    after = admission.admit(pod("5000Mi and 20% cores on 910B4"))
    assert after["metadata"]["annotations"]["huawei.com/vnpu-mode"] == "hami-core"
    assert limits_of(after)["huawei.com/Ascend910B4-memory"] == "5000"


def test_what_is_asked_stays_beside_the_size_that_it_comes_to(admission):
    admission.set(MAKERS)
    after = admission.admit(pod("2000Mi on 910A"))
    assert limits_of(after)["huawei.com/Ascend910A-memory"] == "2184"
    assert after["metadata"]["annotations"][GPU] == "2000Mi on 910A"
    assert "2000Mi is rounded up to 2184Mi" in admission.warnings[0]
    other = pod(
        "2000Mi on 910A", {"huawei.com/Ascend910A": 1, "huawei.com/Ascend910A-memory": 4368}
    )
    assert "memory is said twice" in admission.refusal(other)


def test_what_the_ledger_is_told_is_what_the_card_will_be_cut_to(admission):
    assert admission.slices(pod("2000Mi on 910A")) == '{"main":"2184Mi and 6% cores on 910a"}'
    assert admission.slices(pod("whole on 910C")) == '{"main":"2 x whole on 910c"}'
    assert admission.slices(pod("1Gi on NVIDIA")) == '{"main":"1024Mi"}'
    assert admission.slices(pod("1Gi on Hygon")) == '{"main":"1024Mi on hygon"}'


@pytest.mark.parametrize("words", ["namespace", "cluster"])
def test_a_default_may_be_another_maker_s(admission, words):
    if words == "namespace":
        admission.rules(default="2000Mi on Hygon")
    else:
        admission.set("defaults: {default: 2000Mi on Hygon}")
    after = admission.admit(pod("30% cores"))
    assert limits_of(after) == {
        "hygon.com/dcunum": "1",
        "hygon.com/dcumem": "2000",
        "hygon.com/dcucores": "30",
    }
    assert admission.slices(pod("on A100")) == '{"main":"2000Mi on a100"}'


def test_a_bare_count_takes_of_such_a_default_what_is_not_the_maker_s(admission):
    admission.rules(default="2000Mi on Hygon", adopt="true")
    after = admission.admit(pod(limits={"nvidia.com/gpu": "1"}))
    assert limits_of(after) == {"nvidia.com/gpu": "1", "nvidia.com/gpumem": "2000"}


def test_of_the_allowed_models_a_pod_that_names_none_gets_nvidia_s(admission):
    admission.rules(models="A100 or 910B4 or Hygon")
    assert admission.slices(pod("1Gi")) == '{"main":"1024Mi on a100"}'
    assert admission.slices(pod("1Gi on 910B4")) == '{"main":"8192Mi and 25% cores on 910b4"}'
    admission.rules(models="910B4 or Hygon")
    assert admission.slices(pod("1Gi")) == '{"main":"8192Mi and 25% cores on 910b4"}'
    assert "the namespace allows 910B4 or HYGON" in admission.refusal(pod("1Gi on A100"))
    assert "the namespace allows 910B4 or HYGON" in admission.refusal(pod("1Gi on NVIDIA"))


LEFT = [
    {"hygon.com/dcunum": "1", "hygon.com/dcumem": "2000"},
    {"huawei.com/Ascend910B4": "1", "huawei.com/Ascend910B4-memory": "2000"},
    {"amd.com/gpu": 1},
]


@pytest.mark.parametrize("limits", [*LEFT, {"nvidia.com/mig-1g.10gb": 1}])
def test_resources_of_makers_that_are_not_managed_stay_as_they_are(admission, limits):
    admission.rules(default="2000Mi on Hygon", adopt="true")
    asking = pod(limits=limits)
    assert admission.admit(asking) == asking
    assert admission.warnings == []


def test_resources_of_a_maker_that_is_managed_are_read(admission):
    admission.set("vendors: {hygon: {}, ascend: {}, amd: {}}")
    assert [admission.slices(pod(limits=limits)) for limits in LEFT] == [
        '{"main":"2000Mi on hygon"}',
        '{"main":"8192Mi and 25% cores on 910b4"}',
        '{"main":"whole on amd"}',
    ]


def test_a_maker_s_older_names_give_way_to_those_that_its_stack_counts(admission):
    admission.set("vendors: {cambricon: {memoryUnit: 256Mi}}")
    after = admission.admit(pod(limits={"cambricon.com/mlunum": 1, "cambricon.com/mlumem": 1024}))
    assert limits_of(after) == {
        "cambricon.com/vmlu": "1",
        "cambricon.com/mlu.smlu.vmemory": "4",
    }
    assert after["metadata"]["annotations"][f"{GPU}.main"] == "1024Mi on cambricon"


def test_a_partition_is_placed_by_nvidia_s_own_plugin(admission):
    after = admission.admit(pod("1g.10gb"))
    assert limits_of(after) == {"nvidia.com/mig-1g.10gb": "1"}
    assert "env" not in after["spec"]["containers"][0]
    named = admission.admit(pod("1g.10gb on NVIDIA A100-SXM4-80GB"))
    assert named["spec"]["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}
    elsewhere = pod("1g.10gb on NVIDIA A100-SXM4-80GB")
    elsewhere["spec"]["nodeSelector"] = {"nvidia.com/gpu.product": "Tesla-T4"}
    assert "spec.nodeSelector nvidia.com/gpu.product" in admission.refusal(elsewhere)


def terms_of(pod) -> list:
    required = pod["spec"]["affinity"]["nodeAffinity"]
    return required["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]


def test_a_partition_of_a_model_goes_to_nodes_that_have_it(admission):
    wanted = {"key": "nvidia.com/gpu.product", "operator": "In", "values": H100}
    for affinity in ({}, {"affinity": {}}, {"affinity": {"nodeAffinity": {}}}):
        after = admission.admit(pod("1g.10gb on H100", **affinity))
        assert terms_of(after) == [{"matchExpressions": [wanted]}]
    zone = {"key": "zone", "operator": "In", "values": ["a"]}
    required = {"nodeSelectorTerms": [{"matchExpressions": [zone]}, {"matchFields": []}]}
    own = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    assert terms_of(admission.admit(pod("1g.10gb on H100", affinity=own))) == [
        {"matchExpressions": [zone, wanted]},
        {"matchFields": [], "matchExpressions": [wanted]},
    ]


def test_a_partition_of_a_model_that_nobody_knows_is_refused(admission):
    assert "write one full name" in admission.refusal(pod("1g.10gb on H9000"))
