"""The clean-up before the chart is removed: ``tranche-webhook uninstall``, run by its Job.

The order matters. The webhook configuration goes first, or the webhook would make its Secret anew;
the agents go before the nodes' annotations, or they would write them again. Each agent sees that
its DaemonSet is being deleted and takes its own traces off its node.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tranche.words.cards import CARDS_ANNOTATION
from webhook.cluster.client import MERGE_PATCH, Cluster
from webhook.cluster.errors import NOT_FOUND, ApiError
from webhook.cluster.objects import CONFIGURATIONS, get_or_none
from webhook.cluster.watch import PAGE

_PAUSE: Final = 1.0


@dataclass(slots=True)
class Uninstall:
    """One clean-up. Every step may be done already, and a step that fails stops no other.

    Attributes:
        namespace: of the release.
        agent: the DaemonSet's name; empty leaves it alone, and likewise below.
        secret: the name of the Secret with the webhook's certificate.
        webhook_configuration: the name of the webhook configurations.
        deadline: on ``clock``, seconds.
        left: what could not be done, in words.
    """

    cluster: Cluster
    namespace: str
    agent: str
    secret: str
    webhook_configuration: str
    deadline: float
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    left: list[str] = field(default_factory=list)

    async def run(self) -> bool:
        """Do all that can be done; True when nothing is left."""
        if self.webhook_configuration:
            for collection in CONFIGURATIONS:
                path = f"{collection}/{quote(self.webhook_configuration, safe='')}"
                await self._step("webhook configuration", self._delete(path))
        if self.agent:
            await self._step(f"agents of DaemonSet {self.agent}", self._agents())
        await self._step(f"annotation {CARDS_ANNOTATION} on nodes", self._nodes())
        if self.secret:
            path = f"/api/v1/namespaces/{self._in}/secrets/{quote(self.secret, safe='')}"
            await self._step(f"Secret {self.secret}", self._delete(path))
        return not self.left

    @property
    def _in(self) -> str:
        return quote(self.namespace, safe="")

    async def _step(self, what: str, doing: Awaitable[str]) -> None:
        try:
            done = await doing
        except (ApiError, TimeoutError) as error:
            self.left.append(f"{what}: {error}")
            self.say(f"left behind: {what}: {error}")
        else:
            self.say(f"{what}: {done}")

    async def _delete(self, path: str, *, foreground: bool = False) -> str:
        """Delete, and see that it is gone."""
        query = {"propagationPolicy": "Foreground"} if foreground else None
        for word in ("was gone already", "deleted"):
            try:
                await self._asked("DELETE", path, query)
            except ApiError as error:
                if error.status == NOT_FOUND:
                    return word
                raise
            if foreground:
                return "deleted"
            if await get_or_none(self.cluster, path) is None:
                return "deleted"
        raise ApiError(0, "is still there after it was deleted")

    async def _asked(self, method: str, path: str, query: dict[str, str] | None = None) -> bytes:
        """A request that is tried again, until the deadline, while the API server has troubles."""
        while True:
            try:
                return await self.cluster.call(method, path, query=query)
            except ApiError as error:
                trouble = error.status in {0, 429} or error.status >= 500  # noqa: PLR2004
                if not trouble or self.clock() + _PAUSE > self.deadline:
                    raise
            await self.sleep(_PAUSE)

    async def _agents(self) -> str:
        path = f"/apis/apps/v1/namespaces/{self._in}/daemonsets/{quote(self.agent, safe='')}"
        await self._delete(path, foreground=True)
        while True:
            there = await self._asked_for(path)
            pods = [pod async for pod in self._pods()]
            if not there and not pods:
                return "gone"
            if self.clock() + _PAUSE > self.deadline:
                some = ", ".join(sorted(pods)[:5]) or "the DaemonSet itself"
                raise TimeoutError(f"not gone in time, {len(pods)} pods still there: {some}")
            await self.sleep(_PAUSE)

    async def _asked_for(self, path: str) -> bool:
        try:
            await self._asked("GET", path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return False
            raise
        return True

    async def _pods(self) -> AsyncIterator[str]:
        """Pods that the DaemonSet owns, with the node that each is on."""
        async for pod in self._all(f"/api/v1/namespaces/{self._in}/pods"):
            about = pod["metadata"]
            owners = about.get("ownerReferences") or ()
            if any(o["kind"] == "DaemonSet" and o["name"] == self.agent for o in owners):
                yield f"{about['name']} on {pod.get('spec', {}).get('nodeName', 'no node')}"

    async def _nodes(self) -> str:
        cleaned = 0
        patch = {"metadata": {"annotations": {CARDS_ANNOTATION: None}}}
        async for node in self._all("/api/v1/nodes"):
            if CARDS_ANNOTATION not in (node["metadata"].get("annotations") or {}):
                continue
            path = f"/api/v1/nodes/{quote(node['metadata']['name'], safe='')}"
            try:
                await self.cluster.call("PATCH", path, body=patch, content_type=MERGE_PATCH)
            except ApiError as error:
                if error.status != NOT_FOUND:
                    raise
            cleaned += 1
        return f"removed from {cleaned}"

    async def _all(self, path: str) -> AsyncIterator[dict[str, Any]]:
        query = {"limit": str(PAGE)}
        while True:
            page = msgspec.json.decode(await self._asked("GET", path, query))
            for item in page.get("items") or ():
                yield item
            after = page.get("metadata", {}).get("continue")
            if not after:
                return
            query["continue"] = after


def main(arguments: Sequence[str]) -> int:
    """Parse, clean up, and tell; 0 only when all is clean."""
    parser = argparse.ArgumentParser(
        prog="tranche-webhook uninstall",
        description="Remove what Tranche put into the cluster beyond the chart's own objects. "
        "May be run again; exits with 0 only when nothing is left.",
    )
    parser.add_argument(
        "--namespace", default=os.environ.get("POD_NAMESPACE") or "tranche-system", metavar="NAME"
    )
    parser.add_argument(
        "--agent",
        "--daemonset",
        default="tranche-agent",
        metavar="NAME",
        help="the agents' DaemonSet",
    )
    parser.add_argument(
        "--secret", default="", metavar="NAME", help="the webhook's own certificate; empty: none"
    )
    parser.add_argument(
        "--webhook-configuration",
        "--configuration",
        default="",
        metavar="NAME",
        help="deleted first, so that no webhook makes the Secret anew; empty: left to helm",
    )
    parser.add_argument(
        "--timeout", type=float, default=240.0, metavar="SECONDS", help="for all of it"
    )
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="outside a cluster")
    return asyncio.run(_main(parser.parse_args(arguments)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _main(said: argparse.Namespace) -> int:
    try:
        cluster = await Cluster.connect(said.kubeconfig)
    except ApiError as error:
        sys.stderr.write(f"tranche-webhook uninstall: {error}\n")
        return 1
    cleaning = Uninstall(
        cluster,
        said.namespace,
        said.agent,
        said.secret,
        said.webhook_configuration,
        deadline=time.monotonic() + said.timeout,
        say=_say,
    )
    try:
        clean = await cleaning.run()
    finally:
        await cluster.close()
    _say("nothing is left" if clean else "not all is clean; run it again")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
