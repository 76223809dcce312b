"""Where the time of a review goes, stage by stage, and that its memory is given back.

Run with ``python -m tests.bench.stages [--reviews 1000000]``. In this process, without TLS or HTTP:
what those cost is the difference to ``tests.bench.admission``.
"""

import argparse
import gc
import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.admission import pod
from tranche.words.namespace import read_rules
from webhook.admission import answer
from webhook.admission.asks import asks_nothing, read_asks
from webhook.admission.guard import check_pod
from webhook.admission.patch import changes
from webhook.admission.review import _request_of
from webhook.admission.settle import settle
from webhook.admission.view import pod_of_bytes
from webhook.admission.writing import write
from webhook.settings import Settings

TURNS = 5
ROUNDS = 2000
MOST_GROWTH = 8.0
SETTINGS = Settings()


def body(*, asks: bool) -> bytes:
    """A review of the pod that the admission bench sends."""
    request = {
        "uid": "u",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE",
        "namespace": "team",
        "object": pod(asks=asks),
    }
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return json.dumps(review).encode()


def microseconds(call: Callable[[], object]) -> float:
    """Of one call, the best of some turns: what disturbs a measurement only ever adds."""
    best = []
    for _ in range(TURNS):
        start = time.perf_counter()
        for _ in range(ROUNDS):
            call()
        best.append((time.perf_counter() - start) / ROUNDS * 1e6)
    return min(best)


def stages() -> dict[str, float]:
    """Microseconds of each stage of a pod that asks for a slice, and of the whole."""
    raw = body(asks=True)
    request = _request_of(raw)
    view = pod_of_bytes(request.object)
    asks, _ = read_asks(view, SETTINGS)
    rules = read_rules({})
    systems = SETTINGS.systems
    requests = settle(asks, rules, view.members(), systems).requests
    written = write(requests, systems)
    return {
        "envelope decoded": microseconds(lambda: _request_of(raw)),
        "pod decoded": microseconds(lambda: pod_of_bytes(request.object)),
        "asks nothing?": microseconds(lambda: asks_nothing(view, systems)),
        "words read": microseconds(lambda: read_asks(view, SETTINGS)),
        "namespace's rules": microseconds(lambda: read_rules({})),
        "settled": microseconds(lambda: settle(asks, rules, view.members(), systems)),
        "written": microseconds(lambda: write(requests, systems)),
        "guarded": microseconds(lambda: check_pod(view, asks, requests, written, SETTINGS)),
        "patch made": microseconds(lambda: list(changes(view, asks, requests, written, SETTINGS))),
    }


def whole(*, asks: bool) -> float:
    """Microseconds from bytes to bytes."""
    raw = body(asks=asks)
    return microseconds(lambda: answer(raw, namespace_annotations=lambda _: {}, settings=SETTINGS))


def resident() -> float:
    """MiB that this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def growth(reviews: int) -> float:
    """MiB that are resident more after so many reviews, half of which ask."""
    raws = [body(asks=True), body(asks=False)]
    for n in range(2000):
        answer(raws[n % 2], namespace_annotations=lambda _: {}, settings=SETTINGS)
    gc.collect()
    before = resident()
    for n in range(reviews):
        answer(raws[n % 2], namespace_annotations=lambda _: {}, settings=SETTINGS)
    gc.collect()
    return resident() - before


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reviews", type=int, default=1_000_000, help="for the memory (1,000,000)")
    reviews = parser.parse_args().reviews
    total = whole(asks=True)
    print(
        f"a pod that asks a slice: {total:6.1f} us; that asks nothing: {whole(asks=False):.1f} us"
    )
    times = stages()
    for name, spent in times.items():
        print(f"  {name:20} {spent:6.1f} us  {spent / total:4.0%}")
    print(f"  {'answer encoded':20} {total - sum(times.values()):6.1f} us  (the rest)")
    grown = growth(reviews)
    met = "met" if grown <= MOST_GROWTH else "MISSED"
    print(f"resident after {reviews:,} reviews: {grown:+.1f} MiB; target <= {MOST_GROWTH}: {met}")
    print(f"median of one more: {statistics.median(whole(asks=True) for _ in range(3)):.1f} us")


if __name__ == "__main__":
    main()
