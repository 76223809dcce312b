"""A slice of a real program under the library, with the node agent's looks beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from nodeagent.enforcement.audit import Auditor
from nodeagent.enforcement.contexts import Contexts
from nodeagent.enforcement.interposer import limits, read_cards, read_unaccounted
from nodeagent.enforcement.owner import read_owner
from nodeagent.enforcement.shares import Sharer
from nodeagent.health.inventory import Inventory
from nodeagent.slices.cgroups import read_home
from nodeagent.vendors.nvidia import Nvidia
from tests.interposer.builds import LIMITS, TESTS, build_cuda_client
from tests.interposer.rig import MIB, REGION_SIZE, Program, Rig
from tranche.words.assignment import Grant

POD = "0f0e0d0c-0000-4000-8000-000000000001"
NAMESPACE = "team"
CONTEXT = 300 * MIB


class Slice:
    """A container's slice of 3000 MiB, its programs, and the agent's parts that look at them.

    Each context takes `CONTEXT` of the card, and 1024 modules so many MiB.
    """

    def __init__(self, rig: Rig, inventory: Inventory, proc: Path) -> None:
        self.rig = rig
        self.proc = proc
        self.programs: list[Program] = []
        self.grants = (Grant(rig.A, 3000),)
        self.start = 0
        self.inventory = inventory
        self.auditor = self.agent()

    def agent(self) -> Auditor:
        """An agent that knows nothing yet but what the limits say."""
        self.contexts = Contexts()
        return Auditor(
            lambda: [Sharer(LIMITS.parent, self.start, self.grants, POD, "main", NAMESPACE)],
            contexts=self.contexts,
            names=lambda _pods: {},
            processes=self.inventory.processes,
            home=partial(read_home, self.proc),
            owner=partial(read_owner, Path("/proc")),
        )

    def restart(self) -> None:
        """The container starts anew: so do its limits, by what the agent knows, and its region."""
        while self.programs:
            self.programs.pop().kill()
        context = partial(self.contexts.told, NAMESPACE)
        self.rig.limits_bytes(limits(self.grants, context=context))
        self.rig.region_bytes(bytes(REGION_SIZE))
        self.start += 1

    def program(self, *steps: str, interposed: bool = True) -> Program:
        """One more program of the container, with a context, that takes these steps then."""
        program = self.started(interposed=interposed)
        for step in ("retain", "current 0", *steps):
            assert program.ask(step) == "0"
        return program

    def started(self, *, interposed: bool = True) -> Program:
        """One more program of the container, with no context yet."""
        environment = self.rig.environment(interposed=interposed)
        program = Program([TESTS / "clients/contexts"], environment)
        self.programs.append(program)
        self.lives(program, f"/kubepods/pod{POD}/{'c' * 64}")
        assert program.ask("start") == "0"
        return program

    def lives(self, program: Program, cgroup: str) -> None:
        folder = self.proc / str(program.process.pid)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup").write_text(f"0::{cgroup}\n")

    def true(self) -> int:
        return int(self.rig.oracle()[self.rig.A]["used_bytes"])

    def told(self) -> int:
        return read_unaccounted(LIMITS.parent, self.grants)[self.rig.A]

    def context(self) -> int:
        return int(read_cards(LIMITS.parent, self.grants)[self.rig.A].context_bytes)

    async def look(self) -> None:
        """Two looks: one alone is not believed."""
        await self.auditor.look()
        await self.auditor.look()


@asynccontextmanager
async def watched(rig: Rig, folder: Path) -> AsyncIterator[Slice]:
    """A slice with an agent beside it that is told when to look."""
    build_cuda_client("contexts")
    rig.cards(describe="context=300 module=1024", A=8000, B=8000)
    rig.fault()
    inventory = Inventory([Nvidia(rig.root)])
    await inventory.look()
    one = Slice(rig, inventory, folder / "proc")
    try:
        yield one
    finally:
        for program in one.programs:
            if program.process.poll() is None:
                program.kill()
        await inventory.close()
