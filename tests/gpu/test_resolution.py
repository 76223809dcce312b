"""On a real driver the library finds what it hooks."""

from pathlib import Path

import pytest

from tests.gpu.rig import GpuRig

GOLDEN = sorted((Path(__file__).parents[1] / "interposer/golden").glob("*.txt"))


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.stem)
def test_both_ways_to_a_function_lead_to_one_address(gpu: GpuRig, golden: Path) -> None:
    first, *apart = gpu.python("addresses", golden, interposed=False).splitlines()
    assert int(first.split()[0]) > 300
    assert apart == []
