"""Forty pods at once on two cards."""

import collections

from tests.e2e.cluster.commands import eventually
from tests.e2e.pods import pod
from tests.e2e.stack import CARD_MIB, Stack

MIB = 5000
FIT = 2 * (CARD_MIB // MIB)


def running(stack: Stack) -> set[str]:
    return {
        p["metadata"]["name"]
        for p in stack.pods.all()
        if p["status"].get("phase") == "Running" and p["status"]["containerStatuses"][0]["ready"]
    }


def test_of_40_pods_as_many_run_as_fit_and_each_that_leaves_lets_one_in(stack: Stack):
    fill = ("--json", "--step", "100", "--hold", "forever")
    words = {"tranche.dev/gpu": f"{MIB}Mi"}
    stack.pods.create(*(pod(f"burst-{n}", *fill, annotations=words) for n in range(40)))
    eventually(lambda: len(running(stack)) == FIT, within=180)

    held: collections.Counter[str] = collections.Counter()
    waiting = []
    for one in stack.pods.all():
        name = one["metadata"]["name"]
        if "nodeName" in one["spec"]:
            [grant] = stack.pods.assigned(name)["main"]
            held[grant["card"]] += grant["mib"]
        else:
            waiting.append(name)
    assert set(held.values()) == {FIT // 2 * MIB}
    assert len(waiting) == 40 - FIT

    eventually(lambda: stack.used_mib() == FIT * MIB, within=60)
    assert stack.oracle_mib() == dict(held)
    assert all(peak <= CARD_MIB for peak in stack.peaks_mib().values())
    said = stack.pods.event(waiting[0], "largest free slice")
    free = CARD_MIB - FIT // 2 * MIB
    assert f"1 largest free slice {free} MiB of the {MIB} asked" in said

    for _ in range(3):
        before = running(stack)
        leaving = min(before)
        stack.pods.delete(leaving)
        eventually(lambda before=before: len(running(stack) - before) == 1, within=5)
    assert all(peak <= CARD_MIB for peak in stack.peaks_mib().values())
