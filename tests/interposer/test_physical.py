"""Physical memory is charged until its last handle, mapping and binding are gone."""

from collections.abc import Iterator

import pytest

from tests.interposer.builds import build_cuda_client
from tests.interposer.rig import MIB, OUT_OF_MEMORY, Rig
from tests.interposer.steps import Told

HOST, LOCALITY_DOMAIN = 2, 6
SIZE = 1000 * MIB


class Steps(Told):
    """A program that is told its steps, and the truth about the card beside what it is shown."""

    def both(self) -> int:
        """What is used, as the program is shown it and as it truly is."""
        shown = int(self.program.ask("info"))
        assert shown == self.rig.oracle()[self.rig.A]["used_bytes"]
        return shown


@pytest.fixture
def steps(rig: Rig) -> Iterator[Steps]:
    build_cuda_client("physical")
    with rig.program(client="physical") as program:
        yield Steps(rig, program)


def test_memory_that_is_mapped_stays_charged_when_its_handle_is_released(steps: Steps) -> None:
    steps(f"create 0 {SIZE}", f"reserve 0 {SIZE}", f"map 0 {SIZE} 0", "release 0")
    assert steps.both() == SIZE
    steps(f"create 1 {SIZE}", f"create 2 {SIZE}")
    assert steps.program.ask(f"create 3 {2 * MIB}") == str(OUT_OF_MEMORY)
    steps(f"unmap 0 {SIZE}")
    assert steps.both() == 2 * SIZE
    steps(f"create 3 {SIZE}")
    assert steps.rig.oracle()[steps.rig.A]["peak_bytes"] == 3 * SIZE


def test_memory_whose_mapping_is_gone_stays_charged_while_its_handle_is_held(steps: Steps) -> None:
    steps(f"create 0 {SIZE}", f"reserve 0 {SIZE}", f"map 0 {SIZE} 0", f"unmap 0 {SIZE}")
    assert steps.both() == SIZE
    steps("release 0")
    assert steps.both() == 0


def test_each_retained_handle_and_each_mapping_holds_it(steps: Steps) -> None:
    steps(f"create 0 {SIZE}", f"reserve 0 {2 * SIZE}", f"at 1 0 {SIZE}")
    steps(f"map 0 {SIZE} 0", f"map 1 {SIZE} 0", "retain 1 1", "retain 2 0", "release 0")
    steps(f"unmap 0 {SIZE}", "release 1", f"unmap 1 {SIZE}")
    assert steps.both() == SIZE
    steps("release 2")
    assert steps.both() == 0


def test_one_unmap_may_span_several_mappings(steps: Steps) -> None:
    steps(f"reserve 0 {SIZE}")
    for n in range(10):
        offset = n * 100 * MIB
        steps(f"create {n} {100 * MIB}", f"at {n + 1} 0 {offset}")
        steps(f"map {n + 1} {100 * MIB} {n}", f"release {n}")
    assert steps.both() == SIZE
    steps(f"unmap 2 {300 * MIB}")
    assert steps.both() == 700 * MIB
    assert steps.program.ask(f"unmap 0 {SIZE}") == "1"  # there is a gap now
    assert steps.both() == 700 * MIB
    steps(f"unmap 0 {100 * MIB}", f"unmap 5 {600 * MIB}")
    assert steps.both() == 0


def test_what_the_driver_refuses_changes_nothing(steps: Steps) -> None:
    steps(f"create 0 {SIZE}", f"reserve 0 {SIZE}", f"map 0 {SIZE} 0")
    refused = [f"create 1 {MIB}", f"map 0 {SIZE} 0", f"unmap 0 {2 * MIB}", "retain 1 9"]
    for step in [*refused, "release 9", f"unmap 9 {MIB}"]:
        assert steps.program.ask(step) == "1", step
        assert steps.both() == SIZE
    steps("release 0", f"unmap 0 {SIZE}")
    assert steps.both() == 0


@pytest.mark.timeout(20)
def test_a_range_however_wide_is_answered_for_at_once(steps: Steps) -> None:
    steps(f"create 0 {SIZE}", f"reserve 0 {SIZE}", f"map 0 {SIZE} 0", "release 0")
    assert steps.program.ask(f"unmap 0 {(1 << 64) - 2 * MIB}") == "1"
    assert steps.both() == SIZE
    steps(f"unmap 0 {SIZE}")
    assert steps.both() == 0


