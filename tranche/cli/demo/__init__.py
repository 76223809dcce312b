"""`tranche demo`: the whole path of one pod on this machine, with no card and no cluster.

Every program in it is the real one. Made up are the cards (`interposer/fakes`), the kubelet that
talks to the node agent (`nodeagent.kubelet.standin`), and the container, which is made by hand.
"""

import asyncio
import sys

from tranche.cli.demo.path import follow
from tranche.cli.demo.workshop import DemoError, Workshop


def demo() -> int:
    """Runs the demo; the exit status, 0 only if the program was refused where it must be."""
    try:
        with Workshop() as shop:
            return asyncio.run(follow(shop))
    except DemoError as error:
        print(f"\nThe demo cannot go on: {error}", file=sys.stderr)
        return 1
