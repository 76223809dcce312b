"""An agent that ends for good leaves nothing behind; one that ends for a while leaves all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from nodeagent import agent
from nodeagent.pods import PodBook
from nodeagent.world import Files, open_world
from tests.nodeagent.machine import A, Machine, assigned, raw_pod
from tranche.words.assignment import Grant


class Leaving(Files):
    """A world whose DaemonSet has gone."""

    reachable = True

    async def leaving(self) -> bool:
        return True

    async def unpublish(self) -> None:
        if not self.reachable:
            raise OSError("API server: away")
        await super().unpublish()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> type[Leaving]:
    @asynccontextmanager
    async def opened(settings: Any, book: Any) -> AsyncIterator[Leaving]:
        yield Leaving(settings.pods, settings.cards_out, book)

    monkeypatch.setattr(agent, "open_world", opened)
    return Leaving


async def running(machine: Machine) -> None:
    await machine.up()
    await machine.admit(assigned(raw_pod("one", {"main": 1}), main=[Grant(A, 1)]))
    await machine.start("one")
    assert len(machine.specs()) == len(machine.folders()) == 1


def left(machine: Machine) -> set[str]:
    settings = machine.settings
    folders = (settings.state_dir, settings.cdi_dir, settings.device_plugins_dir)
    return {path.name for folder in folders for path in folder.rglob("*")}


@pytest.mark.usefixtures("world")
async def test_an_uninstall_leaves_nothing_of_ours(machine: Machine):
    await running(machine)
    await machine.down()
    assert left(machine) == {"kubelet.sock", "kubelet_internal_checkpoint"}
    assert not (machine.root / "cards.json").exists()


async def test_an_uninstall_with_the_api_server_away_still_cleans_the_disk(
    machine: Machine, world: type[Leaving], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(world, "reachable", False)
    await running(machine)
    await machine.down()
    assert left(machine) == {"kubelet.sock", "kubelet_internal_checkpoint"}


async def test_any_other_end_leaves_all_as_it_is(machine: Machine):
    await running(machine)
    await machine.down()
    assert len(machine.specs()) == len(machine.folders()) == 1
    async with open_world(machine.settings, PodBook()) as world:
        assert not await world.leaving()


async def test_a_part_that_fails_ends_the_agent(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    """So that it is started anew, rather than living on by half."""

    async def fail(*_: object) -> None:
        raise RuntimeError("broken")

    await machine.up()
    monkeypatch.setattr("nodeagent.health.inventory.Inventory.look", fail)
    assert machine.task is not None
    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(asyncio.shield(machine.task), 10)
    machine.task = None