def test_memory_of_the_host_is_not_charged_and_that_of_a_locality_domain_is(steps: Steps) -> None:
    steps(f"create 0 {SIZE} {HOST}")
    assert steps.both() == 0
    steps(f"create 1 {SIZE} {LOCALITY_DOMAIN}")
    assert steps.both() == SIZE


@pytest.mark.parametrize("bind", ["bind", "bind2"])
def test_what_is_bound_to_a_multicast_object_is_charged_until_unbound(
    steps: Steps, bind: str
) -> None:
    steps(f"object 0 {2 * SIZE}", f"create 1 {SIZE}", f"{bind} 0 1 0 {SIZE}", "release 1")
    assert steps.both() == SIZE
    steps(f"unbind 0 0 {SIZE}")
    assert steps.both() == 0


@pytest.mark.parametrize("bind", ["bindat", "bindat2"])
def test_memory_may_be_bound_by_its_address(steps: Steps, bind: str) -> None:
    steps(f"object 0 {SIZE}", f"create 1 {SIZE}", f"reserve 0 {SIZE}", f"map 0 {SIZE} 1")
    steps(f"{bind} 0 0 0 {SIZE}", "release 1", f"unmap 0 {SIZE}")
    assert steps.both() == SIZE
    steps(f"unbind 0 0 {SIZE}")
    assert steps.both() == 0


def test_with_a_multicast_object_goes_what_is_bound_to_it(steps: Steps) -> None:
    steps(f"object 0 {2 * SIZE}", f"create 1 {SIZE}", f"create 2 {SIZE}")
    steps(f"bind 0 1 0 {SIZE}", f"bind 0 2 {SIZE} {SIZE}", "release 1", "release 2")
    steps(f"reserve 0 {2 * SIZE}", f"map 0 {2 * SIZE} 0", "release 0")
    assert steps.both() == 2 * SIZE
    steps(f"unmap 0 {2 * SIZE}")
    assert steps.both() == 0


def test_what_is_bound_to_a_logical_endpoint_is_charged_until_unbound(steps: Steps) -> None:
    steps(
        f"create 1 {SIZE}", f"create 2 {SIZE}", f"bindto 7 1 0 {SIZE}", f"bindto 7 2 {SIZE} {SIZE}"
    )
    steps("release 1", "release 2")
    assert steps.both() == 2 * SIZE
    assert steps.program.ask(f"unbindfrom 8 0 {SIZE}") == "1"
    assert steps.both() == 2 * SIZE
    steps(f"unbindfrom 7 0 {2 * SIZE}")  # several at once
    assert steps.both() == 0


def test_with_a_logical_endpoint_goes_what_is_bound_to_it(steps: Steps) -> None:
    steps(f"create 1 {SIZE}", f"reserve 0 {SIZE}", f"map 0 {SIZE} 1", f"bindatto 7 0 0 {SIZE}")
    steps(f"create 2 {SIZE}", f"bindto 8 2 0 {SIZE}", "release 1", "release 2", f"unmap 0 {SIZE}")
    assert steps.both() == 2 * SIZE
    steps("end 7")
    assert steps.both() == SIZE
    steps("end 8")
    assert steps.both() == 0


@pytest.mark.parametrize("keep", [0, 1])
def test_expandable_segments_reach_the_limit_and_can_shrink_and_grow_again(
    steps: Steps, keep: int
) -> None:
    segment = 20 * MIB
    assert steps.program.ask(f"grow {keep}") == f"150 {OUT_OF_MEMORY}"
    assert steps.both() == 3000 * MIB
    for n in range(150):
        steps(f"at 1 0 {n * segment}", f"unmap 1 {segment}")
        if keep:
            steps(f"release {n}")
    assert steps.both() == 0
    assert steps.program.ask(f"grow {keep}") == f"150 {OUT_OF_MEMORY}"
    assert steps.rig.oracle()[steps.rig.A]["peak_mib"] == 3000


def test_a_process_that_imports_its_own_memory_holds_it_once_more(steps: Steps) -> None:
    steps(f"create 0 {SIZE}")
    assert steps.program.ask("export 0").startswith("0 ")
    steps("import 1", "release 0")
    assert steps.both() == SIZE
    steps("release 1")
    assert steps.both() == 0
