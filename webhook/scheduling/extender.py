"""Filter, prioritize and bind, as kube-scheduler asks for them.

kube-scheduler asks filter for pod B before the bind of pod A arrives, skips prioritize when one
node is left, and says nothing when it gives a pod up. So a pod that fits is held, at filter, on the
cards that it would get on the node that we would choose; everyone else sees them taken. Bind
chooses anew, and commits to the ledger before it first waits for anything: two binds can overlap
and cannot both have a card's last MiB.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from tranche.words.errors import Refusal
from webhook.scheduling import metrics
from webhook.scheduling.binder import Binder, PostBinding
from webhook.scheduling.choice import NoRoom, choose, unlawful
from webhook.scheduling.claims import HELD_FOR, Claim, Standing
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.podview import PodView, view
from webhook.scheduling.quota import Law, law_of
from webhook.scheduling.reasons import explain
from webhook.scheduling.shape import Ask, ask_of
from webhook.scheduling.verdicts import Shapes, Verdicts
from webhook.scheduling.wire import (
    MAX_SCORE,
    BindingArgs,
    BindingResult,
    ExtenderArgs,
    FilterResult,
    HostPriority,
)
from webhook.settings import Settings

PATIENCE: Final = 0.025
"""Seconds that an answer "fits nowhere" is kept back once, to look again.

A deletion wakes kube-scheduler's waiting pods and comes to our watch in the same moment, by another
road. Were the pod refused on what was true just before, no further event might wake it for five
minutes (its ``podMaxInUnschedulablePodsDuration``)."""

WAITING: Final = 0.1
"""Of the scheduler's time, the most that such waits take in the long run."""

AT_ONCE: Final = 1.0
"""Seconds of waits that may follow each other. A deletion wakes a pod several times in a row, and
of these wakings the last one counts: when the containers have ended."""

REMEMBERED: Final = 4096
"""Pods whose filter is remembered for their bind, beside those that the watch shows waiting."""

TRIED: Final = 16
"""Nodes tried for a hold when a namespace's law forbids the cards of the first."""


