"""The fake driver keeps the rules of stream capture: cuda.h, cuThreadExchangeStreamCaptureMode."""

from collections.abc import Iterator

import pytest

from tests.interposer.builds import build_cuda_client
from tests.interposer.rig import Program, Rig

GLOBAL, THREAD_LOCAL, RELAXED = 0, 1, 2
ILLEGAL_STATE, UNSUPPORTED, INVALIDATED, CAPTURED_EVENT, WRONG_THREAD = map(
    str, (401, 900, 901, 907, 908)
)
UNSAFE = ["query", "alloc", "wait", "wait-stream"]
HERE = {GLOBAL: {GLOBAL, THREAD_LOCAL}, THREAD_LOCAL: {GLOBAL, THREAD_LOCAL}, RELAXED: set()}
ELSEWHERE = {GLOBAL: {GLOBAL}, THREAD_LOCAL: set(), RELAXED: set()}
"""The mode of a capture -> those of threads that it forbids what is unsafe."""


@pytest.fixture(scope="module", autouse=True)
def client(library: object) -> None:
    assert library
    build_cuda_client("captures")


@pytest.fixture
def program(rig: Rig) -> Iterator[Program]:
    with rig.program(client="captures", interposed=False) as running:
        yield running


@pytest.mark.parametrize("call", UNSAFE)
@pytest.mark.parametrize("thread", [GLOBAL, THREAD_LOCAL, RELAXED])
@pytest.mark.parametrize("capture", [GLOBAL, THREAD_LOCAL, RELAXED])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_is_unsafe_is_forbidden_by_both_modes_and_spoils_the_capture(
    program: Program, call: str, thread: int, capture: int, *, elsewhere: bool
) -> None:
    forbidden = thread in (ELSEWHERE if elsewhere else HERE)[capture]
    assert program.ask(f"begin {capture}") == "0"
    if elsewhere:
        result = program.ask(f"elsewhere mode {thread} , {call}")
    else:
        assert program.ask(f"mode {thread}") == "0"
        result = program.ask(call)
    assert result == (UNSUPPORTED if forbidden else "0")
    assert program.ask("end") == (INVALIDATED if forbidden else "0")


@pytest.mark.parametrize("call", UNSAFE)
def test_after_a_capture_nothing_is_forbidden(program: Program, call: str) -> None:
    assert program.ask("begin 0") == "0"
    assert program.ask("end") == "0"
    assert program.ask(call) == "0"


@pytest.mark.parametrize("capture", [GLOBAL, THREAD_LOCAL])
def test_a_capture_ends_in_the_thread_that_began_it(program: Program, capture: int) -> None:
    assert program.ask(f"begin {capture}") == "0"
    assert program.ask("elsewhere end") == WRONG_THREAD
    assert program.ask("end") == "0"


def test_a_relaxed_capture_ends_in_any_thread(program: Program) -> None:
    assert program.ask(f"begin {RELAXED}") == "0"
    assert program.ask("elsewhere end") == "0"
    assert program.ask("end") == ILLEGAL_STATE


@pytest.mark.parametrize("thread", [GLOBAL, RELAXED])
def test_an_event_of_a_capture_cannot_be_asked_for_in_any_mode(
    program: Program, thread: int
) -> None:
    assert program.ask(f"begin {RELAXED}") == "0"
    assert program.ask("record") == "0"
    assert program.ask(f"elsewhere mode {thread} , query-captured") == CAPTURED_EVENT
    assert program.ask("end") == "0"


@pytest.mark.parametrize("where", ["", "elsewhere "])
@pytest.mark.parametrize("capture", [GLOBAL, THREAD_LOCAL, RELAXED])
def test_a_context_with_a_capture_cannot_be_waited_for_in_any_mode(
    program: Program, capture: int, where: str
) -> None:
    assert program.ask(f"begin {capture}") == "0"
    assert program.ask(f"{where}mode {RELAXED}") == "0"
    assert program.ask(f"{where}wait-all") == UNSUPPORTED
    assert program.ask("end") == INVALIDATED


def test_a_capture_goes_with_its_stream(program: Program) -> None:
    assert program.ask("begin 0") == "0"
    assert program.ask("destroy") == "0"
    assert program.ask("query") == "0"
