"""Each fuzz target runs for half a minute; for longer with TRANCHE_FUZZ_SECONDS."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = int(os.environ.get("TRANCHE_FUZZ_SECONDS", "30"))


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize(
    "target", sorted(f.stem for f in HERE.glob("*.py") if f.stem != "test_fuzz")
)
def test_whatever_the_bytes_nothing_breaks(target: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has no package for this Python")
    command = [sys.executable, "-m", f"tests.fuzz.{target}", f"-max_total_time={SECONDS}"]
    done = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parents[1],
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Done" in done.stderr
