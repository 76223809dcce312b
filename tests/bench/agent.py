"""The node agent of 8 cards and 80 slices, its memory and its part of a core.

``python -m tests.bench.agent [--seconds 30] [--processes 1]``

The real process with its defaults (``tranche-nodeagent``): 80 pods were started through a stand-in
kubelet, 10 on each card, the last of each card's with priority 1. In each runs a program under the
interposer, with the fake driver and NVML, that works, rests for 3 s of 20, and so changes for the
nine others how many work beside them. The agent follows them from a stand-in API server, and its
metrics are scraped each 15 s.

What is not as on a node: NVML is the fake one, whose calls take another time than the driver's; the
programs' ``cgroup`` is a plain file in place of procfs's, since they live in no pod; the API server
speaks HTTP without TLS, and says nothing while this measures; launches take no time on the fake
card, so no surcharge is ever to be written.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiohttp.test_utils import TestServer

from nodeagent.kubelet.standin import StandInKubelet
from tests.interposer.builds import BUILD, TESTS, build_library, make
from tests.interposer.rig import MIB, Program, Rig, card_line
from tests.nodeagent.cluster.server import Server
from tests.nodeagent.machine import NODE, RESOURCE, assigned, raw_pod
from tranche.words.assignment import Grant

CARDS = [f"GPU-be4c0000-0000-0000-0000-{n:012}" for n in range(8)]
PER_CARD = 10
CARD_MIB = 81920
SLICE_MIB, CORES = 8000, 10
USED = "tranche_slice_memory_used_bytes{"
SCRAPED_EVERY = 15.0
"""Seconds."""
MEMORY_TARGET_MIB = 100
CPU_TARGET = 0.01
"""Of a core, for all that it does."""


@dataclass(frozen=True)
class Spent:
    """By a process.

    Attributes:
        at: seconds, of any clock.
        user: seconds of a core in its own code.
        system: the same in the kernel's.
    """

    at: float
    user: float
    system: float

    @classmethod
    def so_far(cls, pid: int) -> "Spent":
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        user, system = (int(some) / os.sysconf("SC_CLK_TCK") for some in ticks)
        return cls(time.monotonic(), user, system)


def resident(pid: int) -> dict[str, float]:
    """MiB: ``VmRSS`` now, ``VmHWM`` at most so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    words = {line.split()[0].rstrip(":"): line.split() for line in lines if line.startswith("Vm")}
    return {name: int(words[name][1]) / 1024 for name in ("VmRSS", "VmHWM")}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Bench:
    """A node in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        # In the slice's own folder, where its programs are started.
        library = build_library("here", folder=Path())
        self.rig = Rig(folder / "driver", library)
        description = folder / "cards"
        lines = (card_line(uuid, CARD_MIB, n) for n, uuid in enumerate(CARDS))
        description.write_text("".join(lines))
        self.rig.preset(description)
        self.server = Server()
        (folder / "proc").mkdir()

    @contextmanager
    def agent(self, api: str) -> Iterator[subprocess.Popen[bytes]]:
        """The process, with the API server at a URL."""
        config: dict[str, Any] = {
            "current-context": "a",
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "clusters": [{"name": "a", "cluster": {"server": api}}],
            "users": [{"name": "a", "user": {}}],
        }
        (self.folder / "kubeconfig").write_text(yaml.safe_dump(config))
        options = {
            "node-name": NODE,
            "kubeconfig": self.folder / "kubeconfig",
            "driver-root": self.rig.root,
            "state-dir": self.folder / "state",
            "cdi-dir": self.folder / "cdi",
            "vendor-cdi-dirs": self.rig.root / "etc/cdi",
            "device-plugins-dir": self.folder / "plugins",
            "pod-resources-socket": self.folder / "pods/kubelet.sock",
            "library": BUILD / "interposer/libtranche.so",
            "cgroup-root": self.folder / "cgroup",
            "proc-root": self.folder / "proc",
            "metrics-port": self.port,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "nodeagent.main", *words]
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)

    async def start(self, kubelet: StandInKubelet, card: int, place: int) -> Path:
        """A pod with a slice of a card; returns the slice's folder."""
        name, id_ = f"pod-{card}-{place}", f"{card * PER_CARD + place:064x}"
        priority = 1 if place == PER_CARD - 1 else 0
        grant = Grant(CARDS[card], SLICE_MIB, CORES, priority=priority)
        pod = assigned(raw_pod(name, {"main": 1}), main=[grant])
        pod["metadata"]["uid"] = uid(card, place)
        self.server.tell("ADDED", pod, "6")
        await kubelet.admit(pod)
        (device,) = await kubelet.start(pod["metadata"]["uid"], "main")
        status = {"name": "main", "containerID": f"containerd://{id_}"}
        pod["status"] = {"phase": "Running", "containerStatuses": [status]}
        self.server.tell("MODIFIED", pod, "7")
        return self.folder / "state/slices" / device.removeprefix("tranche.dev/slice=")

    def program(self, folder: Path, card: int, place: int, mib: int) -> Program:
        """One in the slice of that folder."""
        command = [TESTS / "clients/agent", str(card), str(mib), str(card + 2 * place)]
        words = ["env", "-C", folder, *command]
        program = Program(words, self.rig.environment())
        if program.answer() != "up":
            raise SystemExit(f"a program did not start: {program.process.communicate()}")
        pid = program.process.pid
        proc = self.folder / "proc" / str(pid)
        proc.mkdir()
        id_ = f"{card * PER_CARD + place:064x}"
        (proc / "cgroup").write_text(f"0::/kubepods/burstable/pod{uid(card, place)}/{id_}\n")
        for file in "stat", "status":
            (proc / file).symlink_to(f"/proc/{pid}/{file}")
        return program

    def scrape(self) -> str:
        url = f"http://127.0.0.1:{self.port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())


