"""NVIDIA's cards, seen through an NVML that fails in every way it can."""

# ruff: noqa: N802, N815  the names are NVML's

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nodeagent.vendors import nvidia, nvml
from nodeagent.vendors.base import Busy, Process
from nodeagent.vendors.nvidia import Nvidia
from nodeagent.vendors.nvml_faults import QUIET
from tests.nodeagent.machine import A, B


class NVMLError(Exception):
    pass


class FunctionNotFound(NVMLError):
    pass


class NotSupported(NVMLError):
    pass


class NotFound(NVMLError):
    pass


@dataclass
class FakeNvml:
    """As much of `pynvml` as is used. A card's dict says what it answers, or what is raised."""

    cards: list[dict[str, Any]]
    events: list[tuple[int, int]] = field(default_factory=list)
    init: Exception | None = None
    inits: int = 0
    NVMLError = NVMLError
    NVMLError_FunctionNotFound = FunctionNotFound
    NVMLError_NotSupported = NotSupported
    NVMLError_NotFound = NotFound
    nvmlEventTypeXidCriticalError = 8
    NVML_FI_DEV_GET_GPU_RECOVERY_ACTION = 230
    NVML_SUCCESS = 0
    NVML_AFFINITY_SCOPE_NODE = 0

    def nvmlInit(self) -> None:
        self.inits += 1
        if self.init is not None:
            raise self.init

    def nvmlShutdown(self) -> None:
        pass

    def nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        self._say(index, "handle")
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:
        index = [self._text(card["uuid"]) for card in self.cards].index(uuid)
        return self.nvmlDeviceGetHandleByIndex(index)

    def nvmlDeviceGetUUID(self, handle: int) -> Any:
        return self._say(handle, "uuid")

    def nvmlDeviceGetName(self, handle: int) -> Any:
        return self._say(handle, "name", b"NVIDIA A100-SXM4-80GB")

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return self._say(handle, "memory", SimpleNamespace(total=81920 << 20, used=100 << 20))

    def nvmlDeviceGetMigMode(self, handle: int) -> Any:
        return self._say(handle, "mig", NVMLError("Not Supported"))

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        return self._say(handle, "busy", SimpleNamespace(gpu=42))

    def nvmlDeviceGetMemoryAffinity(self, handle: int, words: int, _scope: int) -> Any:
        node = self._say(handle, "numa", NVMLError("Not Supported"))
        return [(1 << node - 64 * at) if 0 <= node - 64 * at < 64 else 0 for at in range(words)]

    def nvmlDeviceGetPciInfo(self, handle: int) -> Any:
        return self._say(handle, "pci", NVMLError("Not Supported"))

    def nvmlDeviceGetFieldValues(self, handle: int, _fields: list[int]) -> Any:
        action = self._say(handle, "recovery", 0)
        return [SimpleNamespace(nvmlReturn=0, value=SimpleNamespace(uiVal=action))]

    def nvmlDeviceGetProcessUtilization(self, handle: int, since: int) -> Any:
        samples = self._say(handle, "busy", NotFound())
        return [SimpleNamespace(**one) for one in samples if one["timeStamp"] > since]

    def nvmlEventSetCreate(self) -> str:
        return "set"

    def nvmlEventSetFree(self, _events: str) -> None:
        pass

    def nvmlDeviceRegisterEvents(self, handle: int, _types: int, _events: str) -> None:
        self._say(handle, "register")

    def nvmlEventSetWait_v2(self, _events: str, _milliseconds: int) -> Any:
        if not self.events:
            raise NVMLError("Timeout")
        device, xid = self.events.pop(0)
        return SimpleNamespace(device=device, eventData=xid)

    def __getattr__(self, name: str) -> Callable[[int], Any]:
        """The lists of processes: of a card's ``Compute_v3``, what it was given."""
        kind = re.fullmatch("nvmlDeviceGet(.*)RunningProcesses(_v[23])", name)
        if kind is None:
            raise AttributeError(name)
        return lambda handle: [
            SimpleNamespace(pid=pid, usedGpuMemory=used)
            for pid, used in self._say(handle, kind[1] + kind[2], FunctionNotFound())
        ]

    def _text(self, value: str | bytes) -> str:
        return value if isinstance(value, str) else value.decode()

    def _say(self, index: int, key: str, default: Any = None) -> Any:
        answer = self.cards[index].get(key, default)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def driver() -> FakeNvml:
    return FakeNvml([{"uuid": A}, {"uuid": B.encode()}])


