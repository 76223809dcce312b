"""The fake driver is as true as a test needs it to be."""

import ctypes
import json
import re
import subprocess
import sys
from pathlib import Path

import pynvml
import pytest
import yaml

from tests.interposer.builds import BUILD, REPOSITORY
from tests.interposer.rig import MIB, Rig


def cuda_header() -> Path:
    """cuda.h as the fakes are built with; nvml.h lies beside it."""
    generator = REPOSITORY / "interposer/fakes/generate.py"
    words = [sys.executable, generator, "--include"]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return Path(printed[0].removeprefix("-I")) / "cuda.h"


@pytest.mark.parametrize(("kind", "least"), [("cuda", 600), ("nvml", 400)])
def test_it_exports_every_name_of_the_headers(library: Path, kind: str, least: int) -> None:
    assert library.exists()
    name, header, start = {
        "cuda": ("libcuda.so.1", "cuda.h", r"CUresult\s+CUDAAPI"),
        "nvml": ("libnvidia-ml.so.1", "nvml.h", r"nvmlReturn_t\s+DECLDIR"),
    }[kind]
    text = cuda_header().with_name(header).read_text("latin-1")
    declared = set(re.findall(rf"\n\s*{start}\s+(\w+)\s*\(", text))
    words = ["nm", "-D", "--defined-only", BUILD / "fakes/lib" / name]
    exported = set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())
    assert declared <= exported
    assert len([n for n in exported if n.startswith(("cu", "nvml"))]) > least


def test_pynvml_sees_cards_memory_and_processes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rig.root / "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"
    monkeypatch.setattr(pynvml, "nvmlLib", ctypes.CDLL(str(path)))
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    pynvml.nvmlInit()
    assert pynvml.nvmlDeviceGetCount() == 2
    card = pynvml.nvmlDeviceGetHandleByUUID(rig.A)
    assert pynvml.nvmlDeviceGetName(card) == "NVIDIA A100-SXM4-80GB"
    with rig.program() as program:
        assert program.ask(f"alloc plain {MIB}") == "0"
        assert pynvml.nvmlDeviceGetMemoryInfo(card).used == MIB
        (process,) = pynvml.nvmlDeviceGetComputeRunningProcesses(card)
        assert (process.pid, process.usedGpuMemory) == (program.process.pid, MIB)
    assert pynvml.nvmlDeviceGetMemoryInfo(card).used == 0
    pynvml.nvmlShutdown()


def test_a_card_is_there_if_its_device_node_is(rig: Rig) -> None:
    (rig.root / "dev/nvidia0").unlink()
    with rig.program() as program:
        assert program.ask("cards") == "1"
        assert (
            program.ask("fill plain 1048576") == "0 2"
        )  # it is card B, of which nothing is granted


def test_the_vendors_spec_names_each_card_twice_and_all(rig: Rig) -> None:
    spec = yaml.safe_load((rig.root / "etc/cdi/nvidia.yaml").read_text())
    devices = {d["name"]: d["containerEdits"]["deviceNodes"] for d in spec["devices"]}
    assert spec["kind"] == "nvidia.com/gpu"
    assert devices["0"] == devices[rig.A]
    assert devices["all"] == devices["0"] + devices["1"]
    for mount in spec["containerEdits"]["mounts"]:
        assert Path(mount["hostPath"]).exists()
    for node in spec["containerEdits"]["deviceNodes"] + devices["all"]:
        assert Path(node["hostPath"]).exists()


def run_hook(bundle: Path, root: str) -> subprocess.CompletedProcess[str]:
    (bundle / "config.json").write_text(json.dumps({"ociVersion": "1.1.0", "root": {"path": root}}))
    state = json.dumps({"ociVersion": "1.1.0", "id": "x", "bundle": str(bundle)})
    hook = BUILD / "fakes/bin/fake-nvidia-hook"
    return subprocess.run(
        [hook, "create-symlinks"], input=state, capture_output=True, text=True, check=False
    )


@pytest.mark.usefixtures("library")
def test_the_hook_links_the_library_within_the_containers_root(tmp_path: Path) -> None:
    folder = tmp_path / "rootfs/usr/lib/x86_64-linux-gnu"
    folder.mkdir(parents=True)
    assert run_hook(tmp_path, "rootfs").returncode == 0
    assert str((folder / "libcuda.so").readlink()) == "libcuda.so.1"
    assert run_hook(tmp_path, "rootfs").returncode == 0


@pytest.mark.usefixtures("library")
def test_the_hook_follows_no_link_of_the_image(tmp_path: Path) -> None:
    outside = tmp_path / "outside/x86_64-linux-gnu"
    outside.mkdir(parents=True)
    (tmp_path / "rootfs/usr").mkdir(parents=True)
    (tmp_path / "rootfs/usr/lib").symlink_to(tmp_path / "outside")
    run_hook(tmp_path, "rootfs")
    assert list(outside.iterdir()) == []
