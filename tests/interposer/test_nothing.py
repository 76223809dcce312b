"""Called with nothing, a hook answers what the driver answers."""

import re
import subprocess

import pytest

from tests.interposer.builds import REPOSITORY, build_cuda_client
from tests.interposer.rig import Rig

NO_PLACE, NUMBER_AFTER_A_POINTER = 12, 1
LIBRARIES = {"cuda": "libcuda.so.1", "nvml": "libnvidia-ml.so.1"}
HIDDEN = {"nvmlGetExcludedDeviceInfoByIndex"}
"""The library has its own answer, whoever asks."""


def answers(
    rig: Rig, kind: str, place: int, names: list[str], *, interposed: bool
) -> dict[str, str]:
    program = build_cuda_client("nothing")
    done = subprocess.run(
        [program, LIBRARIES[kind], str(place), *names],
        env=rig.environment(interposed=interposed),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("kind", "place"),
    [("cuda", NO_PLACE), ("cuda", NUMBER_AFTER_A_POINTER), ("nvml", NO_PLACE)],
)
def test_nothing_at_all_ends_no_program_and_is_the_drivers_to_refuse(
    rig: Rig, kind: str, place: int
) -> None:
    """As far as the fake driver bears it."""
    table = (REPOSITORY / f"interposer/symbols/{kind}.def").read_text()
    names = re.findall(r"^(?:ROUTES|COUNTS|HIDES|PACES)\((\w+),", table, re.MULTILINE)
    if place != NO_PLACE:
        names = [name for name in names if not name.startswith("cuGraphInst")]  # no graph is at 1
    bare = answers(rig, kind, place, names, interposed=False)
    ours = answers(rig, kind, place, names, interposed=True)
    borne = {name for name in bare if "ended" not in bare[name]} - HIDDEN
    assert len(borne) > 0.7 * len(names)
    assert {name: ours[name] for name in borne} == {name: bare[name] for name in borne}