@pytest.fixture(autouse=True)
def bound(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is there, unless the test is about where it is."""
    if "tmp_path" in request.fixturenames:
        return
    monkeypatch.setattr(nvidia, "bind", lambda *_: None)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def look(driver: FakeNvml, clock: Clock) -> Callable[[], dict[str, bool]]:
    """Looks, and says which card is healthy."""
    vendor = Nvidia(Path("/"), driver, clock)
    return lambda: {found.card.uuid: found.card.healthy for found in vendor.look()}


def test_a_card_is_told_as_the_driver_tells_it(driver: FakeNvml):
    first, second = Nvidia(Path("/"), driver).look()
    assert (first.card.uuid, second.card.uuid) == (A, B)
    assert (first.card.model, first.card.mib) == ("NVIDIA A100-SXM4-80GB", 81920)
    assert (first.card.numa, first.card.holds) == (None, ("interposer",))
    assert (first.used, first.busy, second.names) == (100, 42, (B, "1"))


@pytest.mark.parametrize("node", [0, 1, 63, 64, 100])
def test_the_nearest_numa_node_is_told(driver: FakeNvml, node: int):
    driver.cards[0]["numa"] = node
    first, second = Nvidia(Path("/"), driver).look()
    assert (first.card.numa, second.card.numa) == (node, None)


def test_no_driver_means_no_cards_and_is_asked_again(driver: FakeNvml, look: Any):
    driver.init = NVMLError("Driver Not Loaded")
    assert look() == {}
    driver.init = None
    assert look() == {A: True, B: True}


def test_no_library_means_no_cards(tmp_path: Path):
    assert Nvidia(tmp_path).look() == ()


def test_a_driver_that_goes_away_leaves_its_cards_listed_and_not_healthy(
    driver: FakeNvml, look: Any
):
    look()
    driver.nvmlDeviceGetCount = lambda: driver._say(0, "count")
    driver.cards[0]["count"] = NVMLError("Driver/library version mismatch")
    assert look() == {A: False, B: False}
    driver.cards[0]["count"] = 2
    assert look() == {A: True, B: True}
    assert driver.inits == 2


def test_a_card_that_fell_off_the_bus_is_not_healthy_and_recovers(driver: FakeNvml, look: Any):
    look()
    driver.cards[1]["memory"] = NVMLError("GPU is lost")
    assert look() == {A: True, B: False}
    del driver.cards[1]["memory"]
    assert look() == {A: True, B: True}


def test_a_fault_of_the_card_is_waited_out(driver: FakeNvml, clock: Clock, look: Any):
    look()
    driver.events.append((1, 79))
    assert look() == {A: True, B: False}
    clock.now = QUIET - 1
    assert look() == {A: True, B: False}
    clock.now = QUIET
    assert look() == {A: True, B: True}


def test_a_fault_of_a_program_is_none_of_the_card(driver: FakeNvml, look: Any):
    look()
    driver.events += [(0, 13), (1, 31)]
    assert look() == {A: True, B: True}


def test_a_card_that_must_be_reset_is_not_healthy(driver: FakeNvml, look: Any):
    driver.cards[0]["recovery"] = 1
    assert look() == {A: False, B: True}
    driver.cards[0]["recovery"] = NVMLError("Not Supported")
    assert look() == {A: True, B: True}


def test_a_card_without_events_is_judged_by_its_answers(driver: FakeNvml, look: Any):
    driver.cards[0]["register"] = NVMLError("Not Supported")
    assert look() == {A: True, B: True}


def test_a_card_in_mig_mode_is_not_offered(driver: FakeNvml, look: Any):
    driver.cards[0]["mig"] = (1, 1)
    assert look() == {B: True}


def test_the_library_is_looked_for_under_the_root(tmp_path: Path):
    assert nvml.find_library(tmp_path) is None
    assert nvml.find_library(Path("/")) is None
    folder = tmp_path / "usr" / "lib64"
    folder.mkdir(parents=True)
    (folder / "libnvidia-ml.so.1").write_text("")
    assert nvml.find_library(tmp_path) == folder / "libnvidia-ml.so.1"


def on_a(driver: FakeNvml) -> Any:
    """Who is on the first card; None where that is not told."""
    vendor = Nvidia(Path("/"), driver)
    vendor.look()
    return vendor.processes([A]).get(A)


def test_processes_are_told_with_what_they_have(driver: FakeNvml):
    driver.cards[0]["Compute_v3"] = [(7, 100), (8, None)]
    assert on_a(driver) == (Process(7, 100), Process(8, None))


def test_a_process_on_several_lists_is_told_once_with_all_it_has(driver: FakeNvml):
    driver.cards[0] |= {
        "Compute_v3": [(7, 100), (8, None)],
        "MPSCompute_v3": [(8, 5)],
        "Graphics_v3": [(7, 130), (9, 1)],
    }
    assert on_a(driver) == (Process(7, 130), Process(8, 5), Process(9, 1))


def test_an_older_driver_has_older_lists(driver: FakeNvml):
    driver.cards[0] |= {"Compute_v2": [(7, 100)], "Graphics_v3": NotSupported()}
    assert on_a(driver) == (Process(7, 100),)


@pytest.mark.parametrize("kind", ["Compute_v3", "MPSCompute_v3", "Graphics_v3"])
def test_a_card_of_which_one_list_fails_is_left_out(driver: FakeNvml, kind: str):
    driver.cards[0] |= {"Compute_v3": [(7, 100)]} | {kind: NVMLError("Unknown Error")}
    assert on_a(driver) is None


def test_a_card_without_lists_is_left_out(driver: FakeNvml):
    assert on_a(driver) is None


def test_a_card_in_mig_mode_is_left_out(driver: FakeNvml):
    driver.cards[0] |= {"Compute_v3": [(7, 100)], "mig": (1, 1)}
    assert on_a(driver) is None


def test_without_a_driver_nobody_is_told_of(driver: FakeNvml):
    driver.init = NVMLError("Driver Not Loaded")
    assert on_a(driver) is None


def test_who_has_worked_is_told_since_when_it_is_asked(driver: FakeNvml):
    vendor = Nvidia(Path("/"), driver)
    vendor.look()
    assert vendor.busy({A: 0}) == {A: ()}
    driver.cards[0]["busy"] = [
        {"pid": 7, "smUtil": 30, "timeStamp": 500, "memUtil": 1},
        {"pid": 8, "smUtil": 70, "timeStamp": 900, "memUtil": 1},
    ]
    assert vendor.busy({A: 0}) == {A: (Busy(7, 30, 500), Busy(8, 70, 900))}
    assert vendor.busy({A: 500}) == {A: (Busy(8, 70, 900),)}


@pytest.mark.parametrize("why", [{"busy": NotSupported()}, {"mig": (1, 1)}])
def test_a_card_that_does_not_say_who_has_worked_is_left_out(driver: FakeNvml, why: Any):
    driver.cards[0] |= why
    vendor = Nvidia(Path("/"), driver)
    vendor.look()
    assert vendor.busy({A: 0}) == {}
