"""The image builds the interposer as its Makefile does, though it has no `make`."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INTERPOSER = ROOT / "interposer"
WARNINGS = re.compile(r"-(w|W[a-z-]+)$")  # the Makefile's business, with the compiler it knows
FILES = re.compile(r"-Wl,--version-script=")


def flags_of(commands: list[str]) -> list[set[str]]:
    """The flags of compiling and of linking, but for warnings and names of files."""
    found: list[set[str]] = [set(), set()]
    for command in commands:
        flags = {word for word in command.split() if word.startswith("-")}
        found["-shared" in flags] |= {
            flag for flag in flags if not WARNINGS.match(flag) and not FILES.match(flag)
        }
    return found


def test_the_library_is_built_with_the_makefiles_flags():
    dry = ["make", "--dry-run", "--always-make", "CC=compiler", "library"]
    try:
        said = subprocess.run(dry, cwd=INTERPOSER, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("no make on PATH")
    theirs = [line for line in said.stdout.splitlines() if line.lstrip("@").startswith("compiler")]
    joined = DOCKERFILE.replace("\\\n", " ")
    ours = [part for part in re.split(r"&&|;|\n", joined) if re.match(r" *(do +)?\$cc ", part)]
    assert len(ours) == 2
    assert flags_of(ours) == flags_of(theirs)
    assert "for source in src/*.c src/*/*.c;" in DOCKERFILE
    assert "$(wildcard src/*.c src/*/*.c)" in (INTERPOSER / "Makefile").read_text()


def test_the_library_exports_what_the_makefile_says():
    made = re.search(r"\{ echo '\{ global.*?local: \*; \};'; \}", DOCKERFILE, re.DOTALL)
    assert made is not None
    makefile = (INTERPOSER / "Makefile").read_text().replace("\\\n", "").replace("$(DEFS)", "*")
    theirs = re.search(r"\{ echo '\{ global.*?local: \*; \};'; \}", makefile, re.DOTALL)
    assert theirs is not None

    def squeezed(text: str) -> str:
        return re.sub(r"\s+", " ", text)

    assert squeezed(made[0]).replace("symbols/*.def", "*") == squeezed(theirs[0])
