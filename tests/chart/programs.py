"""The programs that the chart's tests run, where they are on this machine."""

import os
import shutil
from pathlib import Path

import pytest

CHART = Path(__file__).resolve().parents[2] / "charts" / "tranche"


def find(name: str) -> str | None:
    """The newest one that the end-to-end tests built, else the one on PATH."""
    root = os.environ.get("TRANCHE_CACHE")
    cache = Path(root) if root else Path.home() / ".cache" / "tranche"
    built = sorted(cache.glob(f"bin/*/{name}"), key=lambda path: path.stat().st_mtime)
    return str(built[-1]) if built else shutil.which(name)


def need(*names: str) -> list[str]:
    """Their paths; skips the test, saying why, where one is missing."""
    missing = [name for name in names if find(name) is None]
    if missing:
        pytest.skip(
            f"{', '.join(missing)}: neither on PATH nor built"
            " (`python -m tests.e2e.cluster build` builds them)"
        )
    return [path for name in names if (path := find(name))]
