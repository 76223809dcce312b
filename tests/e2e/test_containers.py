"""Each container of a pod has its own slice."""

from tests.e2e.pods import container, pod
from tests.e2e.stack import Stack


def test_init_two_apps_and_a_sidecar_each_have_their_own_slice(stack: Stack):
    hold = ("--json", "--hold", "forever")
    sidecar = container("proxy", *hold) | {"restartPolicy": "Always"}
    manifest = pod(
        "several",
        annotations={
            "tranche.dev/gpu.first": "7000Mi",
            "tranche.dev/gpu.proxy": "500Mi",
            "tranche.dev/gpu.one": "3000Mi",
            "tranche.dev/gpu.two": "2000Mi",
        },
        initContainers=[container("first"), sidecar],
        containers=[container("one", *hold), container("two", *hold), container("three", *hold)],
    )
    manifest["spec"]["containers"][2]["command"] = ["sleep", "infinity"]
    stack.pods.create(manifest)
    stack.pods.running("several")
    for name, mib in {"first": 7000, "proxy": 500, "one": 3000, "two": 2000}.items():
        said = stack.pods.said("several", name)
        assert (said["total_mib"], said["refused_at_mib"]) == (mib, mib + 1), name
    assert stack.used_mib() == 500 + 3000 + 2000
    made = stack.pods.get("several")["spec"]["containers"][2]
    assert "nvidia" not in str(made["resources"])
    assert "LD_PRELOAD" not in str(made)


def test_a_container_that_restarts_finds_its_slice_again(stack: Stack):
    manifest = pod("again", annotations={"tranche.dev/gpu": "3000Mi"}, restartPolicy="OnFailure")
    manifest["spec"]["containers"][0]["command"] = [
        "/bin/sh",
        "-c",
        "/usr/local/bin/fill --json; test -e /again/once || { touch /again/once; exit 1; }",
    ]
    manifest["spec"]["containers"][0]["volumeMounts"] = [{"name": "again", "mountPath": "/again"}]
    manifest["spec"]["volumes"] = [{"name": "again", "emptyDir": {}}]
    stack.pods.create(manifest)
    stack.pods.finished("again")
    status = stack.pods.get("again")["status"]["containerStatuses"][0]
    assert status["restartCount"] == 1
    assert stack.pods.said("again")["refused_at_mib"] == 3001


def test_an_empty_environment_does_not_shed_the_limit(stack: Stack):
    manifest = pod("stripped", annotations={"tranche.dev/gpu": "3000Mi"})
    manifest["spec"]["containers"][0]["command"] = ["env", "-i", "/usr/local/bin/fill", "--json"]
    stack.pods.create(manifest)
    stack.pods.finished("stripped")
    assert stack.pods.said("stripped")["refused_at_mib"] == 3001
