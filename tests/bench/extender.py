"""The extender at 5,000 nodes of 8 cards: filter and prioritize, as kube-scheduler asks for them.

Run it: ``python -m tests.bench.extender [--nodes N] [--cards N] [--pods N]``.

The cluster fills while it runs: each pod is filtered, rated and bound, and the watch then shows it,
so every question finds a few nodes changed. Every tenth pod has a shape never seen before. The same
pods go through the functions and over HTTP on one connection of the loopback.
"""

import argparse
import asyncio
import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

# `make bench` runs this as a file, and the cluster in memory is the tests'.
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.scheduling.world import T4, Raw, World, card, mib, node, percent, pod
from tranche.words.request import Model, Request
from webhook.scheduling.routes import routes
from webhook.scheduling.wire import BindingArgs, FilterResult, HostPriority, read_args, write

SEEN_TARGET, NEW_TARGET = 10.0, 100.0
"""Milliseconds at the 99th percentile of filter + prioritize, for 5,000 nodes of 8 cards."""

KNOWN: tuple[dict[str, Request], ...] = (
    {"main": mib(3000)},
    {"main": mib(8192, 20)},
    {"main": percent(25, 10)},
    {"main": mib(20000, models=(Model(("a100",)),))},
    {"main": mib(4000, count=2)},
    {"main": mib(2000), "sidecar": mib(1000)},
)
"""The shapes that most pods have. The models of two are spoken of, one pod has two containers."""

Ask = Callable[[str, bytes], Awaitable[bytes]]


@dataclass
class Times:
    """Milliseconds of one question after the other."""

    seen: list[float] = field(default_factory=list)
    new: list[float] = field(default_factory=list)
    bind: list[float] = field(default_factory=list)


def cluster(nodes: int, cards: int) -> tuple[World, list[str]]:
    """Nine nodes in ten have A100s, one has T4s."""
    world = World()
    names = [f"gpu-node-{i:05}" for i in range(nodes)]
    for i, name in enumerate(names):
        kind = {"mib": 15360, "model": T4} if i % 10 == 9 else {}
        some = (card(f"GPU-{i:05}-{k}", numa=k * 2 // cards, **kind) for k in range(cards))
        world.add(node(name, *some))
    return world, names


def fill(world: World, names: list[str], share: float, dice: random.Random) -> None:
    """Pods of all sizes on a part of the cards, as a cluster has that has run for a while."""
    for i, name in enumerate(names):
        for k, stock in enumerate(world.ledger.nodes[name].cards):
            if dice.random() < share:
                amount = dice.randrange(500, stock.card.mib)
                grant = {"card": stock.card.uuid, "mib": amount, "cores": dice.choice([0, 10, 30])}
                raw = pod(f"old-{i}-{k}", mib(amount))
                raw["metadata"]["annotations"]["tranche.dev/assigned"] = json.dumps(
                    {"v": 1, "node": name, "containers": {"main": [grant]}}
                )
                raw["spec"]["nodeName"] = name
                world.ledger.pod(raw)


def like_a_real_pod(raw: Raw) -> Raw:
    """With the weight of what a pod carries besides (about 6 KiB as JSON)."""
    env = [{"name": f"VARIABLE_{i}", "value": "x" * 60} for i in range(40)]
    for container in raw["spec"]["containers"]:
        container["env"] = env
    return raw


def direct(world: World) -> Ask:
    """No HTTP: bytes to bytes in the process."""
    extender = world.extender

    async def ask(verb: str, body: bytes) -> bytes:
        args = read_args(body)
        return write(await (extender.filter if verb == "filter" else extender.prioritize)(args))

    return ask


async def run(
    world: World, names: list[str], ask: Ask, pods: int, times: Times, *, tag: str
) -> int:
    """Schedule pods one after another, as kube-scheduler does. The number that were bound."""
    dice = random.Random(7)  # noqa: S311
    first = len(world.pods)
    bound = 0
    results = msgspec.json.Decoder(FilterResult)
    ratings = msgspec.json.Decoder(list[HostPriority])
    for i in range(pods):
        is_new = i % 10 == 9
        asked: dict[str, Request] = (
            {"main": mib(1001 + first + i, 1 + i % 20)} if is_new else dice.choice(KNOWN)
        )
        raw = like_a_real_pod(pod(f"{tag}-{i}", asked))
        world.add(raw)
        # kube-scheduler starts each round of nodes where the last one ended.
        turn = dice.randrange(len(names))
        args: dict[str, Any] = {"Pod": raw, "Nodes": None, "NodeNames": names[turn:] + names[:turn]}
        body = msgspec.json.encode(args)
        started = time.perf_counter()
        answer = await ask("filter", body)
        filtered = time.perf_counter() - started
        fitting = results.decode(answer).NodeNames
        if not fitting:
            continue
        body = msgspec.json.encode(args | {"NodeNames": fitting})
        started = time.perf_counter()
        answer = await ask("prioritize", body)
        rated = time.perf_counter() - started
        best = max(ratings.decode(answer), key=lambda rating: rating.Score).Host
        if i >= len(KNOWN) * 5:
            (times.new if is_new else times.seen).append((filtered + rated) * 1000)
        about = raw["metadata"]
        bind = BindingArgs(about["name"], about["namespace"], about["uid"], best)
        started = time.perf_counter()
        bound += not (await world.extender.bind(bind)).Error
        times.bind.append((time.perf_counter() - started) * 1000)
        world.tell()
    return bound


def line(what: str, values: list[float], target: float | None) -> str:
    """Percentiles, and how the 99th stands to the target."""
    p50, p99 = statistics.median(values), statistics.quantiles(values, n=100)[98]
    text = f"{what:34} {len(values):5}  p50 {p50:7.2f}  p99 {p99:7.2f}  max {max(values):7.2f} ms"
    if target is not None:
        text += f"   target {target:g}: p99 is {p99 / target:.2f} of it"
    return text


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--cards", type=int, default=8)
    parser.add_argument("--pods", type=int, default=600)
    chosen = parser.parse_args()
    print(f"{chosen.nodes} nodes x {chosen.cards} cards, {chosen.pods} pods each way, one process")
    for share in (0.0, 0.6):
        world, names = cluster(chosen.nodes, chosen.cards)
        fill(world, names, share, random.Random(1))  # noqa: S311
        # As the long-lived process it is: what stands now is not looked through again.
        gc.collect()
        gc.freeze()
        print(f"\n{share:.0%} of the cards in use at the start")
        times = Times()
        bound = await run(world, names, direct(world), chosen.pods, times, tag="direct")
        report("in the process, bytes to bytes", times, bound)
        app = web.Application()
        app.add_routes(routes(world.extender))
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

            async def ask(verb: str, body: bytes, session: Any = session) -> bytes:
                async with session.post(f"/{verb}", data=body) as answer:
                    return bytes(await answer.read())

            times = Times()
            bound = await run(world, names, ask, chosen.pods, times, tag="http")
            report("over HTTP, client in the same process", times, bound)
        await runner.cleanup()


def report(how: str, times: Times, bound: int) -> None:
    print(f"  {how}: {bound} pods bound")
    print("   ", line("filter + prioritize, shape seen", times.seen, SEEN_TARGET))
    print("   ", line("filter + prioritize, new shape", times.new, NEW_TARGET))
    print("   ", line("bind, less the API server's write", times.bind, None))


if __name__ == "__main__":
    asyncio.run(main())
