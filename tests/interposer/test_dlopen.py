"""However a library is opened that uses the driver, it meets the hooks."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.interposer.builds import TESTS, build_client, build_cuda_client
from tests.interposer.rig import Rig


@pytest.fixture(scope="module")
def opens(library: Path) -> Path:
    assert library
    build_cuda_client("fills.so", "-shared", "-fPIC", source="fills.c")
    return build_client("opens", "-Wl,-rpath,$ORIGIN", "-Wl,--enable-new-dtags")


def said(rig: Rig, *words: str | Path) -> list[str]:
    done = subprocess.run(words, env=rig.environment(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("mode", ["plain", "deep", "space"])
def test_a_library_that_would_rather_have_its_own_symbols_is_held_too(
    rig: Rig, opens: Path, mode: str
) -> None:
    """`RTLD_DEEPBIND`, with which SYCL opens its adapter for CUDA."""
    assert said(rig, opens, mode, TESTS / "clients/fills.so") == ["3000"]
    assert rig.peak() == 3000


def test_a_library_is_looked_for_where_its_opener_would_look(rig: Rig, opens: Path) -> None:
    """The loader sees whose call it is, and so which folders to look into."""
    assert said(rig, opens, "plain", "fills.so") == ["3000"]


def test_a_second_copy_of_the_driver_is_the_first(rig: Rig, opens: Path, tmp_path: Path) -> None:
    """As where a program brings a driver of its own and another part asks for the node's."""
    first = rig.root / "usr/lib/x86_64-linux-gnu/libcuda.so.1"
    other = tmp_path / "compat/libcuda.so.1"
    other.parent.mkdir()
    shutil.copy(first, other)
    assert said(rig, opens, "plain", "libcuda.so.1", other) == ["libtranche.so"] * 2
    assert said(rig, opens, "plain", other, "libcuda.so.1") == ["libtranche.so"] * 2
    absent = tmp_path / "compat/libcuda.so.2"
    _, refused = said(rig, opens, "plain", first, absent)
    assert refused.startswith(f"refused: {absent}: cannot open shared object file")
