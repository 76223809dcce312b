"""Admission over TLS: the real process on one core, its client on another.

Two pods of 5.8 KB are sent, one that asks for a slice and one that asks nothing. First at a steady
300 reviews a second, whatever the answers do (so that a stall is seen by all who wait in it), then
by eight connections as fast as they can. What the server says of itself is read from its own
histogram, so both sides of the wire stand side by side.

Run with ``python tests/bench/admission.py [--seconds 12]``. Loopback only.
"""

import argparse
import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import uvloop

RATE = 300
CONNECTIONS = 8
SIZE = 5800
NAME = "tranche-webhook.tranche-system.svc"


def pod(*, asks):
    """An ordinary pod as an API server sends it, filled up to `SIZE` with what pods are full of."""
    annotations = {"kubectl.kubernetes.io/default-container": "main"}
    if asks:
        annotations["tranche.dev/gpu"] = "3000Mi on A100"
    filler = {"name": "", "value": "http://service.namespace.svc.cluster.local:8080/path"}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "trainer-0",
            "namespace": "team",
            "labels": {"app": "trainer", "job": "nightly"},
            "annotations": annotations,
            "managedFields": [
                {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:a": {}}}
            ],
        },
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "registry.example/trainer:1.2.3",
                    "command": ["python", "train.py"],
                    "env": [],
                    "resources": {"limits": {"cpu": "4", "memory": "16Gi"}},
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }
            ],
            "volumes": [{"name": "data", "emptyDir": {}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}],
        },
    }
    env = body["spec"]["containers"][0]["env"]
    while len(json.dumps(body)) < SIZE:
        env.append(filler | {"name": f"SETTING_{len(env)}"})
    return body


def request_for(body):
    """The bytes of one POST, headers and all."""
    review = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "8f0d1d7c-9d0c-4a53-8d2e-0b6f9a1c0001",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "operation": "CREATE",
            "namespace": "team",
            "userInfo": {"username": "system:serviceaccount:kube-system:job-controller"},
            "object": body,
        },
    }
    content = json.dumps(review, separators=(",", ":")).encode()
    head = (
        f"POST /admit HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Connection:
    """One kept connection."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port, context):
        return cls(
            *await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=NAME)
        )

    async def ask(self, request):
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.split(b"\r\n", 1)[0].decode())
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        return await self._reader.readexactly(length)

    def close(self):
        self._writer.close()


class Server:
    """The real process on one core."""

    def __init__(self, folder, core):
        self.ca = folder / "ca.pem"
        objects = folder / "objects.json"
        objects.write_text(json.dumps({"namespaces": [{"metadata": {"name": "team"}}]}))
        self._log = (folder / "log").open("w+")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "webhook.main", "--standalone"),
                *("--admission-port", "0", "--extender-port", "0", "--status-port", "0"),
                *("--objects", str(objects), "--ca-out", str(self.ca), "--drain", "0"),
            ],
            stderr=self._log,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509
        )
        ports = self._serving()
        self.port, self._status = ports["admission_port"], ports["status_port"]

    def _serving(self):
        for _ in range(200):
            for line in Path(self._log.name).read_text().splitlines():
                if '"serving"' in line:
                    return json.loads(line)
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self.stop()
        raise SystemExit("the server did not start:\n" + Path(self._log.name).read_text())

    def counters(self):
        """Every counter by its name with labels."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self._status}/metrics", timeout=5
        ) as answer:
            lines = answer.read().decode().splitlines()
        return {k: float(v) for k, v in (s.rsplit(" ", 1) for s in lines if not s.startswith("#"))}

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Said:
    """What the server said of one stretch of time: the difference of its counters."""

    def __init__(self, before, after):
        self._diff = {key: value - before.get(key, 0.0) for key, value in after.items()}
        self.count = self._diff["tranche_admission_duration_seconds_count"]
        self.mean = self._diff["tranche_admission_duration_seconds_sum"] / max(self.count, 1)
        self.cpu = self._diff["process_cpu_seconds_total"] / max(self.count, 1)
        self.resident = after["process_resident_memory_bytes"]

    def outcome(self, name):
        return self._diff.get(f'tranche_admission_reviews_total{{outcome="{name}"}}', 0.0)

    def quantile(self, q):
        """Seconds, between the bounds of the bucket that it falls into."""
        found = (re.search(r'duration_seconds_bucket\{le="(.*)"\}', key) for key in self._diff)
        bounds = sorted(
            (float(m[1]), self._diff[m.string]) for m in found if m and "admission" in m.string
        )
        low, below = 0.0, 0.0
        for bound, count in bounds:
            if count >= q * self.count:
                share = (q * self.count - below) / max(count - below, 1e-9)
                return low + share * (bound - low) if bound != float("inf") else low
            low, below = bound, count
        return low


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


