"""Binds: each commits to the ledger, posts one Binding, and keeps or takes back what it committed.

A bind runs to its end whoever stops waiting for it: kube-scheduler gives up after its httpTimeout
and asks again, and is then answered by the bind that is under way.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tranche.words.assignment import ASSIGNED_ANNOTATION, Assignment, dump_assignment
from webhook.scheduling import metrics
from webhook.scheduling.choice import NoRoom
from webhook.scheduling.claims import HELD_FOR, UNCONFIRMED_FOR, Claim, Standing
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.wire import BindingArgs, BindingResult


class BindingRejected(Exception):
    """The API server did not take a Binding.

    Attributes:
        certain: it said so. False when no answer came, and the Binding may have been taken.
    """

    def __init__(self, reason: str, *, certain: bool = True) -> None:
        self.certain = certain
        super().__init__(reason)


PostBinding = Callable[[dict[str, Any]], Awaitable[None]]
"""Posts a Binding object; raises `BindingRejected`. Any other error counts as no answer."""


class Binder:
    """The binds under way."""

    def __init__(
        self, ledger: Ledger, post_binding: PostBinding, clock: Callable[[], float]
    ) -> None:
        self._ledger = ledger
        self._post_binding = post_binding
        self._clock = clock
        self._under_way: dict[str, tuple[str, asyncio.Task[BindingResult]]] = {}

    async def bind(
        self, args: BindingArgs, choose: Callable[[BindingArgs], Claim]
    ) -> BindingResult:
        """Bind a pod; ``choose`` makes its claim, or raises `NoRoom`, and is called at most once.

        Asked again for the same node, the answer is the same and nothing is posted twice.
        """
        uid = args.PodUID
        if uid in self._under_way:
            node, task = self._under_way[uid]
            if node != args.Node:
                return BindingResult(f"is being bound to {node}")
            return await asyncio.shield(task)
        claim = self._ledger.claims.get(uid)
        doubtful = False
        if claim is not None and claim.standing is not Standing.HELD:
            if claim.node != args.Node:
                return BindingResult(f"a Binding to {claim.node} was posted before")
            if claim.standing is not Standing.UNKNOWN:
                metrics.BINDS.labels("again").inc()
                return BindingResult()
            doubtful = True
        else:
            try:
                claim = choose(args)
            except NoRoom as no:
                metrics.BINDS.labels("full").inc()
                return BindingResult(f"{args.Node}: {no}")
        claim = replace(claim, standing=Standing.POSTED, until=None)
        self._ledger.claim(claim)
        task = asyncio.create_task(self._post(claim, doubtful=doubtful))
        self._under_way[uid] = (claim.node, task)
        task.add_done_callback(lambda _: self._under_way.pop(uid, None))
        return await asyncio.shield(task)

    async def _post(self, claim: Claim, *, doubtful: bool) -> BindingResult:
        """Post, and settle the claim.

        ``doubtful``: an earlier Binding may have been taken, so that not even a refusal of this one
        (409, bound already) says that the cards are free.
        """
        try:
            await self._post_binding(_binding(claim))
        except BindingRejected as error:
            if error.certain and not doubtful:
                self._settle(claim, None, 0.0)
                metrics.BINDS.labels("rejected").inc()
            else:
                self._settle(claim, Standing.UNKNOWN, HELD_FOR)
                metrics.BINDS.labels("unknown").inc()
            return BindingResult(str(error) or "the Binding was rejected")
        except BaseException as error:
            self._settle(claim, Standing.UNKNOWN, HELD_FOR)
            metrics.BINDS.labels("unknown").inc()
            if not isinstance(error, Exception):
                raise
            return BindingResult(f"no answer to the Binding: {error or type(error).__name__}")
        self._settle(claim, Standing.TAKEN, UNCONFIRMED_FOR)
        metrics.BINDS.labels("bound").inc()
        return BindingResult()

    def _settle(self, claim: Claim, standing: Standing | None, lasts: float) -> None:
        if self._ledger.claims.get(claim.uid) is not claim:
            # The watch was faster: the pod is seen bound, or is gone. What it says stands.
            return
        if standing is None:
            self._ledger.release(claim.uid)
        else:
            until = self._clock() + lasts
            self._ledger.claim(replace(claim, standing=standing, until=until))


def _binding(claim: Claim) -> dict[str, Any]:
    """The one write. The uid makes the API server refuse another pod of the same name."""
    grants = {name: tuple(some) for name, some in claim.grants.items()}
    text = dump_assignment(Assignment(claim.node, grants))
    return {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {
            "name": claim.name,
            "namespace": claim.namespace,
            "uid": claim.uid,
            "annotations": {ASSIGNED_ANNOTATION: text},
        },
        "target": {"apiVersion": "v1", "kind": "Node", "name": claim.node},
    }
