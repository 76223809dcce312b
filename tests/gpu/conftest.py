"""All of this needs an NVIDIA card; where there is none it is skipped, and says so in a line."""

from pathlib import Path

import pytest

from tests.gpu.rig import GpuRig, RealCard, build, find_card, has


@pytest.fixture(scope="session")
def card() -> RealCard:
    found = find_card()
    if isinstance(found, str):
        pytest.skip(f"not run on hardware: {found}")
    print(f"\non {found.model}, {found.mib} MiB, driver {found.driver}")
    return found


@pytest.fixture(scope="session")
def library(card: RealCard) -> Path:
    assert card
    return build()


@pytest.fixture
def gpu(card: RealCard, library: Path) -> GpuRig:
    rig = GpuRig(card, library)
    rig.slice(4000)
    return rig


@pytest.fixture(scope="session")
def torch() -> None:
    needs("torch")


@pytest.fixture(scope="session")
def cupy() -> None:
    needs("cupy")


@pytest.fixture(scope="session")
def jax() -> None:
    needs("jax")


@pytest.fixture(scope="session")
def triton() -> None:
    needs("triton")


def needs(module: str) -> None:
    """Skips where the programs' Python has not got it."""
    if not has(module):
        pytest.skip(f"{module} is not installed for the programs' Python (GPU_PYTHON)")
