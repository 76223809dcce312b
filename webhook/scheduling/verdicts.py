"""What is known of each shape at each node, kept up to date by what changed.

A cluster places many pods of few shapes, and a placement changes one node. So each recent shape
keeps its verdict on every node, and looks again only at nodes that changed since it last looked.
"""

import asyncio
from collections import OrderedDict
from typing import Final

from tranche.words.request import Placing
from webhook.scheduling.lack import NO_CARDS, Lack, lack
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.shape import Plan, Shape

SHAPES: Final = 64
"""Shapes kept. At 5,000 nodes each takes about half a MiB."""

BATCH: Final = 128
"""Nodes looked at between two looks at the event loop: well under a millisecond, so that an
admission review that comes meanwhile does not notice."""


class Verdicts:
    """One shape at every node.

    Attributes:
        plan: the shape, compiled.
        fits: the nodes with room; the value, 0.0 to 1.0, is how much the node policy likes it.
        fails: the others, and why.
    """

    def __init__(self, shape: Shape, ledger: Ledger) -> None:
        self.plan = Plan(shape)
        self.fits: dict[str, float] = {}
        self.fails: dict[str, Lack] = {}
        self._ledger = ledger
        self._lacks: dict[Lack, Lack] = {}
        self._spread = shape.node_policy is Placing.SPREAD
        self._place = ledger.changes.now
        self._due: dict[str, None] = dict.fromkeys(ledger.nodes)

    async def prepare(self) -> None:
        """Look at what is due in small portions. Nodes may change meanwhile; `update` sees that."""
        self._read()
        batch = BATCH // len(self.plan.demands) ** 2 or 1
        while len(self._due) > batch:
            for _ in range(batch):
                self._judge(self._due.popitem()[0])
            await asyncio.sleep(0)

    def update(self) -> None:
        """Look at all that is due; from here to the next await the verdicts are those of now."""
        self._read()
        for name in self._due:
            self._judge(name)
        self._due.clear()

    def why(self, name: str) -> Lack:
        """Why a node does not fit."""
        return self.fails.get(name, NO_CARDS)

    def _read(self) -> None:
        changes = self._ledger.changes
        since = changes.since(self._place)
        self._place = changes.now
        if since is None:
            self.fits.clear()
            self.fails.clear()
            since = self._ledger.nodes
        self._due |= dict.fromkeys(since)
        self.plan.learn(self._ledger.kinds.all)

    def _judge(self, name: str) -> None:
        node = self._ledger.nodes.get(name)
        self.fits.pop(name, None)
        self.fails.pop(name, None)
        if node is None:
            return
        self.plan.learn(self._ledger.kinds.all)
        found = lack(node, self.plan)
        if found is not None:
            # Thousands of nodes lack the same; one object for all spares memory and its collector.
            self.fails[name] = self._lacks.setdefault(found, found)
        else:
            self.fits[name] = 1.0 - node.fullness if self._spread else node.fullness


class Shapes:
    """The verdicts of the shapes asked for most recently."""

    def __init__(self, ledger: Ledger, longest: int = SHAPES) -> None:
        self._ledger = ledger
        self._longest = longest
        self._recent: OrderedDict[Shape, Verdicts] = OrderedDict()

    def of(self, shape: Shape) -> Verdicts:
        """The shape's verdicts; call `Verdicts.update` before reading them."""
        verdicts = self._recent.get(shape)
        if verdicts is None:
            verdicts = self._recent[shape] = Verdicts(shape, self._ledger)
            if len(self._recent) > self._longest:
                self._recent.popitem(last=False)
        else:
            self._recent.move_to_end(shape)
        return verdicts
