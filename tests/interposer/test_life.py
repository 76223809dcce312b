"""However a program lives and ends: nothing hangs, nothing crashes, and the books are true."""

import contextlib
import os
import select
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interposer.builds import LIMITS, REGION, TESTS, build_cuda_client
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Program, Rig

LIMIT = 3000
SLOTS, USED = 4096, 69632
"""Where slots and counts begin in the region; `interposer/include/tranche/region.h`."""

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


@pytest.fixture(scope="module", autouse=True)
def clients(library: Path) -> None:  # noqa: ARG001 - they are linked with its fakes
    build_cuda_client("life")
    build_cuda_client("plugin.so", "-shared", "-fPIC", source="plugin.c")


@pytest.fixture
def life(rig: Rig) -> Iterator[Program]:
    with rig.program(client="life") as program:
        yield program


def fill(program: Program) -> int:
    granted, error = map(int, program.ask(f"fill {MIB}").split())
    assert error == OUT_OF_MEMORY
    return granted


def counted() -> int:
    """MiB of card A in the region, over all slots."""
    content = REGION.read_bytes()
    (slots,) = struct.unpack_from("<I", content, 8)
    return sum(struct.unpack_from(f"<{slots}Q", content, USED)) // MIB


def trying() -> list[int]:
    content = REGION.read_bytes()
    return [n for s in range(8) if (n := struct.unpack_from("<I", content, SLOTS + 64 * s + 32)[0])]


def obituaries() -> None:
    """What the node agent does for processes that no other one may judge."""
    with REGION.open("r+b") as file:
        for slot in range(8):
            owner = os.pread(file.fileno(), 8, SLOTS + 64 * slot)
            alive = Path(f"/proc/{struct.unpack('<Q', owner)[0] & 0x3FFFFF}").exists()
            if not alive:
                os.pwrite(file.fileno(), owner, SLOTS + 64 * slot + 24)


def test_memory_outlives_the_thread_that_took_it(life: Program) -> None:
    assert life.ask(f"thread-takes {1000 * MIB}") == "0"
    assert counted() == 1000
    assert life.ask("thread-gives-back") == "0"
    assert counted() == 0
    assert fill(life) == LIMIT


def test_a_child_that_does_nothing_changes_nothing(life: Program) -> None:
    assert life.ask(f"take {1000 * MIB}") == "0"
    assert life.ask("fork-idle") == "0"
    assert counted() == 1000
    assert life.ask("giveback") == "0"
    assert fill(life) == LIMIT


def test_forks_beside_a_thread_that_allocates(life: Program) -> None:
    assert life.ask("forks 60") == "0"
    assert fill(life) == LIMIT


@pytest.mark.parametrize("way", ["vfork 0", "vfork 1", "spawn"])
def test_a_child_that_shares_its_parents_memory_does_it_no_harm(life: Program, way: str) -> None:
    assert life.ask(way) == "0"
    assert life.ask(f"take {1000 * MIB}") == "0"
    assert life.ask(way) == "0"
    assert counted() == 1000
    assert fill(life) == LIMIT - 1000


def test_a_daemon_is_counted_when_its_parents_are_gone(rig: Rig) -> None:
    with rig.program(client="life") as parent:
        pid, result = map(int, parent.ask(f"daemon {1000 * MIB}").split())
        parent.end()
    assert result == 0
    daemon = os.pidfd_open(pid)
    try:
        with rig.program(client="life") as other:
            assert fill(other) == LIMIT - 1000
            signal.pidfd_send_signal(daemon, signal.SIGKILL)
            select.select([daemon], [], [], 10)  # it is a zombie, or gone
            assert fill(other) == 1000
    finally:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(daemon, signal.SIGKILL)
        os.close(daemon)


def test_what_is_freed_after_main_is_given_back(rig: Rig) -> None:
    """By an atexit handler and by a destructor, while libraries are being torn down."""
    with rig.program(client="life") as program:
        assert program.ask(f"take {100 * MIB}") == "0"
        assert program.ask(f"free-at-exit {200 * MIB}") == "0"
        assert counted() == 300
        assert program.end() == ""
    assert counted() == 0


def test_signal_handlers_allocate_in_the_middle_of_an_allocation(rig: Rig) -> None:
    (rig.root / "run/fakegpu/oracle").unlink()  # its lock is none that a handler may wait for
    rig.slice(A=2)
    with rig.program(client="life") as program:
        assert program.ask("storm 3000") == "0"
        assert counted() == 0
        assert not trying()
        assert fill(program) == 2


