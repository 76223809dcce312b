"""The tests for real cards run on the fake one as far as they need no more than a driver."""

import os
import subprocess
import sys

from tests.interposer.builds import REPOSITORY
from tests.interposer.rig import Rig


def gpu_tests(**env: str) -> str:
    command = [sys.executable, "-m", "pytest", "tests/gpu", "-q", "-s", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_on_a_card_they_say_which_and_hold_the_driver_to_the_slice(rig: Rig) -> None:
    library = str(rig.root / "usr/lib/x86_64-linux-gnu")
    said = gpu_tests(LD_LIBRARY_PATH=library, GPU_PYTHON=sys.executable)
    assert "on NVIDIA A100-SXM4-80GB, 8000 MiB, driver" in said
    assert "6 passed" in said


def test_without_a_card_they_say_that_they_did_not_run(rig: Rig) -> None:
    (rig.root / "dev/nvidia0").unlink()
    (rig.root / "dev/nvidia1").unlink()
    library = str(rig.root / "usr/lib/x86_64-linux-gnu")
    said = gpu_tests(LD_LIBRARY_PATH=library, GPU_PYTHON=sys.executable)
    assert "not run on hardware: the driver sees no card" in said
    assert "passed" not in said
