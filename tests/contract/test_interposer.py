"""What the interposer and its fakes say twice, they say alike."""

import os
import re
import subprocess
import sys
from pathlib import Path

INTERPOSER = Path(__file__).parents[2] / "interposer"


def test_the_drivers_types_are_as_nvidias_headers_have_them(tmp_path: Path) -> None:
    generator = INTERPOSER / "fakes/generate.py"
    words = [sys.executable, generator, "--include"]
    include = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    ours = printed(tmp_path, f"-I{INTERPOSER / 'src'}")
    assert "sizeof nvmlMemory_v2_t 40\n" in ours
    assert ours == printed(tmp_path, "-DREAL", *include)


def printed(folder: Path, *flags: str) -> str:
    source = Path(__file__).with_name("driver_types.c")
    program = folder / "program"
    words = [os.environ.get("CC", "cc"), "-std=gnu11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*words, *flags, "-o", program, source], check=True)
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout


def test_the_maker_of_the_driver_root_knows_the_oracles_size() -> None:
    header = (INTERPOSER / "fakes/oracle.h").read_text()
    size = re.search(r"define ORACLE_SIZE (\d+)u", header)
    assert size
    assert f"ORACLE_SIZE = {size[1]}\n" in (INTERPOSER / "fakes/driver_root.py").read_text()
