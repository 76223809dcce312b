"""The node agent's part in shares, in the fake driver's simulated time.

``agent_program.py DRIVER_ROOT PROC UNTIL_MS SLICES``: takes part in the time as one thread, and
ends with it. SLICES is a list in JSON: folder, card, percent and pod of each.
"""

import asyncio
import ctypes
import json
import sys
from functools import partial
from pathlib import Path

from nodeagent.enforcement.meter import EVERY, Meter
from nodeagent.enforcement.shares import EVERY as OFTEN
from nodeagent.enforcement.shares import Sharer, Shares
from nodeagent.health.inventory import Inventory
from nodeagent.slices.cgroups import read_home
from nodeagent.vendors.nvidia import Nvidia
from nodeagent.vendors.nvml import find_library
from tests.interposer.simulated import BEGIN_NS
from tranche.words.assignment import Grant


async def run(root: Path, proc: Path, until_ms: int, sharers: list[Sharer]) -> None:
    """Looks as often as the agent does, by the simulated clock."""
    driver = ctypes.CDLL(str(find_library(root)))
    driver.fakegpu_now.restype = ctypes.c_uint64
    inventory = Inventory([Nvidia(root)])
    await inventory.look()
    clock = driver.fakegpu_now
    shares = Shares(lambda: sharers, clock=clock)
    meter = Meter(
        lambda: sharers,
        names=lambda _pods: {},
        busy=inventory.busy,
        home=partial(read_home, proc),
        clock=clock,
    )
    driver.fakegpu_join()
    looked = BEGIN_NS
    while clock() < BEGIN_NS + until_ms * 1_000_000:
        shares.look()
        if clock() - looked >= EVERY * 1e9:
            looked = clock()
            await meter.look()
        driver.fakegpu_wait(ctypes.c_uint64(int(OFTEN * 1e9)))
    driver.fakegpu_leave()
    shares.close()
    await inventory.close()


def main() -> None:
    """See the module."""
    root, proc, until_ms, slices = sys.argv[1:]
    sharers = [
        Sharer(Path(folder), 0, (Grant(card, 3000, percent),), pod, "main")
        for folder, card, percent, pod in json.loads(slices)
    ]
    asyncio.run(run(Path(root), Path(proc), int(until_ms), sharers))


if __name__ == "__main__":
    main()
