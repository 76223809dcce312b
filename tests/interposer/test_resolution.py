"""Whoever asks for a function gets what the driver would have given, or our hook of just that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interposer.builds import BUILD, TESTS, build_client, make
from tests.interposer.rig import Rig

OURS = "libtranche.so:"
THEIRS = "libcuda.so.1:"


@pytest.mark.parametrize(
    ("name", "version", "flags", "expected"),
    [
        ("cuMemAlloc", 13000, 0, f"0 0 {OURS}cuMemAlloc_v2"),
        ("cuMemAlloc", 3010, 0, f"0 0 {OURS}cuMemAlloc"),
        ("cuMemAllocAsync", 12000, 0, f"0 0 {OURS}cuMemAllocAsync"),
        ("cuMemAllocAsync", 12000, 1, f"0 0 {OURS}cuMemAllocAsync"),
        ("cuMemAllocAsync", 12000, 2, f"0 0 {OURS}cuMemAllocAsync_ptsz"),
        ("cuMemAllocAsync", 11010, 0, "0 2 nowhere"),
        ("cuNoSuchThing", 13000, 0, "0 1 nowhere"),
        ("cuLaunchKernel", 13000, 0, f"0 0 {OURS}cuLaunchKernel"),
        ("cuLaunchKernel", 13000, 2, f"0 0 {OURS}cuLaunchKernel_ptsz"),
        ("cuMemPrefetchAsync", 12000, 0, f"0 0 {THEIRS}cuMemPrefetchAsync"),
        ("cuMemPrefetchAsync", 12020, 0, f"0 0 {THEIRS}cuMemPrefetchAsync_v2"),
        ("cuGetProcAddress", 11080, 0, f"0 0 {OURS}cuGetProcAddress"),
        ("cuGetProcAddress", 12000, 0, f"0 0 {OURS}cuGetProcAddress_v2"),
    ],
)
def test_cu_get_proc_address_keeps_version_flags_and_status(
    rig: Rig, name: str, version: int, flags: int, expected: str
) -> None:
    with rig.program() as program:
        assert program.ask(f"gpa {name} {version} {flags}") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cuMemAlloc", f"{OURS}cuMemAlloc"),
        ("cuMemAlloc_v2", f"{OURS}cuMemAlloc_v2"),
        ("cuMemFreeAsync_ptsz", f"{OURS}cuMemFreeAsync_ptsz"),
        ("cuLaunchKernel", f"{OURS}cuLaunchKernel"),
        ("cuStreamCreate", f"{THEIRS}cuStreamCreate"),
        ("cuNoSuchThing", "nowhere"),
    ],
)
def test_dlsym_answers_with_the_hook_of_the_same_spelling(
    rig: Rig, name: str, expected: str
) -> None:
    with rig.program() as program:
        assert program.ask(f"sym {name}") == expected


def test_a_function_that_is_asked_for_with_its_version_is_the_hook_too(
    rig: Rig, library: Path
) -> None:
    assert library
    make("fakes", f"PYTHON={sys.executable}", "FAKES=../build/versioned", "NODE=DRIVER")
    rig.libraries(str(BUILD / "versioned/lib"))
    with rig.program("version") as program:
        assert program.fill() == 3000


def test_a_hook_is_not_found_where_the_driver_is_not(rig: Rig) -> None:
    """A program that looks for CUDA among what it has loaded must not find ours in its place."""
    with rig.program() as program:
        assert program.ask("sym nvmlDeviceGetMemoryInfo default") == "nowhere"
        assert program.ask("nvml 0").startswith("3145728000 ")
        assert (
            program.ask("sym nvmlDeviceGetMemoryInfo default") == f"{OURS}nvmlDeviceGetMemoryInfo"
        )


def test_rtld_next_still_means_the_callers_next(rig: Rig) -> None:
    """Another library in front of libc finds libc's function, not its own."""
    env = rig.environment()
    for order in (
        (rig.library, TESTS / "clients/wrapper.so"),
        (TESTS / "clients/wrapper.so", rig.library),
    ):
        env["LD_PRELOAD"] = ":".join(map(str, order))
        command = ["python3", "-c", "import os; print(os.getppid())"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        assert done.stdout == f"{os.getpid()}\n"


def test_a_library_with_the_drivers_own_names_finds_the_next_one_behind_itself(rig: Rig) -> None:
    """However often it asks, and wherever it was preloaded."""
    shim = build_client("shim.so", "-shared", "-fPIC", source="shim.c")
    script = f"import ctypes; ctypes.CDLL('libcuda.so.1', 256); ctypes.CDLL('{shim}').cuTellsNext()"
    for order in ((rig.library, shim), (shim, rig.library)):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=rig.environment() | {"LD_PRELOAD": ":".join(map(str, order))},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["libtranche.so"] * 2
        assert done.stderr == ""  # a name like the driver's is not one of the driver's


@pytest.fixture(scope="module")
def spaces(library: Path) -> Path:
    assert library
    fakes = BUILD / "fakes/lib"
    linked = (f"-L{fakes}", "-l:libcuda.so.1")
    build_client("uses_driver.so", "-shared", "-fPIC", *linked, source="uses_driver.c")
    return build_client("spaces")


def in_a_namespace(rig: Rig, spaces: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [spaces, *words], env=rig.environment(), capture_output=True, text=True, check=True
    )


def test_a_driver_asked_for_in_a_namespace_of_its_own_is_the_programs(
    rig: Rig, spaces: Path
) -> None:
    done = in_a_namespace(rig, spaces, "libcuda.so.1", "cuMemAlloc_v2")
    assert (done.stdout, done.stderr) == ("base libtranche.so\n", "")


def test_a_library_that_brings_a_driver_into_a_namespace_is_not_loaded(
    rig: Rig, spaces: Path
) -> None:
    done = in_a_namespace(rig, spaces, TESTS / "clients/uses_driver.so")
    assert done.stdout.startswith("refused: the driver may not be in a namespace of its own")
    assert "load it with dlopen" in done.stderr


def test_any_other_library_has_its_namespace(rig: Rig, spaces: Path) -> None:
    done = in_a_namespace(rig, spaces, TESTS / "clients/wrapper.so", "getppid")
    assert (done.stdout, done.stderr) == ("own wrapper.so\n", "")


def test_a_name_that_no_release_knows_passes_and_is_told_of_once(rig: Rig, library: Path) -> None:
    assert library
    make("fakes", f"PYTHON={sys.executable}", "FAKES=../build/newer", "ALSO=cuMemAllocFancy cuFoo")
    rig.libraries(str(BUILD / "newer/lib"))
    with rig.program() as program:
        assert program.ask("sym cuMemAllocFancy") == f"{THEIRS}cuMemAllocFancy"
        assert program.ask("sym cuFoo") == f"{THEIRS}cuFoo"
        assert program.ask("sym cuNoSuchThing") == "nowhere"
        assert program.ask("sym cuLaunchHostFunc") == f"{THEIRS}cuLaunchHostFunc"
        errors = program.end()
    assert errors.count("\n") == 1
    assert "the driver has cuMemAllocFancy, which this release does not know" in errors


def test_what_nvidia_smi_asks_for_and_no_header_has_is_nothing_to_tell_of(
    rig: Rig, spaces: Path
) -> None:
    done = in_a_namespace(rig, spaces, "libnvidia-ml.so.1", "nvmlInternalGetExportTable")
    assert (done.stdout, done.stderr) == ("base libnvidia-ml.so.1\n", "")
