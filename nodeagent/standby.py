"""The command ``tranche-standby``: see `nodeagent.kubelet.standby`.

It loads nothing of the agent but the kubelet's messages, so that what ends the agent cannot end it.
"""

import argparse
import asyncio
import signal
from pathlib import Path
from typing import Final

from nodeagent.kubelet.registration import Registration
from nodeagent.kubelet.standby import Standby, read_offer

_LOOK_EVERY: Final = 0.2
"""Seconds between looks at what the agent tells."""


def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser("tranche-standby", description=__doc__)
    folder = "/var/lib/kubelet/device-plugins"
    parser.add_argument("--state-dir", type=Path, default="/var/lib/tranche", help="the agent's")
    parser.add_argument("--device-plugins-dir", type=Path, default=folder, help="the kubelet's")
    parser.add_argument("--resource-name", default="nvidia.com/gpu", help="as the agent offers it")
    options = parser.parse_args()
    asyncio.run(run(options.state_dir, options.device_plugins_dir, options.resource_name))


async def run(state: Path, plugins: Path, resource: str) -> None:
    """Stands by from the agent's first offer on, until told to end."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    task = asyncio.create_task(stand_by(state, plugins, resource))
    ended = asyncio.create_task(stop.wait())
    await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def stand_by(state: Path, plugins: Path, resource: str) -> None:
    """Serves until cancelled. Before the agent has offered anything there is nothing to keep."""
    while not read_offer(state).total:  # noqa: ASYNC110  another process writes it
        await asyncio.sleep(_LOOK_EVERY)
    plugin = Standby(state, plugins)
    registration = Registration(plugins, resource, plugin, role="standby")
    async with asyncio.TaskGroup() as group:
        group.create_task(registration.run())
        group.create_task(_stay_last(state, plugin, registration))


async def _stay_last(state: Path, plugin: Standby, registration: Registration) -> None:
    """Registers anew after the agent has, once nobody waits here for a start."""
    seen = read_offer(state).endpoint
    while True:
        agent = read_offer(state).endpoint
        if agent != seen and not plugin.busy:
            seen = agent
            registration.renew()
        await asyncio.sleep(_LOOK_EVERY)


if __name__ == "__main__":
    main()