def uid(card: int, place: int) -> str:
    """Of a pod."""
    return f"be4c0000-0000-4000-8000-{card:06}{place:06}"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=30.0, help="of measuring (30)")
    parser.add_argument("--processes", type=int, default=1, help="of each slice (1)")
    chosen = parser.parse_args()
    make("all", "fakes", f"PYTHON={sys.executable}")
    (TESTS / "clients").mkdir(parents=True, exist_ok=True)
    source = Path(__file__).with_name("agent_client.c")
    subprocess.run(["cc", "-O2", "-o", TESTS / "clients/agent", source, "-ldl"], check=True)
    with tempfile.TemporaryDirectory(prefix="tranche-") as folder, ExitStack() as ends:
        asyncio.run(measure(Bench(Path(folder)), ends, chosen.seconds, chosen.processes))


async def measure(bench: Bench, ends: ExitStack, seconds: float, processes: int) -> None:
    """Fills the node, and then looks on."""
    plugins, pods = bench.folder / "plugins", bench.folder / "pods/kubelet.sock"
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(TestServer(bench.server.app()))
        stack.callback(bench.server.end_watch)
        process = stack.enter_context(bench.agent(str(http.make_url(""))))
        kubelet = await stack.enter_async_context(StandInKubelet(plugins, pods, RESOURCE))
        try:
            await kubelet.wait_for_tokens(100 * len(CARDS), 20)
            for card in range(len(CARDS)):
                for place in range(PER_CARD):
                    folder = await bench.start(kubelet, card, place)
                    for _ in range(processes):
                        mib = SLICE_MIB // 2 // processes
                        ends.callback(bench.program(folder, card, place, mib).kill)
            await asyncio.sleep(5)
            report(*await watched(bench, process.pid, seconds), seconds)
        except (TimeoutError, OSError):
            print((bench.folder / "log").read_text()[-4000:])
            raise


async def watched(bench: Bench, pid: int, seconds: float) -> tuple[Spent, Spent, dict[str, float]]:
    """What the agent spent in that time, scraped meanwhile."""
    before = Spent.so_far(pid)
    until = before.at + seconds
    while (left := until - time.monotonic()) > 0:
        text = await asyncio.to_thread(bench.scrape)
        lines = [line for line in text.splitlines() if line.startswith(USED)]
        used = [float(line.rpartition(" ")[2]) for line in lines]
        if used != [SLICE_MIB // 2 * MIB] * len(CARDS) * PER_CARD:
            raise SystemExit(f"not what this measures:\n{text[-4000:]}")
        await asyncio.sleep(min(SCRAPED_EVERY, left))
    return before, Spent.so_far(pid), resident(pid)


def report(before: Spent, after: Spent, memory: dict[str, float], seconds: float) -> None:
    """One line per number, beside its target."""
    ok = {True: "met", False: "MISSED"}
    took = after.at - before.at
    user, system = (after.user - before.user) / took, (after.system - before.system) / took
    cpu, most = user + system, memory["VmHWM"]
    print(f"{len(CARDS)} cards, {len(CARDS) * PER_CARD} slices, {seconds:.0f} s")
    print(
        f"resident now {memory['VmRSS']:.0f} MiB, at most {most:.0f}:"
        f" {most / MEMORY_TARGET_MIB:.2f} of the target of {MEMORY_TARGET_MIB} MiB:"
        f" {ok[most <= MEMORY_TARGET_MIB]}"
    )
    print(
        f"of a core {cpu:.2%} (own {user:.2%}, kernel {system:.2%}):"
        f" {cpu / CPU_TARGET:.2f} of the target of {CPU_TARGET:.0%}: {ok[cpu <= CPU_TARGET]}"
    )


if __name__ == "__main__":
    main()
