"""Contexts are charged as the limits say, and what was allocated in one goes with it."""

import ctypes
from collections.abc import Callable, Iterator

import pynvml
import pytest

from tests.interposer.builds import TESTS, build_cuda_client
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Program, Rig
from tests.interposer.steps import Told

CONTEXT = 300 * MIB
SIZE = 100 * MIB
BOUND = ["plain", "managed", "pitch", "array"]
FREE = ["async", "physical"]
INVALID_VALUE, INVALID_CONTEXT = 1, 201
NvmlUse = Callable[[], int]


class Steps(Told):
    """A program that is told its steps, and the truth about the card beside what is charged."""

    def true(self) -> int:
        return self.rig.oracle()[self.rig.A]["used_bytes"]

    def both(self) -> int:
        """What is used, as it truly is and as the processes have counted it."""
        counted = self.rig.counted(0)
        assert counted == self.true()
        return counted


@pytest.fixture
def steps(rig: Rig) -> Iterator[Steps]:
    build_cuda_client("contexts")
    rig.cards(describe="context=300 module=512", A=8000, B=8000)
    rig.change(0, context_bytes=CONTEXT)
    program = Program([TESTS / "clients/contexts"], rig.environment())
    assert program.ask("start") == "0"
    yield Steps(rig, program)
    program.kill()


