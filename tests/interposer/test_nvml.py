"""What NVML shows to a program of a slice: its cards, its memory, its processes, and no more."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interposer.builds import REPOSITORY, build_cuda_client
from tests.interposer.rig import MIB, Rig

PROGRAM = Path(__file__).with_name("nvml_program.py")
NOT_FOUND = -6
INVALID_ARGUMENT = -2
NOT_SUPPORTED = -3
LOST = -15


def ask(rig: Rig, *words: str, interposed: bool = True) -> dict[str, Any]:
    """What a program sees that finds NVML where the container has it."""
    done = subprocess.run(
        [sys.executable, PROGRAM, *words],
        env=rig.environment(interposed=interposed),
        capture_output=True,
        text=True,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_memory_is_the_slices_in_every_version(rig: Rig) -> None:
    with rig.program() as program:
        assert program.ask(f"alloc plain {1000 * MIB}") == "0"
        (card,) = ask(rig)["cards"]
    assert card["memory"] == card["newer"] == [3000 * MIB, 2000 * MIB, 1000 * MIB]
    assert card["bar1"] == [3000 * MIB, 3000 * MIB]


def test_cards_of_others_are_not_there(rig: Rig) -> None:
    for granted, place in (("A", 0), ("B", 1)):
        rig.slice(**{granted: 100})
        other = {"A": rig.B, "B": rig.A}[granted]
        pci = "0000:3c:00.0" if granted == "A" else "0000:3b:00.0"
        own = getattr(rig, granted)
        said = ask(rig, own, other, pci)
        assert [card["uuid"] for card in said["cards"]] == [own]
        assert said["cards"][0]["index"] == 0
        assert said["beyond"] == INVALID_ARGUMENT
        assert said["named"] == {own: 0, other: NOT_FOUND, pci: NOT_FOUND}
        assert len(ask(rig, interposed=False)["cards"]) == 2
        assert ask(rig, interposed=False)["cards"][place]["uuid"] == own


def test_only_the_slices_own_processes_are_shown_with_what_they_count(rig: Rig) -> None:
    with rig.program() as first, rig.program() as second, stranger(rig) as other:
        assert first.ask(f"alloc plain {100 * MIB}") == "0"
        assert second.ask(f"alloc plain {200 * MIB}") == "0"
        mine = [[first.process.pid, 100 * MIB], [second.process.pid, 200 * MIB]]
        pids = [first.process.pid, second.process.pid]
        strange = str(other)
        (card,) = ask(rig, strange, str(first.process.pid))["cards"]
        said = ask(rig, strange, str(first.process.pid))
        bare = ask(rig, interposed=False)["cards"][0]
    for version in ("", "_v2", "_v3"):
        assert sorted(card[f"processes{version}"]) == sorted(mine)
        assert len(bare[f"processes{version}"]) == 3
    assert sorted(card["utilisation"]) == sorted(pids)
    assert sorted(card["accounted"]) == sorted(pids)
    assert said["stats"] == {strange: NOT_FOUND, str(first.process.pid): 0}


@contextmanager
def stranger(rig: Rig) -> Iterator[int]:
    """The id of a neighbour's process: on the same card, not under the library."""
    process = subprocess.Popen(
        [REPOSITORY / "build/tools/fill", "--mib", "50", "--hold", "forever", "--json"],
        env=rig.environment(interposed=False),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["allocated_mib"] == 50
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def test_without_sound_limits_cards_are_shown_with_nothing_free_and_nobody_on_them(
    rig: Rig,
) -> None:
    with stranger(rig):
        rig.limits_bytes(None)
        cards = ask(rig)["cards"]
    assert [card["uuid"] for card in cards] == [rig.A, rig.B]
    assert [card["memory"] for card in cards] == [[8000 * MIB, 0, 8000 * MIB]] * 2
    assert all(card["processes_v3"] == [] for card in cards)


MIG = {
    "card": "GPU-a1800000-1111-2222-3333-000000000000",
    "large": "MIG-a1800000-0001-5222-3333-000000000001",
    "small": "MIG-a1800000-000d-5222-3333-00000000000d",
    "whole": "GPU-a1800001-1111-2222-3333-000000000001",
}


@pytest.fixture
def mig(rig: Rig) -> Rig:
    rig.preset("A100-MIG")
    return rig


def test_of_a_card_in_mig_mode_only_granted_instances_are_shown(mig: Rig) -> None:
    mig.grant({MIG["small"]: 5000 * MIB})
    said = ask(mig, MIG["large"], MIG["whole"], MIG["card"], MIG["small"])
    (card,) = said["cards"]
    assert card["uuid"] == MIG["card"]
    assert [one["uuid"] for one in card["instances"]] == [MIG["small"]]
    assert card["instances"][0]["memory"] == [5000 * MIB, 5000 * MIB, 0]
    assert card["instances"][0]["mib"] == 5000
    assert card["instances"][0]["bar1"] == [5000 * MIB, 5000 * MIB]
    assert card["memory"] == [5000 * MIB, 5000 * MIB, 0]
    assert said["named"] == {
        MIG["large"]: NOT_FOUND,
        MIG["whole"]: NOT_FOUND,
        MIG["card"]: 0,
        MIG["small"]: 0,
    }


def test_memory_of_an_instance_is_held_to_the_slice(mig: Rig) -> None:
    mig.grant({MIG["small"]: 100 * MIB})
    with mig.program(CUDA_VISIBLE_DEVICES=MIG["small"]) as program:
        assert program.fill() == 100


def test_a_card_whose_memory_is_the_hosts_is_not_supported_and_still_held(rig: Rig) -> None:
    rig.preset("GB10")
    rig.grant({"GPU-6b100000-1111-2222-3333-000000000000": 3000 * MIB})
    (card,) = ask(rig)["cards"]
    assert card["memory"] == card["newer"] == NOT_SUPPORTED
    with rig.program() as program:
        assert program.fill(size=10 * MIB) == 300
        assert program.ask("info") == f"0 0 {3000 * MIB}"


def test_a_lost_card_of_the_slice_is_shown_with_the_drivers_error(rig: Rig) -> None:
    rig.fault("lost", rig.A)
    (card, *rest) = ask(rig)["cards"]
    assert card["memory"] == card["uuid"] == LOST
    assert not rest


def rarely(rig: Rig, pid: int, strange: int, *, interposed: bool = True) -> dict[str, list[str]]:
    """What a program is told that asks in ways in which few do."""
    words = [rig.A, rig.B, "13200", "13201", str(pid), str(strange)]
    done = subprocess.run(
        [build_cuda_client("nvml_ways"), *words],
        env=rig.environment(interposed=interposed),
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}


def test_the_rarer_ways_to_ask_show_no_more_than_the_usual_ones(rig: Rig) -> None:
    with rig.program() as program, stranger(rig) as strange:
        assert program.ask(f"alloc plain {1000 * MIB}") == "0"
        mine = program.process.pid
        said = rarely(rig, mine, strange)
        bare = rarely(rig, mine, strange, interposed=False)
    assert said == {
        "uuid": ["0", str(-NOT_FOUND)],
        "serial": ["0", str(-NOT_FOUND)],
        "set_count": ["0", "1"],
        "set": ["0", rig.A],
        "nearest": ["0"],
        "unit": ["0", rig.A],
        "excluded": ["0", "0", str(-INVALID_ARGUMENT)],
        "protected": ["0", "3000", "1000"],
        "protected_size": ["0", "3000"],
        "limits": ["0", "3000", "1000"],
        **{name: ["0", str(mine)] for name in ("use", "details", "encoders", "captures")},
        "sessions": ["0", "1"],
        "accounts": ["0", str(-NOT_FOUND)],
    }
    assert [name for name in said if said[name] == bare[name]] == []
