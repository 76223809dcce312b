"""Memory that processes share is charged once, to the one that made it."""

from collections.abc import Iterator

import pytest

from tests.interposer.builds import build_cuda_client
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Program, Rig

SIZE = 2000 * MIB


@pytest.fixture
def maker(rig: Rig) -> Iterator[Program]:
    build_cuda_client("sharing")
    with rig.program(client="sharing") as program:
        yield program


@pytest.fixture
def user(rig: Rig, maker: Program) -> Iterator[Program]:
    assert maker.process.poll() is None
    with rig.program(client="sharing") as program:
        yield program


def does(program: Program, *steps: str) -> None:
    for step in steps:
        assert program.ask(step) == "0", step


def used(rig: Rig, program: Program) -> int:
    """What is used, as the program is shown it and as it truly is."""
    shown = int(program.ask("info"))
    assert shown == rig.counted(0) == rig.oracle()[rig.A]["used_bytes"]
    return shown


def test_memory_opened_by_its_handle_is_not_charged_again(
    rig: Rig, maker: Program, user: Program
) -> None:
    does(maker, f"alloc {SIZE}")
    token = maker.ask("token")
    does(user, f"open {token}", f"open {token}")  # counted by the driver
    assert used(rig, user) == SIZE
    assert user.ask(f"alloc {SIZE}") == str(OUT_OF_MEMORY)
    does(user, "close", "close")
    assert user.ask("close") == "1"
    assert used(rig, user) == SIZE
    does(maker, "free")
    assert maker.ask("free") == "1"
    assert used(rig, user) == 0


def test_a_process_that_opened_memory_gives_nothing_back_when_it_ends(
    rig: Rig, maker: Program, user: Program
) -> None:
    does(maker, f"alloc {SIZE}")
    does(user, f"open {maker.ask('token')}")
    user.kill()
    assert used(rig, maker) == SIZE
    assert maker.ask(f"alloc {SIZE}") == str(OUT_OF_MEMORY)


def test_physical_memory_imported_by_another_process_is_not_charged_again(
    rig: Rig, maker: Program, user: Program
) -> None:
    does(maker, f"create {SIZE}")
    does(user, f"import {maker.process.pid} {maker.ask('export')}")
    does(user, f"reserve {SIZE}", "map")
    assert used(rig, user) == SIZE
    does(user, "release", "unmap")
    assert used(rig, user) == SIZE
    does(maker, "release")
    assert used(rig, user) == 0


def test_memory_of_another_api_is_not_charged(rig: Rig, maker: Program) -> None:
    does(maker, f"external {5000 * MIB}")
    assert used(rig, maker) == 0
    does(maker, f"alloc {3000 * MIB}", "freebuffer")
    assert maker.ask("freebuffer") == "1"
    assert used(rig, maker) == 3000 * MIB
    does(maker, "forget", "free")
    assert used(rig, maker) == 0
