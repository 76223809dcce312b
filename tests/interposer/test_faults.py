"""What goes wrong in the driver goes to the program as it is, and leaves the books right."""

import subprocess
import sys

import pytest

from tests.interposer.builds import BUILD, build_cuda_client, make
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Rig

LOST = 999
OLD = ("cuMemAllocAsync", "cuMemAllocAsync_ptsz", "cuMemCreate")


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("plain", "cuMemAlloc_v2"),
        ("managed", "cuMemAllocManaged"),
        ("async", "cuMemAllocFromPoolAsync"),  # the library names the pool
        ("create", "cuMemCreate"),
    ],
)
@pytest.mark.parametrize("error", [OUT_OF_MEMORY, 719])
def test_a_call_that_fails_gives_its_reservation_back(
    rig: Rig, kind: str, function: str, error: int
) -> None:
    rig.fault("error", function, error, "after=1", "times=20")
    with rig.program() as program:
        assert program.ask(f"alloc {kind} {2 * MIB}") == "0"
        for _ in range(20):
            assert program.ask(f"alloc {kind} {2000 * MIB}") == str(error)
        used = 3000 - int(program.ask("info").split()[1]) // MIB
        assert used < 40
        assert program.ask(f"alloc {kind} {2000 * MIB}") == "0"


def test_memory_that_the_driver_would_not_free_stays_charged(rig: Rig) -> None:
    with rig.program() as program:
        assert program.ask(f"alloc plain {1000 * MIB}") == "0"
    rig.fault("error", "cuMemFree_v2", 719, "times=1")
    with rig.program() as program:
        assert program.ask(f"alloc plain {1000 * MIB}") == "0"
        assert program.ask("free 0") == "719"
        assert program.ask("info") == f"0 {2000 * MIB} {3000 * MIB}"
        assert program.ask("free 0") == "0"
        assert program.fill() == 3000


def test_a_lost_cards_error_is_passed_on_and_nothing_is_charged(rig: Rig) -> None:
    rig.fault("lost", rig.A)
    with rig.program() as program:
        assert program.ask(f"alloc plain {MIB}") == str(LOST)
        rig.fault()
        assert program.fill() == 3000


def test_a_slow_driver_holds_nobody_else_up(rig: Rig) -> None:
    rig.fault("slow", "cuMemAlloc_v2", 300)
    with rig.program() as slow:
        slow.process.stdin.write(f"alloc plain {1000 * MIB}\n")
        slow.process.stdin.flush()
        rig.fault()
        with rig.program() as other:
            assert other.fill() in {2000, 3000}
        assert slow.process.stdout.readline().strip() in {"0", str(OUT_OF_MEMORY)}
    assert rig.oracle()[rig.A]["peak_mib"] <= 3000


def test_an_older_drivers_version_is_the_programs_to_see(rig: Rig) -> None:
    rig.fault("version", 11080)
    script = "import ctypes; d = ctypes.CDLL('libcuda.so.1'); v = ctypes.c_int()"
    script += "; d.cuDriverGetVersion(ctypes.byref(v)); print(v.value)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=rig.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "11080\n"


@pytest.fixture(scope="module")
def older(library: object) -> str:
    """A driver from before these functions."""
    assert library
    make("fakes", f"PYTHON={sys.executable}", "FAKES=../build/older", f"WITHOUT={' '.join(OLD)}")
    return str(BUILD / "older/lib")


@pytest.mark.parametrize("name", OLD)
def test_what_an_older_driver_has_not_got_is_not_found(rig: Rig, older: str, name: str) -> None:
    rig.libraries(older)
    with rig.program() as program:
        assert program.ask(f"sym {name}") == "nowhere"
        base = name.removesuffix("_ptsz")
        assert program.ask(f"gpa {base} 13000 0") == "0 1 nowhere"
        assert program.fill() == 3000
    # Of the whole program, too, which has our hook of it: with the loader's words for the reason.
    script = f"import ctypes; ctypes.CDLL('libcuda.so.1', 256); ctypes.CDLL(None).{name}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=rig.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"undefined symbol: {name}" in done.stderr


BEFORE_12_8 = "cuStreamGetDevice cuStreamGetDevice_ptsz"


@pytest.mark.parametrize("without", ["", BEFORE_12_8], ids=["newer", "before 12.8"])
def test_memory_of_a_stream_is_its_cards_whatever_card_is_current(
    rig: Rig, library: object, without: str
) -> None:
    """Drivers before CUDA 12.8 do not tell a stream's card, only its context."""
    assert library
    if without:
        words = ("FAKES=../build/before-12.8", f"WITHOUT={without}")
        make("fakes", f"PYTHON={sys.executable}", *words)
        rig.libraries(str(BUILD / "before-12.8/lib"))
    build_cuda_client("graphs")
    rig.slice(A=3000, B=3000)
    with rig.program(client="graphs") as program:
        assert program.ask(f"async 1 {64 * MIB} 1") == "0"
        assert program.ask("init 1") == "0"
        assert program.ask(f"async 2 {64 * MIB} 1") == "0"  # a stream of the first card
        assert program.ask(f"async 3 {32 * MIB} 2") == "0"
        assert program.ask(f"async 4 {32 * MIB} 0") == "0"  # the default one
    used = {uuid: card["peak_mib"] for uuid, card in rig.oracle().items()}
    assert used == {rig.A: 128, rig.B: 64}
    assert (rig.counted(0), rig.counted(1)) == (128 * MIB, 64 * MIB)
