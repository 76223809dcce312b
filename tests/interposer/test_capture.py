"""What a stream captures is not done yet, and so not charged yet."""

import pytest

from tests.interposer.builds import build_cuda_client
from tests.interposer.rig import MIB, Rig
from tests.interposer.test_graphs import REFUSED, program


@pytest.fixture(autouse=True, scope="module")
def client(library: object) -> None:
    assert library
    build_cuda_client("graphs")


@pytest.mark.parametrize("take", ["async", "from"])
@pytest.mark.parametrize("how", ["v1", "v2", "ptsz", "to_graph"])
def test_captured_allocations_are_charged_when_they_are_launched(
    rig: Rig, how: str, take: str
) -> None:
    with program(rig) as running:
        assert running.ask("graph 1") == "0"
        assert running.ask(f"begin 1 {how} 1") == "0"
        assert running.ask(f"{take} 1 {4000 * MIB} 1") == "0"  # nothing is taken by this
        assert running.ask("kernel 1") == "0"
        assert running.ask("free_async 1 1") == "0"
        assert running.ask("end 1 1") == "0"
        assert running.ask("nodes 1") == "3"
        assert rig.agreed(running, 0)
        assert running.ask("instantiate 1 1") == REFUSED
        assert running.ask("begin 1") == "0"
        assert running.ask(f"async 1 {1000 * MIB} 1") == "0"
        assert running.ask(f"async 2 {100 * MIB} 2") == "0"  # not captured: at once
        assert rig.agreed(running, 128)
        assert running.ask("end 1 2") == "0"
        assert running.ask("instantiate 2 2") == "0"
        assert running.ask("launch 2") == "0"
        assert rig.agreed(running, 128 + 1024)
        assert running.ask(f"async 3 {3000 * MIB} 1") == REFUSED  # the capture is over


def test_a_refusal_does_not_spoil_a_capture(rig: Rig) -> None:
    with program(rig) as running:
        assert running.ask(f"async 1 {2000 * MIB} 2") == "0"
        assert running.ask("free_async 1 2") == "0"
        assert running.ask("begin 1") == "0"
        assert running.ask(f"plain 9 {4000 * MIB}") == REFUSED
        assert running.ask(f"async 2 {2500 * MIB} 2") == "0"  # waits for its own stream
        assert running.ask("kernel 1") == "0"
        assert running.ask("end 1 1") == "0"
