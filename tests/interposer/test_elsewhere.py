"""The library holds a slice on other processors and beside another libc.

The library, a fake driver and a client are built for each by zig; to run them takes an emulator and
its libc, or a loader, which Debian has as qemu-user with libc6-arm64-cross, and as musl.
"""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interposer.builds import BUILD, build_client, build_library, make
from tests.interposer.rig import MIB, Program, Rig


@dataclass(frozen=True)
class Place:
    """Zig's names of it, for the library and for programs; how these run there; what that needs."""

    library: str
    program: str
    run: tuple[str, ...]
    needs: tuple[str, ...]


PLACES = {
    "aarch64": Place(
        "aarch64-linux-gnu.2.17",
        "aarch64-linux-gnu.2.31",
        ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"),
        ("qemu-aarch64", "/usr/aarch64-linux-gnu/lib/libc.so.6"),
    ),
    "musl": Place(
        "x86_64-linux-gnu.2.17",  # there is one library for both
        "x86_64-linux-musl",
        (),
        ("/lib/ld-musl-x86_64.so.1",),
    ),
}


@pytest.fixture(params=PLACES)
def program(request: pytest.FixtureRequest, rig: Rig) -> Iterator[Program]:
    name, place = request.param, PLACES[request.param]
    for need in place.needs:
        if not shutil.which(need) and not Path(need).exists():
            pytest.skip(f"{need} is not installed")
    zig = [sys.executable, "-m", "ziglang", "cc"]
    compiler = [*zig, f"--target={place.program}"]
    fakes = BUILD / f"fakes-{name}"
    libraries = [f"{fakes}/lib/{library}" for library in ("libcuda.so.1", "libnvidia-ml.so.1")]
    make(*libraries, f"FAKES={fakes}", f"CC={' '.join(compiler)}", f"PYTHON={sys.executable}")
    rig.libraries(fakes / "lib")
    client = build_client(f"client-{name}", "-dynamic", source="client.c", compiler=compiler)
    library = build_library(name, compiler=" ".join([*zig, f"--target={place.library}"]))
    env = rig.environment(LD_PRELOAD=str(library))
    if place.run:  # what is the emulated program's is not the emulator's
        options = [word for key in env if key != "PATH" for word in ("-E", f"{key}={env[key]}")]
        running = Program([*place.run, *options, client, "dlsym"], {"PATH": env["PATH"]})
    else:
        running = Program([client, "dlsym"], env)
    yield running
    running.kill()


def test_a_slice_is_held(rig: Rig, program: Program) -> None:
    assert program.ask("init 0") == "0"
    for kind in ("plain", "create", "pool"):
        assert 1450 < program.fill(kind, 2 * MIB) <= 1500
        assert program.ask("freeall") == "0"
    assert rig.peak() <= 3000
