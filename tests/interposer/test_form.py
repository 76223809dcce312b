"""What the library is made of, and that it is no burden to programs that know no GPU."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.interposer.builds import REPOSITORY
from tests.interposer.rig import Rig

SYMBOLS = REPOSITORY / "interposer/symbols"


HOOKS = "ROUTES|COUNTS|HIDES|PACES"


def names(kind: str, word: str = f"{HOOKS}|CALLS") -> set[str]:
    return set(
        re.findall(rf"^(?:{word})\((\w+),", (SYMBOLS / f"{kind}.def").read_text(), re.MULTILINE)
    )


def output(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_it_exports_its_hooks_and_the_loaders_functions_and_nothing_else(library: Path) -> None:
    lines = output("nm", "-D", "--defined-only", library).split("\n")
    hooks = names("cuda", HOOKS) | names("nvml", HOOKS)
    loaders = {"dlsym", "dlvsym", "dlopen", "dlmopen"}
    assert {line.split()[-1] for line in lines if line} == hooks | loaders


def test_it_needs_no_library_and_no_version_of_one(library: Path) -> None:
    """So it loads beside any libc, however old; and never pulls a driver into a process."""
    assert "NEEDED" not in output("readelf", "-d", library)
    assert "Version needs" not in output("readelf", "-V", library)


def test_it_runs_nothing_when_loaded(library: Path) -> None:
    dynamic = output("readelf", "-d", library)
    assert not re.search(r"\b(INIT|FINI|INIT_ARRAY|FINI_ARRAY)\b", dynamic)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("kind", ["cuda", "nvml"])
def test_every_name_of_the_tables_is_the_drivers(kind: str) -> None:
    real = {"cuda": "libcuda.so.1", "nvml": "libnvidia-ml.so.1"}[kind]
    lines = output("nm", "-D", "--defined-only", REPOSITORY / "build/fakes/lib" / real).split()
    assert names(kind) <= set(lines)


@pytest.mark.parametrize(
    "command",
    [["sh", "-c", "echo ok"], ["python3", "-c", "print('ok')"], ["ls", "/"], ["env"],
     ["python3", "-c", "import ctypes, subprocess; subprocess.run(['true'], check=True)"]],
    ids=["sh", "python", "ls", "env", "subprocess"],
)  # fmt: skip
def test_programs_without_a_gpu_feel_nothing(rig: Rig, command: list[str]) -> None:
    """Even where limits and region are missing: the same output, and nothing on stderr."""
    rig.limits_bytes(None)
    rig.region_bytes(None)
    env = rig.environment()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    bare = subprocess.run(
        command, env=env | {"LD_PRELOAD": ""}, capture_output=True, text=True, check=True
    )
    assert done.stdout.replace(env["LD_PRELOAD"], "") == bare.stdout


def test_a_program_with_a_driver_but_no_card_asks_nothing_of_the_slice(rig: Rig) -> None:
    rig.limits_bytes(None)
    with rig.program() as program:
        assert program.ask("cards") == "2"
        assert program.end() == ""


def test_named_twice_it_is_loaded_once(rig: Rig) -> None:
    preload = f"{rig.library}:{rig.library}"
    with rig.program(LD_PRELOAD=preload) as program:
        maps = Path(f"/proc/{program.process.pid}/maps").read_text()
        assert len(re.findall(r"r-xp .*libtranche", maps)) == 1
        assert program.fill() == 3000
