"""What the real cudart of three CUDA releases asks for at its start gets the driver's own answers.

The lists in ``golden`` were recorded from NVIDIA's libraries by ``golden/record.py``.
"""

import re
from pathlib import Path

import pytest

from tests.interposer.builds import REPOSITORY
from tests.interposer.rig import Rig

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))
HOOKED = set(
    re.findall(
        r"^(?:ROUTES|COUNTS|HIDES|PACES)\((\w+),",
        (REPOSITORY / "interposer/symbols/cuda.def").read_text(),
        re.MULTILINE,
    )
)


def answers(rig: Rig, requests: list[str], *, interposed: bool) -> list[str]:
    with rig.program(interposed=interposed) as program:
        return [program.ask(f"gpa {request}") for request in requests]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.stem)
def test_each_answer_is_the_hook_of_exactly_the_symbol_that_the_driver_returned(
    rig: Rig, golden: Path
) -> None:
    # One request has no name, to see whether there is an error for that; it has no form here.
    requests = [line for line in golden.read_text().splitlines() if not line.startswith(" ")]
    assert len(requests) > 380
    bare = answers(rig, requests, interposed=False)
    ours = answers(rig, requests, interposed=True)
    routed = 0
    for request, theirs, mine in zip(requests, bare, ours, strict=True):
        name = theirs.rpartition(":")[2]
        expected = theirs.replace("libcuda.so.1:", "libtranche.so:") if name in HOOKED else theirs
        assert mine == expected, request
        routed += expected != theirs
    assert routed > 10
