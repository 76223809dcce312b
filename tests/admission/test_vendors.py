"""Cards of other vendors than NVIDIA: refused in Tranche's words, untouched in their own."""

import pytest

GPU = "tranche.dev/gpu"
HOW = (
    "Tranche places NVIDIA's cards alone so far; name an NVIDIA model, or ask for the resources of "
    "the maker's own plugin in the container's limits, which Tranche leaves as they are"
)


def pod(ask: str | None = None, limits: dict | None = None):
    main = {"name": "main", **({"resources": {"limits": limits}} if limits else {})}
    return {
        "metadata": {"annotations": {GPU: ask} if ask else {}},
        "spec": {"containers": [main]},
    }


@pytest.mark.parametrize(
    ("ask", "title"),
    [
        ("2000Mi on Hygon", "Hygon"),
        ("2 x 50% on 910B4", "Ascend"),
        ("whole on MI300X", "AMD"),
        ("vir05_1c_16g", "Ascend"),
    ],
)
def test_another_vendor_s_cards_are_refused_with_what_can_be_done(admission, ask, title):
    assert admission.refusal(pod(ask)) == f'annotation {GPU}: "{title}": {HOW}'


def test_another_vendor_s_resources_beside_words_do_not_make_them_placeable(admission):
    assert HOW in admission.refusal(pod("2000Mi on Hygon", {"hygon.com/dcunum": "1"}))


@pytest.mark.parametrize("words", ["namespace", "cluster"])
def test_a_default_of_another_vendor_is_refused_until_the_pod_names_nvidia(admission, words):
    if words == "namespace":
        admission.rules(default="2000Mi on Hygon", adopt="true")
    else:
        admission.set("defaults: {default: 2000Mi on Hygon, adopt: true}")
    refused = f'namespace or cluster default: "Hygon": {HOW}'
    assert admission.refusal(pod("30% cores")) == refused
    assert admission.refusal(pod(limits={"nvidia.com/gpu": "1"})) == refused
    assert admission.slices(pod("on A100")) == '{"main":"2000Mi on a100"}'
    assert admission.slices(pod("on NVIDIA")) == '{"main":"2000Mi on nvidia"}'


def test_of_the_allowed_models_a_pod_that_names_none_gets_nvidia_s(admission):
    admission.rules(models="A100 or 910B4 or Hygon")
    assert admission.slices(pod("1Gi")) == '{"main":"1024Mi on a100"}'
    assert HOW in admission.refusal(pod("1Gi on 910B4"))
    admission.rules(models="910B4 or Hygon")
    refused = admission.refusal(pod("1Gi"))
    assert refused.startswith('namespace or cluster models: "910B4 or HYGON": Tranche places')
    assert "have an NVIDIA model allowed" in refused


@pytest.mark.parametrize(
    "limits",
    [
        {"hygon.com/dcunum": "1", "hygon.com/dcumem": "2000"},
        {"huawei.com/Ascend910B4": "1", "huawei.com/Ascend910B4-memory": "2000"},
        {"amd.com/gpu": 1},
    ],
)
def test_the_makers_own_resources_are_left_alone_even_under_a_default(admission, limits):
    admission.rules(default="2000Mi on Hygon", adopt="true")
    asking = pod(limits=limits)
    assert admission.admit(asking) == asking
    assert admission.warnings == []
