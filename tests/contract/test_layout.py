"""Python and C lay the shared files out alike, by C's own word."""

import ctypes
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nodeagent.enforcement import layout
from nodeagent.slices import cdi
from tranche.words import names

INCLUDE = Path(__file__).parents[2] / "interposer" / "include"
STRUCTS: dict[str, Any] = {
    "tranche_limits_card": layout.LimitsCard,
    "tranche_limits": layout.Limits,
    "tranche_region_card": layout.RegionCard,
    "tranche_region_slot": layout.RegionSlot,
    "tranche_region": layout.Region,
}
NUMBERS = {
    "TRANCHE_LIMITS_MAGIC": layout.LIMITS_MAGIC,
    "TRANCHE_LIMITS_VERSION": layout.LIMITS_VERSION,
    "TRANCHE_LIMITS_SIZE": layout.LIMITS_SIZE,
    "TRANCHE_MAX_CARDS": layout.MAX_CARDS,
    "TRANCHE_MAX_SLOTS": layout.MAX_SLOTS,
    "TRANCHE_OWNER_PID_BITS": layout.OWNER_PID_BITS,
    "TRANCHE_OWNER_START_BITS": layout.OWNER_START_BITS,
    "TRANCHE_REGION_STAMP": layout.REGION_STAMP,
    "TRANCHE_REGION_SIZE": layout.REGION_SIZE,
}
PATHS = {
    "TRANCHE_LIBRARY_PATH": names.LIBRARY_PATH,
    "TRANCHE_LIMITS_PATH": names.LIMITS_PATH,
    "TRANCHE_REGION_PATH": names.REGION_PATH,
}


def python_says() -> dict[str, str]:
    said = {name: str(value) for name, value in NUMBERS.items()} | PATHS
    for name, struct in STRUCTS.items():
        said[name] = str(ctypes.sizeof(struct))
        for field, *_ in struct._fields_:
            place = getattr(struct, field)
            said[f"{name}.{field}"] = f"{place.offset} {place.size}"
    return said


@pytest.fixture(scope="module")
def c_says(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Compiles and runs a program that prints the same from the headers."""
    lines = [f'printf("{name}=%llu\\n", (unsigned long long){name});' for name in NUMBERS]
    lines += [f'printf("{name}=%s\\n", {name});' for name in PATHS]
    for name, struct in STRUCTS.items():
        lines.append(f'printf("{name}=%zu\\n", sizeof(struct {name}));')
        for field, *_ in struct._fields_:
            of = f"offsetof(struct {name}, {field}), sizeof(((struct {name} *)0)->{field})"
            lines.append(f'printf("{name}.{field}=%zu %zu\\n", {of});')
    headers = "".join(f'#include "tranche/{name}.h"\n' for name in ("limits", "region", "paths"))
    folder = tmp_path_factory.mktemp("layout")
    source, program = folder / "print.c", folder / "print"
    body = "\n".join(lines)
    source.write_text(f"#include <stdio.h>\n{headers}int main(void) {{\n{body}\nreturn 0;\n}}\n")
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-std=c11", f"-I{INCLUDE}", source, "-o", program], check=True)
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return dict(line.split("=", 1) for line in printed.splitlines())


@pytest.mark.parametrize("what", python_says())
def test_both_say_the_same(c_says: dict[str, str], what: str):
    assert c_says[what] == python_says()[what]


def test_the_preload_file_names_the_library_of_the_header(c_says: dict[str, str]):
    mounts = cdi._mounts(cdi.Mounts(Path("/a"), Path("/b"), Path("/c"), Path("/d")))
    paths = [mount["containerPath"] for mount in mounts]
    assert paths == [*(c_says[name] for name in PATHS), "/etc/ld.so.preload"]
