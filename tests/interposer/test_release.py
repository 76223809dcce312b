"""The library as it is released: for both processors, and for every glibc since 2.17."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interposer.builds import BUILD, build_library, make
from tests.interposer.rig import MIB, Rig
from tests.interposer.test_form import HOOKS, names

PROCESSORS = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}


@pytest.fixture(scope="module", params=PROCESSORS)
def release(request: pytest.FixtureRequest) -> Path:
    make(f"release-{request.param}", f"PYTHON={sys.executable}")
    return BUILD / "release" / request.param / "libtranche.so"


def read(release: Path, *flags: str) -> str:
    words = ["readelf", "--wide", *flags, release]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_it_is_of_its_processor(release: Path) -> None:
    assert f"Machine:                           {PROCESSORS[release.parent.name]}" in read(
        release, "--file-header"
    )


def test_it_needs_no_library_and_no_version_of_one(release: Path) -> None:
    assert "NEEDED" not in read(release, "--dynamic")
    assert "Version needs" not in read(release, "--version-info")


def test_it_exports_its_hooks_and_the_loaders_functions_and_nothing_else(release: Path) -> None:
    symbols = read(release, "--dyn-syms").splitlines()
    exported = {s.split()[-1] for s in symbols if re.search(r" (GLOBAL|WEAK) .* \d+ \w+$", s)}
    hooks = names("cuda", HOOKS) | names("nvml", HOOKS)
    assert exported == hooks | {"dlsym", "dlvsym", "dlopen", "dlmopen"}


def test_its_code_is_never_written_and_its_stack_and_data_never_run(release: Path) -> None:
    assert "TEXTREL" not in read(release, "--dynamic")
    for line in read(release, "--program-headers").splitlines():
        words = line.split()
        if words[:1] == ["GNU_STACK"]:
            assert "E" not in words[6:-1]
        if words[:1] == ["LOAD"]:
            assert "WE" not in "".join(words[6:-1])


def test_what_of_it_is_loaded_is_small(release: Path) -> None:
    loads = [
        line.split()
        for line in read(release, "--program-headers").splitlines()
        if line.split()[:1] == ["LOAD"]
    ]
    assert sum(int(words[5], 16) for words in loads) < MIB // 2


def test_what_the_other_compiler_makes_holds_the_slice_too(rig: Rig) -> None:
    compiler = f"{sys.executable} -m ziglang cc --target=x86_64-linux-gnu.2.17"
    rig.library = build_library("zig", compiler=compiler)
    for via in ("dlsym", "direct", "gpa2", "next"):
        with rig.program(via) as program:
            assert program.fill() == 3000
            assert program.ask("freeall") == "0"
