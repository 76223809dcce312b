"""The kernel's word on what still runs, in every spelling of the kubelet."""

from pathlib import Path

import pytest

from nodeagent.slices.cgroups import pods_with_cgroups

UID = "0f0e0d0c-0000-4000-8000-000000000001"
LOW = UID.replace("-", "_")


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
