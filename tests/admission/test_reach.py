"""A container that mounts what leads past a slice gets none; with whole cards it may."""

from typing import Any

import pytest

PAST = """/
//
/dev
/dev/
/./dev
//dev//
dev
/dev/nvidia0
/dev/nvidiactl
/dev/nvidia-caps
/dev/char
/dev/dri
/dev/davinci3
/dev/shmoo
/dev/a-maker-of-tomorrow
/etc
/etc/cdi
/proc
/run
/run/containerd/containerd.sock
/run/nvidia/driver
/sys/fs/cgroup
/var
/var/lib/kubelet
/var/lib/kubelet/device-plugins/kubelet.sock
/var/lib/kubelet/pod-resources
/var/lib/tranche/slices
/var/run
/var/run/cdi
/var/run/docker.sock""".splitlines()

FINE = """/data
/device
/dev/fuse
/dev/hugepages
/dev/infiniband/uverbs0
/dev/net/tun
/dev/shm
/etc/localtime
/home/dev
/lib/modules
/mnt/nvidia
/procurement
/run/nvidia-persistenced/socket
/tmp
/usr/src
/var/lib/kubelets
/var/log
/var/runs""".splitlines()


def pod(path: str | None, ask: str = "1Gi", **spec: Any) -> dict[str, Any]:
    mount = {"name": "host", "mountPath": "/mnt", "readOnly": True}
    return {
        "metadata": {"annotations": {"tranche.dev/gpu": ask}},
        "spec": {
            "containers": [{"name": "main", "volumeMounts": [mount]}, {"name": "other"}],
            "volumes": [{"name": "host", "hostPath": {"path": path}}],
            **spec,
        },
    }


@pytest.mark.parametrize("path", PAST)
def test_past_a_slice_leads(admission, path):
    refusal = admission.refusal(pod(path))
    assert refusal.startswith(f'container main: hostPath volume host: "{path}": ')
    assert "ask for a whole card" in refusal
    assert admission.slices(pod(path, "whole")) == '{"main":"whole"}'


@pytest.mark.parametrize("path", [*FINE, "", None])
def test_nowhere_leads(admission, path):
    assert admission.slices(pod(path)) == '{"main":"1024Mi"}'


def test_only_who_mounts_it_and_has_a_slice_is_refused(admission):
    beside = pod("/dev")
    beside["spec"]["containers"].reverse()
    beside["metadata"]["annotations"] = {"tranche.dev/gpu.other": "1Gi"}
    assert admission.slices(beside) == '{"other":"1024Mi"}'
    unmounted = pod("/dev", volumes=[{"name": "another", "hostPath": {"path": "/dev"}}])
    assert admission.slices(unmounted) == '{"main":"1024Mi"}'
    elsewhere = pod("/dev", volumes=[{"name": "host", "emptyDir": {}}])
    assert admission.slices(elsewhere) == '{"main":"1024Mi"}'


def test_an_init_container_is_no_way_around(admission):
    asking = pod("/data", initContainers=pod("/dev")["spec"]["containers"][:1])
    asking["spec"]["initContainers"][0]["name"] = "fetch"
    asking["spec"]["volumes"][0]["hostPath"]["path"] = "/dev"
    asking["spec"]["containers"][0].pop("volumeMounts")
    asking["metadata"]["annotations"]["tranche.dev/gpu.fetch"] = "1Gi"
    assert admission.refusal(asking).startswith("container fetch: hostPath volume host: ")


@pytest.mark.parametrize(("ask", "warned"), [("1Gi", True), ("whole", False)])
def test_who_sees_the_node_s_processes_keeps_its_slice_and_is_told(admission, ask, warned):
    admission.admit(pod("/data", ask, hostPID=True))
    assert any("spec.hostPID" in warning for warning in admission.warnings) is warned
    admission.admit(pod("/data", ask, hostPID=False))
    assert admission.warnings == []
