"""No container of a pod that gets cards chooses others by itself."""

from typing import Any

import pytest

VARIABLE = "NVIDIA_VISIBLE_DEVICES"
GPU = "tranche.dev/gpu.main"


def pod(ask: str = "1Gi", **env: list[dict[str, Any]]) -> dict[str, Any]:
    names = dict.fromkeys(["main", *env])
    containers = [{"name": name} | ({"env": env[name]} if name in env else {}) for name in names]
    return {"metadata": {"annotations": {GPU: ask}}, "spec": {"containers": containers}}


def sets(*values: str) -> list[dict[str, Any]]:
    return [{"name": "A", "value": "1"}, *({"name": VARIABLE, "value": v} for v in values)]


def seen(after: dict[str, Any]) -> dict[str, list[str]]:
    """The values of the variable, by container."""
    return {
        container["name"]: [
            one.get("value", "?") for one in container.get("env", []) if one["name"] == VARIABLE
        ]
        for container in after["spec"]["containers"]
    }


@pytest.mark.parametrize("ask", ["1Gi", "whole"])
def test_what_a_container_chooses_is_taken_off_with_a_warning(admission, ask):
    after = admission.admit(pod(ask, main=sets("all", "GPU-1"), beside=sets("0")))
    assert seen(after) == {"main": [], "beside": []}
    assert sum(VARIABLE in warning for warning in admission.warnings) == 2
    assert {"name": "A", "value": "1"} in after["spec"]["containers"][0]["env"]


def test_what_chooses_nothing_may_stay(admission):
    after = admission.admit(pod(main=sets("void"), beside=sets("none", "")))
    assert seen(after) == {"main": ["void"], "beside": ["none", ""]}
    assert not admission.warnings


def test_a_choice_from_elsewhere_is_taken_off_too(admission):
    source = {"configMapKeyRef": {"name": "c", "key": "k"}}
    assert seen(admission.admit(pod(main=[{"name": VARIABLE, "valueFrom": source}])))["main"] == []


def test_settings_may_refuse_it(admission):
    admission.set("visibleDevices: refuse")
    refusal = admission.refusal(pod(main=sets("all")))
    assert refusal.startswith(f"container main: env {VARIABLE}: chooses cards past Tranche")
    assert admission.slices(pod(main=sets("void")))


def test_under_a_container_runtime_of_nvidia_who_asks_for_nothing_gets_nothing(admission):
    """The images of CUDA themselves say `all`."""
    admission.set("runtimeClassName: nvidia")
    after = admission.admit(pod(beside=[], third=sets("all"), fourth=sets("none")))
    assert seen(after) == {"main": [], "beside": ["void"], "third": ["void"], "fourth": ["none"]}
    own = pod(beside=[]) | {}
    own["spec"]["runtimeClassName"] = "mine"
    admission.set("{}")
    assert seen(admission.admit(own))["beside"] == ["void"]


def test_without_such_a_runtime_other_containers_are_left_alone(admission):
    after = admission.admit(pod(beside=[]))
    assert after["spec"]["containers"][1] == {"name": "beside", "env": []}


def test_a_pod_that_asks_for_nothing_is_nobodys_business(admission):
    alone = {"spec": {"containers": [{"name": "main", "env": sets("all")}]}}
    assert admission.admit(alone) == alone
