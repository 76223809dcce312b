"""The command ``tranche-nodeagent``."""

import asyncio
import sys

import structlog

from nodeagent import logs
from nodeagent.agent import run
from nodeagent.settings import read_settings
from tranche.words.errors import TrancheError


def main() -> None:
    """Runs the agent of this node; exits 1 when it cannot."""
    settings = read_settings(sys.argv[1:])
    logs.set_up(settings.log_level)
    try:
        asyncio.run(run(settings))
    except (TrancheError, OSError) as error:
        structlog.get_logger("agent").error("cannot go on", why=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
