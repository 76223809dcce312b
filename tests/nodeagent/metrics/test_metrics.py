"""What Prometheus is told of a running node."""

import socket
import struct
from dataclasses import replace

import aiohttp
import pytest

from nodeagent.enforcement import interposer, layout
from tests.nodeagent.machine import A, B, Machine, assigned, raw_pod
from tranche.words.assignment import Grant


@pytest.fixture
async def port(machine: Machine, unused_tcp_port: int) -> int:
    machine.settings = replace(machine.settings, metrics_port=unused_tcp_port)
    await machine.up()
    return unused_tcp_port


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        number: int = one.getsockname()[1]
    return number


async def scrape(port: int) -> dict[str, float]:
    url = f"http://127.0.0.1:{port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in samples}


async def test_cards_and_slices_are_told_with_their_use(machine: Machine, port: int):
    await machine.admit(assigned(raw_pod("one", {"main": 1}), main=[Grant(B, 3000)]))
    name = await machine.start("one")
    with (machine.settings.state_dir / "slices" / name / "region").open("r+b") as region:
        region.write(struct.pack("<QI", layout.REGION_STAMP, 1))
        region.seek(layout.used_offset(0))
        region.write(struct.pack("<Q", 12345))
        region.seek(layout.region_card_offset(0))
        region.write(struct.pack("<QQQ", 2, 0, 1_500_000_000))
    interposer.change(machine.settings.state_dir / "slices" / name, 0, unaccounted_bytes=678)
    told = await scrape(port)
    card = f'{{card="{A}",model="NVIDIA A100-SXM4-80GB"}}'
    assert told["tranche_kubelet_registered"] == 1
    assert told[f"tranche_card_memory_bytes{card}"] == 81920 << 20
    assert told[f"tranche_card_memory_used_bytes{card}"] == 17 << 20
    assert told[f"tranche_card_busy_ratio{card}"] == 0.05
    assert told[f"tranche_card_healthy{card}"] == 1
    one = f'{{card="{B}",container="main",namespace="team",pod="one"}}'
    assert told[f"tranche_slice_memory_limit_bytes{one}"] == 3000 << 20
    assert told[f"tranche_slice_memory_used_bytes{one}"] == 12345
    assert told[f"tranche_slice_memory_unaccounted_bytes{one}"] == 678
    assert told[f"tranche_slice_memory_refused_total{one}"] == 2
    assert told[f"tranche_slice_gpu_seconds_total{one}"] == 1.5


async def test_a_region_full_of_nonsense_leaves_out_its_own_use_only(machine: Machine, port: int):
    await machine.admit(assigned(raw_pod("one", {"main": 1}), main=[Grant(B, 3000)]))
    name = await machine.start("one")
    (machine.settings.state_dir / "slices" / name / "region").write_bytes(b"\xff" * 400000)
    told = await scrape(port)
    assert any(key.startswith("tranche_slice_memory_limit_bytes") for key in told)
    assert not any(key.startswith("tranche_slice_memory_used_bytes") for key in told)


async def test_the_agent_says_that_it_lives(machine: Machine, port: int):
    url = f"http://127.0.0.1:{port}/healthz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
    assert machine.task is not None
