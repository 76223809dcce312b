"""The tests that ask the oracle hold, too, with a library and programs that sanitizers watch.

Any of the tests can be run so: TRANCHE_SANITIZE=thread, or address,undefined. Races are watched
where they are tested.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interposer.builds import REPOSITORY, SANITIZE

HERE = Path(__file__).parent
ASK_THE_ORACLE = ["arrays", "capture", "contexts", "graphs", "limit", "physical", "sharing"]


@pytest.mark.skipif(bool(SANITIZE), reason="this run is watched already")
@pytest.mark.timeout(900)
def test_addresses_and_behaviour_are_sound(tmp_path: Path) -> None:
    files = [str(HERE / f"test_{name}.py") for name in ASK_THE_ORACLE]
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    words += ["--basetemp", str(tmp_path / "tests"), "-k", "not sanitizer", *files]
    env = os.environ | {"TRANCHE_SANITIZE": "address,undefined"}
    done = subprocess.run(
        words, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-20000:]
