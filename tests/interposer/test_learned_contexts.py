"""The agent learns from one program what a context takes, and the next ones are held to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interposer.rig import MIB, OUT_OF_MEMORY, Rig
from tests.interposer.watched import CONTEXT, Slice, watched


@pytest.fixture
async def a_slice(rig: Rig, tmp_path: Path) -> AsyncIterator[Slice]:
    """Its card has been looked at, and nobody was there."""
    async with watched(rig, tmp_path) as one:
        await one.look()
        yield one


def used(a_slice: Slice) -> int:
    """What the slice is charged, by all who count, which is to be what is true."""
    charged = a_slice.rig.counted(0) + a_slice.told()
    assert charged == a_slice.true()
    return charged


async def test_the_first_program_teaches_what_the_next_ones_are_charged_before_they_have_it(
    a_slice: Slice,
):
    a_slice.program(f"alloc plain {MIB}")
    await a_slice.look()
    assert (a_slice.context(), a_slice.told()) == (CONTEXT, CONTEXT)
    for program in range(2, 10):
        a_slice.program()
        assert used(a_slice) == program * CONTEXT + MIB
    assert a_slice.started().ask("retain") == str(OUT_OF_MEMORY)
    await a_slice.look()
    assert used(a_slice) == 9 * CONTEXT + MIB
    assert a_slice.told() == CONTEXT, "that of the first, which was not told"


async def test_there_is_room_for_a_context_to_the_byte(a_slice: Slice):
    first = a_slice.program(f"alloc plain {2400 * MIB}")
    await a_slice.look()
    a_slice.program()
    assert a_slice.started().ask("retain") == str(OUT_OF_MEMORY)
    assert used(a_slice) == 3000 * MIB
    assert first.ask("free") == "0"
    a_slice.program(f"alloc plain {2100 * MIB}")
    assert used(a_slice) == 3000 * MIB


async def test_a_container_that_starts_again_knows_from_the_start(a_slice: Slice):
    a_slice.program(f"alloc plain {MIB}")
    await a_slice.look()
    a_slice.restart()
    assert a_slice.context() == CONTEXT
    for _ in range(10):
        a_slice.program()
    assert a_slice.started().ask("retain") == str(OUT_OF_MEMORY)
    assert used(a_slice) == 3000 * MIB
    await a_slice.look()
    assert a_slice.told() == 0


async def test_another_agent_goes_on_with_what_the_limits_say(a_slice: Slice):
    a_slice.program(f"alloc plain {MIB}")
    await a_slice.look()
    a_slice.auditor = a_slice.agent()
    await a_slice.look()
    a_slice.program()
    assert a_slice.context() == CONTEXT
    assert used(a_slice) == 2 * CONTEXT + MIB


async def test_a_lighter_program_corrects_what_a_heavy_one_taught(a_slice: Slice):
    """What was charged too much is made up for until it is given back, as it was charged."""
    a_slice.program(f"alloc plain {MIB}", *["module"] * 100)
    await a_slice.look()
    heavy = CONTEXT + 100 * MIB
    assert (a_slice.context(), a_slice.told()) == (heavy, heavy)
    light = a_slice.program()
    assert a_slice.rig.counted(0) == heavy + MIB
    await a_slice.look()
    assert (a_slice.context(), a_slice.told()) == (CONTEXT, CONTEXT)
    a_slice.program()
    assert used(a_slice) == heavy + 2 * CONTEXT + MIB
    assert light.ask("releaseprimary") == "0"
    assert a_slice.rig.counted(0) == CONTEXT + MIB
    await a_slice.look()
    assert used(a_slice) == heavy + CONTEXT + MIB


async def test_who_was_there_before_the_agent_teaches_nothing(a_slice: Slice):
    a_slice.program(f"alloc plain {MIB}")
    a_slice.auditor = a_slice.agent()
    await a_slice.look()
    assert (a_slice.context(), a_slice.told()) == (0, CONTEXT)


async def test_who_got_past_the_library_teaches_nothing(a_slice: Slice):
    escaped = a_slice.program(interposed=False)
    assert escaped.ask(f"alloc plain {500 * MIB}") == "0"
    await a_slice.look()
    assert (a_slice.context(), a_slice.told()) == (0, CONTEXT + 500 * MIB)