@pytest.fixture
def nvml_of_card_a(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> Iterator[NvmlUse]:
    """What NVML says that the processes on the card have of it."""
    path = steps.rig.root / "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"
    monkeypatch.setattr(pynvml, "nvmlLib", ctypes.CDLL(str(path)))
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    pynvml.nvmlInit()
    card = pynvml.nvmlDeviceGetHandleByUUID(steps.rig.A)

    def used() -> int:
        return sum(p.usedGpuMemory for p in pynvml.nvmlDeviceGetComputeRunningProcesses(card))

    yield used
    pynvml.nvmlShutdown()


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_each_context_takes_what_the_limits_say_until_it_is_destroyed(
    steps: Steps, version: int
) -> None:
    for n in range(10):
        steps(f"create {n + 1} {version}")
    assert steps.both() == 10 * CONTEXT
    assert steps.program.ask(f"create 11 {version}") == str(OUT_OF_MEMORY)
    assert steps.program.ask("alloc plain 1") == str(OUT_OF_MEMORY)
    steps("destroy 10", f"create 10 {version}")
    assert steps.rig.oracle()[steps.rig.A]["peak_bytes"] == 10 * CONTEXT


def test_a_primary_context_is_charged_once_however_often_it_is_retained(steps: Steps) -> None:
    steps("retain", "retain", "retain", "threads 8")
    assert steps.both() == CONTEXT
    for _ in range(10):
        steps("releaseprimary")
        assert steps.both() == CONTEXT
    steps("releaseprimary")
    assert steps.both() == 0
    assert steps.program.ask("releaseprimary") == str(INVALID_CONTEXT)
    steps("threads 8")
    assert steps.both() == CONTEXT


def test_a_context_for_which_there_is_no_room_is_refused_untried(steps: Steps) -> None:
    steps.rig.change(0, memory_bytes=CONTEXT - 1)
    for step in ("retain", "create 1", "green 1"):
        assert steps.program.ask(step) == str(OUT_OF_MEMORY)
    assert steps.rig.oracle()[steps.rig.A]["peak_bytes"] == 0
    steps.rig.change(0, memory_bytes=CONTEXT)
    assert steps.program.ask("green 1") == str(OUT_OF_MEMORY)  # it needs the primary one too
    assert steps.both() == 0
    steps("retain", "retain")
    assert steps.both() == CONTEXT


def test_what_a_context_takes_is_not_charged_where_it_is_not_known(steps: Steps) -> None:
    steps.rig.change(0, context_bytes=0, memory_bytes=0)
    steps("retain", "create 1", "destroy 1", "releaseprimary")
    assert steps.both() == 0


@pytest.mark.parametrize("first", [0, CONTEXT // 2, CONTEXT])
@pytest.mark.parametrize("then", [0, CONTEXT // 3, CONTEXT])
def test_a_context_gives_back_what_it_was_charged_whatever_the_limits_say_by_then(
    steps: Steps, first: int, then: int
) -> None:
    steps.rig.change(0, context_bytes=first)
    steps("retain", "create 1", "create 2", "green 3")
    assert steps.rig.counted(0) == 4 * first
    steps.rig.change(0, context_bytes=then)
    steps("retain", "create 4")
    assert steps.rig.counted(0) == 4 * first + then
    steps("destroy 1", "ungreen 3", "releaseprimary")
    assert steps.rig.counted(0) == 2 * first + then
    steps("releaseprimary", "destroy 2", "destroy 4")
    assert steps.rig.counted(0) == 0
    steps.rig.change(0, context_bytes=CONTEXT)
    steps("retain", "create 1")
    assert steps.both() == 2 * CONTEXT


def test_a_primary_context_that_threads_make_while_the_limits_change_is_charged_once(
    steps: Steps,
) -> None:
    for size in range(100):
        steps.program.tell("threads 8")
        steps.rig.change(0, context_bytes=size + 1)
        assert steps.program.answer() == "0"
        assert steps.rig.counted(0) in {size or CONTEXT, size + 1}
        steps(*["releaseprimary"] * 8)
        assert steps.rig.counted(0) == 0


def test_a_green_context_takes_its_own_and_retains_the_primary_one(steps: Steps) -> None:
    steps("green 1", "green 2")
    assert steps.both() == 3 * CONTEXT
    steps("current 1", *[f"alloc {kind} {SIZE}" for kind in BOUND], "ungreen 1")
    assert steps.both() == 2 * CONTEXT + 4 * SIZE  # it is the primary one's
    steps("ungreen 2")
    assert steps.both() == 0


HEAP = 1000 * MIB


@pytest.mark.parametrize("which", ["heap", "printf"])
def test_what_kernels_allocate_from_is_charged_to_its_context(steps: Steps, which: str) -> None:
    """The heap of their malloc and the buffer of their printf; 1 MiB of each is there unasked."""
    steps("retain", "current 0", f"limit {which} {HEAP}")
    assert steps.both() == CONTEXT + HEAP - MIB
    steps(f"limit {which} {2 * HEAP}", f"limit {which} {HEAP}", f"limit {which} {HEAP}")
    assert steps.both() == CONTEXT + HEAP - MIB
    assert steps.program.ask(f"limit {which} {3 * HEAP}") == str(OUT_OF_MEMORY)
    steps("create 1", f"limit {which} {HEAP}")
    assert steps.both() == 2 * (CONTEXT + HEAP - MIB)
    steps("destroy 1")
    assert steps.both() == CONTEXT + HEAP - MIB
    steps("releaseprimary")
    assert steps.both() == 0
    steps("retain", "current 0", f"limit {which} {MIB}", f"limit {which} {HEAP}", "reset")
    assert steps.both() == 0
    steps("retain", "current 0", f"limit {which} {MIB}", f"limit stack {HEAP}")
    assert steps.both() == CONTEXT


def test_the_first_versions_of_functions_end_contexts_too(steps: Steps) -> None:
    for end in ("releaseprimary_v1", "reset_v1"):
        steps("retain", "current 0", *[f"alloc {kind} {SIZE}" for kind in BOUND])
        assert steps.both() == CONTEXT + 4 * SIZE
        steps(end)
        assert steps.both() == 0
    steps("create 1", *[f"alloc {kind} {SIZE}" for kind in BOUND], "destroy_v1 1")
    assert steps.both() == 0


def test_memory_of_no_pool_may_be_freed_in_a_threads_own_stream(steps: Steps) -> None:
    steps("create 1", f"alloc plain {SIZE}", "free_async")
    assert steps.both() == CONTEXT


@pytest.mark.parametrize("kind", BOUND)
def test_what_was_allocated_in_a_context_goes_with_it(steps: Steps, kind: str) -> None:
    steps("create 1", f"alloc {kind} {SIZE}", "create 2", f"alloc {kind} {SIZE}")
    assert steps.both() == 2 * (CONTEXT + SIZE)
    steps("destroy 1")
    assert steps.both() == CONTEXT + SIZE
    if kind != "array":
        steps("free")
        assert steps.both() == CONTEXT
    steps("destroy 2")
    assert steps.both() == 0


@pytest.mark.parametrize("end", ["releaseprimary", "reset"])
@pytest.mark.parametrize("kind", BOUND)
def test_what_was_allocated_in_a_primary_context_goes_with_it(
    steps: Steps, kind: str, end: str
) -> None:
    steps("create 1", f"alloc {kind} {SIZE}", "retain", "current 0", f"alloc {kind} {SIZE}")
    assert steps.both() == 2 * (CONTEXT + SIZE)
    steps(end)
    assert steps.both() == CONTEXT + SIZE
    steps("retain", "current 0", f"alloc {kind} {SIZE}")
    assert steps.both() == 2 * (CONTEXT + SIZE)


@pytest.mark.parametrize("kind", FREE)
def test_memory_of_pools_and_handles_stays_when_its_context_is_gone(
    steps: Steps, kind: str
) -> None:
    size = 128 * MIB if kind == "async" else SIZE  # a pool takes chunks of 32 MiB
    steps("create 1", f"alloc {kind} {SIZE}", "destroy 1")
    assert steps.both() == size
    steps("retain", "current 0", f"alloc {kind} {SIZE}", "releaseprimary")
    assert steps.both() == 2 * size


def test_memory_that_went_with_its_context_cannot_be_freed_again(steps: Steps) -> None:
    steps("create 1", f"alloc plain {SIZE}", "destroy 1", "create 2")
    assert steps.program.ask("free") == str(INVALID_VALUE)
    assert steps.both() == CONTEXT


def test_a_context_that_is_attached_to_outlives_all_detaching_but_the_last(steps: Steps) -> None:
    steps("create 1", f"alloc plain {SIZE}", f"alloc array {SIZE}", "attach", "detach 1")
    assert steps.both() == CONTEXT + 2 * SIZE
    steps("detach 1")
    assert steps.both() == 0


def test_a_context_that_the_driver_will_not_destroy_stays_charged(steps: Steps) -> None:
    steps("create 1", "retain")
    assert steps.program.ask("destroy 5") == str(INVALID_CONTEXT)
    assert steps.both() == 2 * CONTEXT
    steps("destroy 1")
    assert steps.program.ask("destroy 1") == str(INVALID_CONTEXT)
    assert steps.both() == CONTEXT


def test_what_the_agent_finds_beyond_the_count_is_held_to_the_limit_too(
    steps: Steps, nvml_of_card_a: NvmlUse
) -> None:
    """The test is the node agent: NVML's word on the processes, less what they count."""
    steps("retain", "current 0", f"alloc plain {SIZE}")
    assert nvml_of_card_a() - steps.rig.counted(0) == 0
    for _ in range(100):
        steps("module", "library")
    unaccounted = nvml_of_card_a() - steps.rig.counted(0)
    assert unaccounted == 100 * MIB
    steps.rig.change(0, unaccounted_bytes=unaccounted)
    assert steps.program.ask("info") == f"0 {CONTEXT + SIZE + unaccounted}"
    while steps.program.ask(f"alloc plain {MIB}") == "0":
        pass
    assert steps.true() == 3000 * MIB
    for _ in range(100):
        steps("unlibrary", "unload")
    steps.rig.change(0, unaccounted_bytes=nvml_of_card_a() - steps.rig.counted(0))
    for _ in range(100):
        steps(f"alloc plain {MIB}")
    assert steps.program.ask("alloc plain 1") == str(OUT_OF_MEMORY)
    assert steps.rig.oracle()[steps.rig.A]["peak_mib"] == 3000


def test_contexts_that_take_more_than_the_limits_say_are_found_by_the_agent(
    steps: Steps, nvml_of_card_a: NvmlUse
) -> None:
    steps.rig.change(0, context_bytes=0)
    steps("retain", "create 1")
    unaccounted = nvml_of_card_a() - steps.rig.counted(0)
    assert unaccounted == 2 * CONTEXT
    steps.rig.change(0, unaccounted_bytes=unaccounted)
    assert steps.program.ask(f"alloc plain {2401 * MIB}") == str(OUT_OF_MEMORY)
    steps(f"alloc plain {2400 * MIB}")
    assert steps.true() == 3000 * MIB


def test_the_drivers_own_refusal_of_a_module_passes(steps: Steps) -> None:
    steps.rig.change(0, memory_bytes=8000 * MIB)
    steps("retain", "current 0", f"alloc plain {7700 * MIB}")
    assert steps.program.ask("module") == str(OUT_OF_MEMORY)
    assert steps.both() == 8000 * MIB
