"""The tables say of every entry point of every CUDA release what is done with it."""

import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from tests.interposer import headers
from tests.interposer.builds import REPOSITORY

SYMBOLS = REPOSITORY / "interposer/symbols"
RELEASES = [("cuda", r) for r in headers.CUDA] + [("nvml", r) for r in headers.NVML]
IN_NO_PACKAGE = {
    *("cuProfilerInitialize", "cuProfilerStart", "cuProfilerStop"),
    "nvmlInternalGetExportTable",
}
"""Of cudaProfiler.h, which comes with the toolkit alone, and what nvidia-smi asks for and no header
has (NVIDIA/k8s-test-infra, pkg/gpu/mocknvml); the driver exports them all the same."""

Rows = list[tuple[str, str, str]]


def rows(file: str) -> Rows:
    """Word, name and parameters of each row of a table."""
    text = (SYMBOLS / file).read_text()
    return re.findall(r"^([A-Z]+)\((\w+)(?:, \((.*)\))?\)$", text, re.MULTILINE)


def classed(kind: str) -> list[str]:
    return [name for file in (f"{kind}.def", f"{kind}_passes.def") for _, name, _ in rows(file)]


@pytest.mark.parametrize(("kind", "release"), RELEASES)
def test_every_name_of_the_headers_is_classed(kind: str, release: str) -> None:
    assert headers.names(kind, release) - set(classed(kind)) == set()


@pytest.mark.parametrize("kind", ["cuda", "nvml"])
def test_every_name_that_is_classed_is_in_a_header_and_in_one_place(kind: str) -> None:
    known = set().union(*(headers.names(k, release) for k, release in RELEASES if k == kind))
    names = classed(kind)
    assert set(names) - known <= IN_NO_PACKAGE
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", ["cuda", "nvml"])
def test_what_passes_stands_in_order(kind: str) -> None:
    """The library looks names up by halves."""
    names = [name for _, name, _ in rows(f"{kind}_passes.def")]
    assert all(one < other for one, other in pairwise(names))


def test_each_row_uses_a_word_that_the_table_explains() -> None:
    words = {word for kind in ("cuda", "nvml") for word, _, _ in rows(f"{kind}.def")}
    assert words <= {"ROUTES", "COUNTS", "HIDES", "PACES", "CALLS"}
    assert {word for k in ("cuda", "nvml") for word, _, _ in rows(f"{k}_passes.def")} == {"PASSES"}


def widths(parameters: str, sizes: dict[str, int]) -> list[int]:
    """Bytes of each parameter of a prototype."""
    found = []
    for parameter in parameters.split(","):
        words = re.sub(r"\bconst\b|\bstruct\b|\benum\b|\brestrict\b", "", parameter).strip()
        if words in {"", "void"}:
            continue
        if re.search(r"[*[]|\)$|Callback\b", words):
            found.append(8)
            continue
        kind = re.sub(r"\s*\w+$", "", words).strip() or words
        found.append(sizes[kind])
    return found


BASIC = {
    "int": 4, "unsigned int": 4, "unsigned": 4, "long": 8, "unsigned long long": 8, "float": 4,
    "size_t": 8, "cuuint64_t": 8, "cuuint32_t": 4, "CUdevice": 4, "CUdeviceptr": 8,
    "CUdeviceptr_v1": 4, "CUmemGenericAllocationHandle": 8, "CUresult": 4, "nvmlReturn_t": 4,
}  # fmt: skip


def prototypes(kind: str) -> dict[str, str]:
    """Function -> parameters, by the compiler's own reading of the newest header."""
    origin = headers.CUDA["13.5"] if kind == "cuda" else headers.NVML["13.5"]
    file = headers.header(*origin, "cuda.h" if kind == "cuda" else "nvml.h")
    defines = ["-D__CUDA_API_VERSION_INTERNAL", "-DNVML_NO_UNVERSIONED_FUNC_DEFS"]
    command = [os.environ.get("CC", "cc"), "-E", "-P", *defines, file]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    text = re.sub(r"\s+", " ", text)
    return dict(re.findall(r"\b(?:CUresult|nvmlReturn_t) (\w+) ?\(([^;{]*?)\);", text))


def sizes_of(kind: str) -> dict[str, int]:
    origin = headers.CUDA["13.5"] if kind == "cuda" else headers.NVML["13.5"]
    file: Path = headers.header(*origin, "cuda.h" if kind == "cuda" else "nvml.h")
    text = headers.generator().strip_comments(file.read_text("latin-1"))
    enums = re.findall(r"typedef\s+enum\s+\w*\s*\{[^}]*\}\s*(\w+)\s*;", text)
    handles = re.findall(r"typedef\s+struct\s+\w+\s*\*\s*(\w+)\s*;", text)
    functions = re.findall(r"typedef\s+void\s*\(\s*(?:CUDA_CB\s*)?\*\s*(\w+)\s*\)", text)
    eights = dict.fromkeys([*handles, *functions], 8)
    ours = (REPOSITORY / "interposer/src/driver_types.h").read_text()
    own = dict.fromkeys(re.findall(r"typedef struct \w+ \*(\w+);", ours), 8)
    numbers = dict.fromkeys(re.findall(r"typedef (?:int|unsigned) (\w+);", ours), 4)
    return numbers | own | eights | dict.fromkeys(enums, 4) | BASIC


@pytest.mark.parametrize("kind", ["cuda", "nvml"])
def test_each_hook_takes_what_the_drivers_function_takes(kind: str) -> None:
    """A parameter too few or of another width would shift all that follow it."""
    real, sizes = prototypes(kind), sizes_of(kind)
    compared = 0
    for _, name, parameters in rows(f"{kind}.def"):
        base = re.sub(r"_pt[sd][sz]$", "", name)
        if base in real:
            assert widths(parameters, sizes) == widths(real[base], sizes), name
            compared += 1
    assert compared > 0.9 * len(rows(f"{kind}.def"))


def test_every_type_of_the_drivers_is_compared_with_the_headers() -> None:
    ours = (REPOSITORY / "interposer/src/driver_types.h").read_text()
    compared = (REPOSITORY / "tests/contract/driver_types.c").read_text()
    structs = re.findall(r"^\} (\w+);", ours, re.MULTILINE)
    values = re.findall(r"^    ((?:CUDA|CU|NVML)_\w+) =", ours, re.MULTILINE)
    assert structs
    assert values
    assert [n for n in structs + values if not re.search(rf"\b{n}\b", compared)] == []