def test_a_library_that_used_the_card_is_unloaded(life: Program) -> None:
    assert life.ask(f"plugin {TESTS / 'clients/plugin.so'} {1000 * MIB}") == "0 0"
    assert fill(life) == LIMIT - 1000
    assert life.ask("giveback") == "0"
    assert fill(life) == LIMIT


def test_a_thread_is_cancelled_while_it_waits_for_memory(rig: Rig) -> None:
    """No call of the library is a point of cancellation, so none is left half done."""
    with rig.program(client="life") as other, rig.program(client="life") as program:
        assert other.ask(f"take {(LIMIT - 1) * MIB}") == "0"
        assert program.ask("take 512") == "0"
        before = program.ask("cancel 0 0")
        assert int(program.ask(f"cancel 40 {2 * MIB}")) == int(before) + 1
        assert not trying()
        other.kill()
        assert fill(program) == LIMIT - 1


@pytest.mark.parametrize("lack", [f"address-space {MIB}", "files 3"])
def test_without_memory_or_files_nothing_is_granted_until_there_are(
    life: Program, lack: str
) -> None:
    assert life.ask(lack) == "0"
    assert life.ask(f"take {MIB}") == str(OUT_OF_MEMORY)
    assert life.ask(f"{lack.split(maxsplit=1)[0]} {1 << 62}") == "0"
    assert fill(life) == LIMIT


@root
@pytest.mark.parametrize("attached", [True, False])
def test_a_program_without_proc_judges_by_what_it_knew_before(
    rig: Rig, tmp_path: Path, *, attached: bool
) -> None:
    """By ids alone if it knows its namespace; one that never saw /proc judges nobody."""
    jail = tmp_path / "jail"
    for file in (LIMITS, REGION):
        (jail / file.relative_to("/")).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, jail / file.relative_to("/"))
        except OSError:
            pytest.skip("the jail would be on another file system")
    with rig.program(client="life") as other, rig.program(client="life") as jailed:
        assert other.ask(f"take {1000 * MIB}") == "0"
        if attached:
            assert jailed.ask("take 1") == "0"
        assert jailed.ask(f"chroot {jail}") == "0"
        assert fill(jailed) == LIMIT - 1000 - attached
        assert other.ask("take 512") == ("0" if attached else str(OUT_OF_MEMORY))
        other.kill()
        assert fill(jailed) == (1000 if attached else 0)


def test_what_cannot_be_judged_lives(rig: Rig) -> None:
    """With kill and readlink forbidden nobody is found dead; nothing is granted in doubt."""
    with rig.program(client="life") as other, rig.program(client="life") as program:
        assert other.ask(f"take {1000 * MIB}") == "0"
        assert program.ask("forbid") == "0"
        assert fill(program) == LIMIT - 1000
        other.kill()
        assert fill(program) == 0
        with rig.program(client="life") as free:
            assert free.ask("take 1") == "0"
        assert counted() == LIMIT - 1000


@root
def test_a_program_that_changes_its_user_goes_on(rig: Rig) -> None:
    with rig.program(client="life") as other, rig.program(client="life") as program:
        assert other.ask(f"take {1000 * MIB}") == "0"
        assert program.ask("take 512") == "0"
        assert program.ask("user 65534") == "0"
        assert fill(program) == LIMIT - 1000 - 1
        other.kill()
        assert fill(program) == 1000


@contextmanager
def in_a_namespace(rig: Rig) -> Iterator[Program]:
    """A program with ids of its own, and the /proc of its parent's."""
    unshare = shutil.which("unshare")
    words = [unshare, "--pid", "--fork", "--kill-child", "--"]
    if not unshare or subprocess.run([*words, "true"], check=False, capture_output=True).returncode:
        pytest.skip("a namespace of process ids may not be made here")
    env = rig.environment()
    preload = env.pop("LD_PRELOAD")
    command = [*words, "env", f"LD_PRELOAD={preload}", TESTS / "clients/life"]
    program = Program(command, env)
    assert program.ask("init 0") == "0"
    try:
        yield program
    finally:
        program.kill()


def test_namespaces_of_process_ids_do_not_judge_each_other(rig: Rig) -> None:
    with rig.program(client="life") as outer, in_a_namespace(rig) as inner:
        assert outer.ask(f"take {1000 * MIB}") == "0"
        assert inner.ask("take 512") == "0"
        assert fill(inner) == LIMIT - 1000 - 1
        assert outer.ask(f"take {MIB}") == str(OUT_OF_MEMORY)
        outer.kill()
        assert fill(inner) == 0
        obituaries()
        assert fill(inner) == 1000
