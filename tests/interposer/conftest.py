"""The library and its clients, built once; a slice of 3000 MiB of card A for each test."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interposer.builds import (
    BUILD,
    LIMITS,
    build_client,
    build_cuda_client,
    build_library,
    build_unit,
    make,
)
from tests.interposer.rig import Rig
from tests.interposer.simulated import SECOND_SLICE, Node


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


@pytest.fixture(scope="session")
def libraries(library: Path) -> list[Path]:
    """Of two slices on one node, with the fake driver's time."""
    assert library  # so its fakes are there
    build_cuda_client("pacing")
    SECOND_SLICE.mkdir(parents=True, exist_ok=True)
    fake = "-DTRANCHE_FAKE_CLOCK"
    return [
        build_library("simulated", defines=fake),
        build_library("simulated-second", folder=SECOND_SLICE, defines=fake),
    ]


@pytest.fixture
def node(rig: Rig, libraries: list[Path]) -> Iterator[Node]:
    with ExitStack() as stack:
        yield Node(rig, libraries, stack)


@pytest.fixture(scope="session")
def simulator() -> Path:
    return build_unit("pacer", "core/pacer.c", "core/prices.c", "../fakes/timeline.c")
