"""Creates pods on trial at a steady rate: ``python -m tests.e2e.load KUBECONFIG RATE SECONDS``.

Each is sent with ``dryRun=All``, so it goes through all of admission and is not kept. At the end
one JSON object: how many were sent and answered, what was wrong, and the latencies. To be run where
the API server's address leads somewhere.
"""

import asyncio
import json
import ssl
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import yaml

SLICES = "tranche.dev/slices"
MOST_WRONG = 10


def pod() -> dict[str, Any]:
    """One that asks for a slice."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "load-", "annotations": {"tranche.dev/gpu": "1Mi"}},
        "spec": {"containers": [{"name": "main", "image": "none"}]},
    }


def server_of(kubeconfig: Path) -> tuple[str, ssl.SSLContext]:
    """The API server's address, and who we are to it."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cafile=cluster["certificate-authority"])
    context.load_cert_chain(user["client-certificate"], user["client-key"])
    return cluster["server"], context


class Load:
    """What came of the pods so far."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.latencies: list[float] = []

    async def one(self) -> None:
        """Sends one pod."""
        began = time.perf_counter()
        try:
            async with self._session.post(self._url, json=pod()) as answer:
                body = await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            self._tell("no answer", repr(error))
            return
        self.latencies.append(time.perf_counter() - began)
        if answer.status != 201:
            self._tell(f"status {answer.status}", str(body.get("message")))
        elif SLICES not in body["metadata"].get("annotations", {}):
            self._tell("not patched", "")
        else:
            self.answers["admitted"] += 1

    def _tell(self, what: str, words: str) -> None:
        self.answers[what] += 1
        if len(self.wrong) < MOST_WRONG:
            self.wrong.append(f"{what}: {words[:300]}")

    def said(self, seconds: float) -> dict[str, Any]:
        """All of it."""
        ordered = sorted(self.latencies) or [0.0]
        return {
            "answers": dict(self.answers),
            "wrong": self.wrong,
            "per_second": round(sum(self.answers.values()) / seconds, 1),
            "p50_ms": round(ordered[len(ordered) // 2] * 1000, 1),
            "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
        }


async def run(kubeconfig: Path, rate: float, seconds: float) -> dict[str, Any]:
    """Sends pods when they are due, whatever the answers do, up to 64 at a time."""
    server, context = server_of(kubeconfig)
    url = f"{server}/api/v1/namespaces/default/pods?dryRun=All"
    connector = aiohttp.TCPConnector(ssl=context, limit=64)
    timeout = aiohttp.ClientTimeout(total=40)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        load = Load(session, url)
        places = asyncio.Semaphore(64)

        async def placed() -> None:
            async with places:
                await load.one()

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for n in range(int(rate * seconds)):
                wait = began + n / rate - time.perf_counter()
                if wait > 0:
                    await asyncio.sleep(wait)
                elif time.perf_counter() - began > seconds:
                    break  # the machine does not bear the rate: what it bears is told
                group.create_task(placed())
        return load.said(time.perf_counter() - began)


if __name__ == "__main__":
    config_, rate_, seconds_ = sys.argv[1:]
    print(json.dumps(asyncio.run(run(Path(config_), float(rate_), float(seconds_)))))
