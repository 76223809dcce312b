"""Nothing that is written into the region makes a program crash, hang, or be granted too much."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.interposer.builds import REPOSITORY, TESTS

SECONDS = int(os.environ.get("TRANCHE_FUZZ_SECONDS", "30"))
SEED = 6
SOURCES = REPOSITORY / "interposer/src"
HARNESS = Path(__file__).parent / "fuzz/region.c"


def build(compiler: str, name: str, *flags: str, source: Path = SOURCES) -> Path | None:
    """The harness; None where the compiler cannot build it."""
    target = TESTS / "fuzz" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    include = [f"-I{REPOSITORY / 'interposer/include'}", f"-I{source}"]
    words = [compiler, "-std=gnu11", "-O1", "-g", *flags, "-fno-sanitize-recover=all", *include]
    words += ["-o", str(target), str(HARNESS), str(source / "core/process.c")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return target if done.returncode == 0 else None


def libfuzzer() -> Path | None:
    compiler = next(filter(shutil.which, ("clang", "clang-19", "clang-14")), None)
    return compiler and build(compiler, "region", "-fsanitize=fuzzer,address,undefined")


def random_driver(name: str = "alone", source: Path = SOURCES) -> Path:
    flags = ["-DALONE", "-fsanitize=address,undefined", "-Wall", "-Wextra", "-Werror"]
    program = build(os.environ.get("CC", "cc"), name, *flags, source=source)
    assert program
    return program


def run(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = list(map(str, words))
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS + 60
    )


@pytest.mark.timeout(SECONDS + 120)
def test_a_region_of_any_bytes_does_no_harm(tmp_path: Path) -> None:
    """By libFuzzer where clang has it, else by inputs at random."""
    fuzzer = libfuzzer()
    if fuzzer:
        words = [fuzzer, f"-seed={SEED}", f"-max_total_time={SECONDS}", "-max_len=1200"]
        done = run(*words, "-print_final_stats=1", folder=tmp_path)
    else:
        done = run(random_driver(), str(SECONDS), str(SEED), folder=tmp_path)
    print(*(done.stdout + done.stderr).splitlines()[-6:], sep="\n")
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize(
    ("there", "without"),
    [
        ("return n <= TRANCHE_MAX_SLOTS ? n : TRANCHE_MAX_SLOTS;", "return n;"),
        ("if (attempt >= MOST_WAITS) return false;", ""),
        ("if (__builtin_add_overflow(total, used, &total)) return UINT64_MAX;", "total += used;"),
        ("sum(ledger, card, own) <= ledger_limit(ledger, card)", "bytes <= card + 4096"),
    ],
    ids=["slots", "waits", "sum", "limit"],
)
def test_what_keeps_harm_away_is_needed(tmp_path: Path, there: str, without: str) -> None:
    """The harness can fail: it does where a check of the ledger is left out."""
    shutil.copytree(SOURCES, tmp_path / "src")
    file = tmp_path / "src/core/ledger.c"
    assert there in file.read_text()
    file.write_text(file.read_text().replace(there, without))
    assert run(random_driver("broken", tmp_path / "src"), "3", "1", folder=tmp_path).returncode
