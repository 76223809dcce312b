"""While the agent is away pods are let in and wait, rather than being lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nodeagent.kubelet import standby as module
from nodeagent.kubelet.registration import Registration
from nodeagent.kubelet.standby import Offer, Standby, dump_offer, read_offer
from nodeagent.kubelet.standin import StartRefused
from nodeagent.standby import stand_by
from tests.nodeagent.machine import RESOURCE, A, Machine, assigned, eventually, raw_pod, unwell
from tranche.words.assignment import Grant

SLICE = [Grant(A, 3000)]


@pytest.fixture
async def standby(node: Machine) -> AsyncIterator[Machine]:
    """A node whose agent has a standby."""
    settings = node.settings
    running = stand_by(settings.state_dir, settings.device_plugins_dir, RESOURCE)
    task = asyncio.create_task(running)
    await eventually(lambda: len(node.kubelet._plugins) == 2)
    yield node
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def lose_agent(node: Machine) -> None:
    assert node.task is not None
    node.task.cancel()
    await asyncio.gather(node.task, return_exceptions=True)
    node.task = None
    await eventually(lambda: len(node.kubelet._plugins) == 1)


async def test_a_pod_that_arrives_while_the_agent_is_away_starts_once_it_is_back(
    standby: Machine,
):
    await lose_agent(standby)
    await standby.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    starting = asyncio.create_task(standby.start("one"))
    await asyncio.sleep(0.2)
    assert not starting.done()
    await standby.up()
    assert await starting in standby.specs()


async def test_an_agent_that_stays_away_lets_nothing_start(
    standby: Machine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_PATIENCE", 0.3)
    await lose_agent(standby)
    await standby.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE))
    with pytest.raises(StartRefused, match="node agent is away; the kubelet asks again"):
        await standby.start("one")
    assert not standby.specs()


async def test_whoever_is_asked_the_agent_answers(standby: Machine):
    """The kubelet calls the one that came last; here that is the standby."""
    await standby.admit(assigned(raw_pod("one", {"main": 1}), main=SLICE), raw_pod("two", {"a": 1}))
    assert await standby.start("one") in standby.specs()
    with pytest.raises(StartRefused, match="has no assignment from Tranche's scheduler"):
        await standby.start("two", "a")


async def test_the_standby_offers_what_the_agent_offers(standby: Machine):
    first, second = standby.vendor.cards
    standby.vendor.cards = (first, unwell(second))
    await eventually(lambda: tokens_told(standby) == (20, 10))
    await standby.kubelet.wait_for_tokens(10)


async def test_the_kubelet_calls_the_standby_again_after_an_agent_came_back(standby: Machine):
    """So the next death of an agent finds no question of the kubelet's on its way to it."""
    await eventually(lambda: "standby" in list(standby.kubelet._plugins)[-1])
    await lose_agent(standby)
    await standby.up()
    await eventually(lambda: len(standby.kubelet._plugins) == 2)
    await eventually(lambda: "standby" in list(standby.kubelet._plugins)[-1])


async def test_a_socket_swept_away_just_before_a_renewal_is_made_again(node: Machine):
    """A kubelet that starts sweeps the folder, at whatever moment."""
    folder = node.settings.device_plugins_dir
    plugin = Standby(node.settings.state_dir, folder)
    registration = Registration(folder, RESOURCE, plugin, role="standby")
    await registration.look()
    (folder / registration.endpoint).unlink()
    registration.renew()
    await registration.look()
    assert (folder / registration.endpoint).is_socket()
    assert registration.registered
    await registration._stop()


def tokens_told(node: Machine) -> tuple[int, int]:
    told = read_offer(node.settings.state_dir)
    return told.total, told.healthy


def test_an_offer_that_cannot_be_read_offers_nothing(short):
    assert read_offer(short) == Offer()
    for text in (b"", b"[]", b'{"total": null, "healthy": 1}'):
        (short / "offer.json").write_bytes(text)
        assert read_offer(short) == Offer()
    (short / "offer.json").write_bytes(dump_offer(Offer(200, 100, "word")))
    assert read_offer(short) == Offer(200, 100, "word")
