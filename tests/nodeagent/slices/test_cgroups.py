"""The kernel's word on what still runs and where, in every spelling of the kubelet."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.slices.cgroups import Home, home, pods_with_cgroups, read_home

UID = "0f0e0d0c-0000-4000-8000-000000000001"
OTHER = "ffffffff-0000-4000-8000-000000000002"
LOW = UID.replace("-", "_")
ID = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "path",
    [
        f"kubepods/pod{UID}",
        f"kubepods/burstable/pod{UID}",
        f"kubepods.slice/kubepods-pod{LOW}.slice",
        f"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{LOW}.slice",
        f"kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{LOW}.slice",
        f"lab/node/kubepods/besteffort/pod{UID}",
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_pod_is_found_by_its_cgroup(tmp_path: Path, version: int, path: str):
    base = tmp_path / "memory" if version == 1 else tmp_path
    (base / path / "container").mkdir(parents=True)
    (base / "system.slice" / "podman.service").mkdir(parents=True)
    if version == 2:
        (tmp_path / "cgroup.controllers").write_text("memory")
    assert pods_with_cgroups(tmp_path) == {UID}


def test_no_cgroups_no_pods(tmp_path: Path):
    assert pods_with_cgroups(tmp_path / "missing") == frozenset()


@pytest.mark.parametrize(
    "path",
    [
        f"/kubepods/pod{UID}/{ID}",
        f"/kubepods/burstable/pod{UID}/{ID}/made/by/itself",
        f"/kubepods.slice/kubepods-pod{LOW}.slice/cri-containerd-{ID}.scope",
        f"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{LOW}.slice/crio-{ID}.scope",
        f"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{LOW}.slice/docker-{ID}.scope",
        f"/../../kubepods-besteffort-pod{LOW}.slice/cri-containerd-{ID}.scope",
        f"/lab/node/kubepods/besteffort/pod{UID}/{ID}",
        f"/kubepods/pod{UID}/{ID}/pod{OTHER}/{ID[::-1]}",
    ],
)
@pytest.mark.parametrize(
    "form",
    ["0::{}\n", "12:pids:{}\n1:name=systemd:{}\n", "3:net_cls,net_prio:/\n2:cpu,cpuacct:{}\n"],
)
def test_a_process_lives_in_the_outermost_pod_of_its_cgroup(path: str, form: str):
    assert home(form.format(path, path)) == Home(UID, ID)


def test_a_process_of_a_pod_may_be_in_none_of_its_containers():
    assert home(f"0::/kubepods/pod{UID}\n") == Home(UID, "")
    assert home(f"0::/kubepods/pod{UID}/shim\n") == Home(UID, "")


@pytest.mark.parametrize("text", ["", "0::/\n", "0::/system.slice/podman.service\n", "nonsense"])
def test_a_process_may_live_in_no_pod(text: str):
    assert home(text) is None


@given(st.text(st.sampled_from("0:/pod-_a.slice\n\ufffd"), max_size=200) | st.text())
def test_any_text_is_a_home_or_none(text: str):
    found = home(text)
    assert found is None or found.pod


def test_where_a_process_lives_is_read_from_procfs(tmp_path: Path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7/cgroup").write_bytes(f"0::/kubepods/pod{UID}/{ID}/".encode() + b"\xff\n")
    assert read_home(tmp_path, 7) == Home(UID, ID)
    with pytest.raises(OSError, match="No such file"):
        read_home(tmp_path, 8)
