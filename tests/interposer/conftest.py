"""The library and its clients, built once; a slice of 3000 MiB of card A for each test."""

import sys
from pathlib import Path

import pytest

from tests.interposer.rig import BUILD, LIMITS, Rig, build_client, build_library, make


@pytest.fixture(scope="session")
def library() -> Path:
    make("all", "fakes", f"PYTHON={sys.executable}")
    LIMITS.parent.mkdir(parents=True, exist_ok=True)
    fakes = BUILD / "fakes/lib"
    build_client("client")
    build_client("direct", "-DDIRECT", f"-L{fakes}", "-l:libcuda.so.1", source="client.c")
    build_client("race")
    build_client("wrapper.so", "-shared", "-fPIC", source="wrapper.c")
    return build_library()


@pytest.fixture
def rig(tmp_path: Path, library: Path) -> Rig:
    rig = Rig(tmp_path / "driver", library)
    rig.cards(A=8000, B=8000)
    rig.slice(A=3000)
    return rig