async def steady(connections, request, seconds):
    """Latencies at `RATE`, each from the moment at which it was due."""
    free = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    latencies = []

    async def one(due):
        connection = await free.get()
        await connection.ask(request)
        free.put_nowait(connection)
        latencies.append(time.perf_counter() - due)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(int(RATE * seconds)):
            due = began + n / RATE
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(one(due))
    return latencies


async def saturated(connections, request, seconds):
    """Reviews per second."""
    until = time.perf_counter() + seconds
    done = 0

    async def one(connection):
        nonlocal done
        while time.perf_counter() < until:
            await connection.ask(request)
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(one(connection) for connection in connections))
    return done / (time.perf_counter() - began)


async def measure(server, seconds):
    context = ssl.create_default_context(cafile=str(server.ca))
    connections = [await Connection.open(server.port, context) for _ in range(CONNECTIONS)]
    results = {}
    for name, asks in (("asks a slice", True), ("asks nothing", False)):
        request = request_for(pod(asks=asks))
        for _ in range(200):
            answer = await connections[0].ask(request)
        if (b'"patch"' in answer) is not asks:
            raise SystemExit(f"not the answer that this measures: {answer[:500]!r}")
        before = server.counters()
        latencies = await steady(connections, request, seconds)
        middle = server.counters()
        rate = await saturated(connections, request, seconds / 3)
        after = server.counters()
        if Said(before, after).outcome("patched" if asks else "untouched") < len(latencies):
            raise SystemExit("not every review had the outcome that this measures")
        results[name] = (latencies, Said(before, middle), rate, Said(middle, after))
    for connection in connections:
        connection.close()
    return results


def report(results):
    """One line per number, beside its target where there is one."""
    ok = {True: "met", False: "MISSED"}
    for name, (latencies, said, rate, busy) in results.items():
        p50, p99 = said.quantile(0.5) * 1e3, said.quantile(0.99) * 1e3
        seen50, seen99 = quantile(latencies, 0.5) * 1e3, quantile(latencies, 0.99) * 1e3
        mean, most, cpu = said.mean * 1e3, max(latencies) * 1e3, busy.cpu * 1e3
        print(f"\na pod of {SIZE / 1000:.1f} KB that {name}")
        print(
            f"  {RATE}/s, the client saw   p50 {seen50:5.2f} ms  p99 {seen99:5.2f}  most {most:.1f}"
        )
        print(f"  {RATE}/s, the server says  p50 {p50:5.2f} ms  p99 {p99:5.2f}  mean {mean:.3f}")
        print(f"    p99 of the server: target < 5 ms: {ok[p99 < 5]}")
        if name == "asks nothing":
            print(f"    mean of the server: target < 0.3 ms: {ok[mean < 0.3]}")
        print(f"  {CONNECTIONS} connections, saturated  {rate:.0f}/s, {cpu:.2f} ms of CPU each")
        print(f"    {rate / 1500:.2f} of the target of 1,500: {ok[rate >= 1500]}")
    print(f"\nresident: {busy.resident / 2**20:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=12.0, help="of the steady part, at most 60"
    )
    seconds = min(parser.parse_args().seconds, 60.0)
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), cores[0])
        os.sched_setaffinity(0, {cores[-1]})
        try:
            report(uvloop.run(measure(server, seconds)))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