class Extender:
    """The three answers, over one ledger."""

    def __init__(
        self,
        ledger: Ledger,
        post_binding: PostBinding,
        settings: Settings,
        clock: Callable[[], float],
        *,
        patience: float = PATIENCE,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._cluster = settings.defaults.by_key()
        self._clock = clock
        self._patience = patience
        self._sleep = sleep
        self._spare, self._counted = AT_ONCE, clock()
        self._shapes = Shapes(ledger)
        self._asked: OrderedDict[str, PodView] = OrderedDict()
        self._binder = Binder(ledger, post_binding, clock)
        for standing in Standing:
            count = partial(_count, ledger, standing)
            metrics.CLAIMS.labels(standing.value).set_function(count)

    async def filter(self, args: ExtenderArgs) -> FilterResult:
        """The nodes with room, and why not the others; holds the best of them for the pod."""
        if args.NodeNames is None:
            return _error("the scheduler's configuration must say nodeCacheCapable: true")
        pod, names = view(args.Pod), args.NodeNames
        self._remember(pod)
        try:
            ask, law = self._ask(pod)
        except Refusal as refusal:
            self._let_go(pod.uid)
            metrics.FILTERS.labels("refused").inc()
            return _nowhere(names, refusal.why)
        verdicts = self._shapes.of(ask.shape)
        await verdicts.prepare()
        answer = self._decide(ask, law, names, verdicts)
        if not answer.NodeNames and self._may_wait():
            seen = self._ledger.changes.now
            await self._sleep(self._patience)
            if self._ledger.changes.now != seen:
                answer = self._decide(ask, law, names, verdicts)
        metrics.FILTERS.labels("fits" if answer.NodeNames else "waits").inc()
        return answer

    async def prioritize(self, args: ExtenderArgs) -> list[HostPriority]:
        """A score for each node; the one that the pod is held on is above all others."""
        pod, names = view(args.Pod), args.NodeNames or []
        claim = self._ledger.claims.get(pod.uid)
        held = claim.node if claim is not None else ""
        try:
            ask, _ = self._ask(pod)
        except Refusal:
            return [HostPriority(name, 0) for name in names]
        verdicts = self._shapes.of(ask.shape)
        await verdicts.prepare()
        verdicts.update()
        fits, below = verdicts.fits, MAX_SCORE - 1
        return [
            HostPriority(name, MAX_SCORE if name == held else round(fits.get(name, 0.0) * below))
            for name in names
        ]

    async def bind(self, args: BindingArgs) -> BindingResult:
        """Put the pod on the node with the cards it gets there, in one write."""
        self._ledger.lapse(self._clock())
        return await self._binder.bind(args, self._choose)

    def _choose(self, args: BindingArgs) -> Claim:
        pod = self._ledger.pending.get(args.PodUID) or self._asked.get(args.PodUID)
        if pod is None:
            raise NoRoom("the pod is not known here yet; it will be tried again")
        try:
            ask, law = self._ask(pod)
        except Refusal as refusal:
            raise NoRoom(refusal.why) from refusal
        self._ledger.release(pod.uid)
        return choose(self._ledger, self._shapes.of(ask.shape).plan, ask, law, args.Node)

    def _ask(self, pod: PodView) -> tuple[Ask, Law]:
        annotations = self._ledger.namespaces.get(pod.namespace, {})
        law = law_of(pod.namespace, annotations, self._cluster)
        law.check()
        return ask_of(pod, self._settings, law.rules.models), law

    def _decide(self, ask: Ask, law: Law, names: list[str], verdicts: Verdicts) -> FilterResult:
        """The answer as of now, and the hold. Nothing here waits, so nobody comes between."""
        now = self._clock()
        self._ledger.lapse(now)
        claim = self._let_go(ask.pod.uid)
        if claim is not None:
            return _already(claim, names)
        verdicts.update()
        fits, failed = verdicts.fits, dict[str, str]()
        fitting = [name for name in names if name in fits]
        if len(fitting) < len(names):
            lacking = ((name, verdicts.why(name)) for name in names if name not in fits)
            failed = explain(lacking, ask, verdicts.plan.demands)
        over = unlawful(self._ledger, verdicts.plan, law, fitting)
        if over:
            failed |= over
            fitting = [name for name in fitting if name not in over]
        for _ in range(TRIED):
            if not fitting:
                break
            best = max(fitting, key=fits.__getitem__)
            try:
                claim = choose(self._ledger, verdicts.plan, ask, law, best)
            except NoRoom as no:
                failed[best] = str(no)
                fitting.remove(best)
                continue
            self._ledger.claim(replace(claim, until=now + HELD_FOR))
            break
        return FilterResult(fitting, {}, failed)

    def _let_go(self, uid: str) -> Claim | None:
        """End the pod's hold; a claim that is more than a hold is returned instead."""
        claim = self._ledger.claims.get(uid)
        if claim is not None and claim.standing is Standing.HELD:
            self._ledger.release(uid)
            return None
        return claim

    def _remember(self, pod: PodView) -> None:
        self._asked[pod.uid] = pod
        self._asked.move_to_end(pod.uid)
        if len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)

    def _may_wait(self) -> bool:
        now = self._clock()
        self._spare = min(AT_ONCE, self._spare + (now - self._counted) * WAITING)
        self._counted = now
        if self._spare < self._patience:
            return False
        self._spare -= self._patience
        return True


def _already(claim: Claim, names: list[str]) -> FilterResult:
    """A pod whose Binding is out may go nowhere else, whatever became of the answer."""
    others = [name for name in names if name != claim.node]
    answer = _nowhere(others, f"a Binding to {claim.node} was posted before")
    answer.NodeNames = [name for name in names if name == claim.node]
    return answer


def _count(ledger: Ledger, standing: Standing) -> int:
    return len(ledger.standing(standing))


def _nowhere(names: list[str], reason: str) -> FilterResult:
    return FilterResult([], {}, dict.fromkeys(names, reason))


def _error(text: str) -> FilterResult:
    return FilterResult([], {}, {}, text)
