"""The node agent finds what programs take beyond their count, and the library holds them to it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interposer.builds import REGION
from tests.interposer.rig import MIB, OUT_OF_MEMORY, REGION_SLOTS, REGION_USED, Program, Rig
from tests.interposer.watched import CONTEXT, POD, Slice, watched

SLOTS, PID_NAMESPACE = 4096, 8
"""Where slots begin in the region, and that word in each; `tranche/region.h`."""


@pytest.fixture
async def a_slice(rig: Rig, tmp_path: Path) -> AsyncIterator[Slice]:
    async with watched(rig, tmp_path) as one:
        yield one


def load(program: Program, *, modules: int) -> None:
    for _ in range(modules):
        assert program.ask("module") == "0"


async def test_modules_and_contexts_are_charged_after_the_agents_look(a_slice: Slice):
    program = a_slice.program()
    load(program, modules=100)
    assert program.ask(f"alloc plain {500 * MIB}") == "0"
    assert program.ask("info") == f"0 {500 * MIB}"
    await a_slice.look()
    assert program.ask("info") == f"0 {500 * MIB + CONTEXT + 100 * MIB}"
    assert program.ask(f"alloc plain {2101 * MIB}") == str(OUT_OF_MEMORY)
    assert program.ask(f"alloc plain {2100 * MIB}") == "0"
    assert a_slice.true() == 3000 * MIB
    await a_slice.look()
    assert program.ask("info") == f"0 {3000 * MIB}"


async def test_what_is_unloaded_or_has_ended_is_given_back(a_slice: Slice):
    program, other = a_slice.program(), a_slice.program()
    load(program, modules=50)
    load(other, modules=50)
    await a_slice.look()
    assert program.ask("info") == f"0 {2 * CONTEXT + 100 * MIB}"
    other.kill()
    for _ in range(50):
        assert program.ask("unload") == "0"
    await a_slice.look()
    assert program.ask("info") == f"0 {CONTEXT}"
    program.kill()
    await a_slice.look()
    assert a_slice.program().ask("info") == "0 0"


async def test_what_the_dead_have_counted_hides_nothing_of_the_livings(a_slice: Slice):
    program, other = a_slice.program(), a_slice.program()
    assert program.ask(f"alloc plain {MIB}") == "0"
    assert other.ask(f"alloc plain {2000 * MIB}") == "0"
    load(program, modules=100)
    other.kill()
    await a_slice.look()
    assert a_slice.rig.counted(0) == 2001 * MIB
    assert a_slice.told() == CONTEXT + 100 * MIB


async def test_what_a_context_is_known_to_take_is_not_charged_twice(a_slice: Slice):
    a_slice.rig.change(0, context_bytes=CONTEXT)
    program = a_slice.program()
    load(program, modules=10)
    await a_slice.look()
    assert program.ask("info") == f"0 {CONTEXT + 10 * MIB}"


async def test_a_program_that_got_past_the_library_takes_room_from_its_own_slice(a_slice: Slice):
    escaped = a_slice.program(interposed=False)
    assert escaped.ask(f"alloc plain {2500 * MIB}") == "0"
    await a_slice.look()
    program = a_slice.program()
    assert program.ask("info") == f"0 {2500 * MIB + CONTEXT}"
    assert program.ask(f"alloc plain {201 * MIB}") == str(OUT_OF_MEMORY)


async def test_what_another_container_takes_of_the_card_is_none_of_the_slices(a_slice: Slice):
    stranger, program = a_slice.program(interposed=False), a_slice.program()
    a_slice.lives(stranger, f"/kubepods/pod{POD[::-1]}/{'d' * 64}")
    assert stranger.ask(f"alloc plain {2500 * MIB}") == "0"
    await a_slice.look()
    assert program.ask("info") == f"0 {CONTEXT}"


async def test_a_program_that_makes_its_counts_too_small_is_charged_all_the_same(a_slice: Slice):
    program = a_slice.program()
    assert program.ask(f"alloc plain {2000 * MIB}") == "0"
    with REGION.open("r+b") as region:
        os.pwrite(region.fileno(), bytes(8 * REGION_SLOTS), REGION_USED)
    await a_slice.look()
    assert program.ask("info") == f"0 {2000 * MIB + CONTEXT}"
    assert program.ask(f"alloc plain {701 * MIB}") == str(OUT_OF_MEMORY)


async def test_a_region_full_of_garbage_is_survived(a_slice: Slice):
    program = a_slice.program()
    REGION.write_bytes(b"\xff" * 400_000)
    await a_slice.look()
    assert program.ask("alloc plain 1") == str(OUT_OF_MEMORY)


async def test_a_driver_that_does_not_list_processes_changes_nothing(a_slice: Slice):
    program = a_slice.program()
    await a_slice.look()
    a_slice.rig.fault("lost", a_slice.rig.A)
    program.kill()
    await a_slice.look()
    assert a_slice.told() == CONTEXT
    a_slice.rig.fault()
    await a_slice.look()
    assert a_slice.told() == 0


async def test_what_a_dead_process_had_is_free_for_those_who_could_not_judge_it(a_slice: Slice):
    """It was in another namespace of process ids than those that are left."""
    dying, living = a_slice.program(), a_slice.program()
    assert dying.ask(f"alloc plain {2000 * MIB}") == "0"
    await a_slice.look()
    with REGION.open("r+b") as region:
        for slot in range(2):
            place = SLOTS + 64 * slot + PID_NAMESPACE
            os.pwrite(region.fileno(), (1).to_bytes(8, "little"), place)
    dying.kill()
    assert living.ask(f"alloc plain {2000 * MIB}") == str(OUT_OF_MEMORY)
    await a_slice.look()
    assert living.ask(f"alloc plain {2000 * MIB}") == "0"
    assert a_slice.true() == 2000 * MIB + CONTEXT
