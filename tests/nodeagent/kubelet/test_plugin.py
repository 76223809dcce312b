"""The plugin on its socket, beside a kubelet that comes and goes."""

import asyncio
from pathlib import Path

import grpc
import grpc.aio
import pytest

from nodeagent.kubelet.plugin import DevicePlugin
from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from nodeagent.kubelet.registration import Registration
from nodeagent.kubelet.services import DevicePluginClient
from nodeagent.kubelet.standin import StandInKubelet
from nodeagent.kubelet.tokens import tokens
from nodeagent.signals import Signal
from nodeagent.slices.names import cdi_name, fresh_name, our_names
from tests.nodeagent.machine import RESOURCE, A, B, found

CARDS = (found(A, 0).card, found(B, 1).card)


async def let(_: frozenset[str]) -> None:
    """Every start is fine."""


def plugin(start=let) -> DevicePlugin:
    return DevicePlugin(
        cards=lambda: CARDS,
        changed=Signal(),
        per_card=100,
        new_name=lambda: cdi_name(fresh_name()),
        start=start,
    )


def test_a_token_is_offered_a_hundred_times_for_each_healthy_card():
    listed = tokens((CARDS[0], found(B, 1, healthy=False).card), 100).devices
    assert len(listed) == len({device.ID for device in listed}) == 200
    assert sum(device.health == "Healthy" for device in listed) == 100
    assert all(len(device.ID) <= 63 for device in listed)
    assert not any(device.HasField("topology") for device in listed)


async def test_allocate_answers_one_fresh_name_for_each_container_and_nothing_else():
    request = dp.AllocateRequest(
        container_requests=[dp.ContainerAllocateRequest(devices_ids=["a"])] * 3
    )
    one = plugin()
    names: list[str] = []
    for _ in range(2):
        answer = await one.Allocate(request, None)
        assert len(answer.container_responses) == 3
        for response in answer.container_responses:
            assert [field.name for field, _ in response.ListFields()] == ["cdi_devices"]
            names += our_names(device.name for device in response.cdi_devices)
    assert len(set(names)) == 6


async def test_a_kubelet_that_comes_late_or_again_gets_the_plugin(short: Path):
    folder, pod_resources = short / "plugins", short / "pr" / "s"
    folder.mkdir()
    registration = Registration(folder, RESOURCE, plugin())
    running = asyncio.create_task(registration.run(0.02))
    for _ in range(3):
        async with StandInKubelet(folder, pod_resources, RESOURCE) as kubelet:
            await kubelet.wait_for_tokens(200)
            (folder / registration.endpoint).unlink()
            await kubelet.wait_for_tokens(0)
            await kubelet.wait_for_tokens(200)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_stale_socket_of_a_killed_agent_is_no_hindrance(short: Path):
    folder = short / "plugins"
    folder.mkdir()
    stale = folder / "tranche-agent-nvidia.com-gpu-12345678.sock"
    stale.write_text("")
    registration = Registration(folder, RESOURCE, plugin())
    async with StandInKubelet(folder, short / "pr" / "s", RESOURCE) as kubelet:
        await registration.look()
        await kubelet.wait_for_tokens(200)
        assert registration.registered
        assert not stale.exists()
        await registration._stop()


async def test_a_defect_of_ours_lets_no_container_start(short: Path):
    async def broken(_: frozenset[str]) -> None:
        raise ZeroDivisionError

    folder = short / "plugins"
    folder.mkdir()
    registration = Registration(folder, RESOURCE, plugin(broken))
    await registration._serve()
    [socket] = folder.iterdir()
    async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
        client = DevicePluginClient(channel)
        assert (await client.options()).pre_start_required
        with pytest.raises(grpc.aio.AioRpcError):
            await client.pre_start(("a",), seconds=5)
    await registration._stop()
