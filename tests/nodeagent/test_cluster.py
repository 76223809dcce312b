"""The whole agent beside an API server, from its first annotation to its uninstall."""

from dataclasses import replace
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestServer

from tests.nodeagent.cluster.server import Server
from tests.nodeagent.machine import A, Machine, assigned, eventually, raw_pod
from tranche.words.assignment import Grant
from tranche.words.cards import CARDS_ANNOTATION, load_cards


@pytest.fixture
async def server(machine: Machine):
    """The machine's agent asks this one."""
    one = Server()
    async with TestServer(one.app()) as http:
        config: dict[str, Any] = {
            "current-context": "a",
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "clusters": [{"name": "a", "cluster": {"server": str(http.make_url(""))}}],
            "users": [{"name": "a", "user": {}}],
        }
        path = machine.root / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        machine.settings = replace(
            machine.settings,
            standalone=False,
            kubeconfig=path,
            namespace="ns",
            daemon_set="agent",
        )
        yield one
        await machine.down(kill=True)
        one.end_watch()


async def test_from_the_annotation_to_the_uninstall(machine: Machine, server: Server):
    await machine.up()
    await eventually(lambda: server.patches)
    assert len(load_cards(server.annotations[CARDS_ANNOTATION])) == 2
    pod = assigned(raw_pod("one", {"main": 1}), main=[Grant(A, 3000)])
    server.tell("ADDED", pod, "6")
    await machine.kubelet.admit(pod)
    assert await machine.start("one") in machine.specs()
    await machine.down()
    assert len(machine.specs()) == 1, "a restart, by the DaemonSet's word"
    server.pods = [pod]
    await machine.up()
    assert len(server.patches) == 1, "nothing has changed, so nothing was written"
    server.daemon_set = None
    await machine.down()
    assert server.patches[-1] == {CARDS_ANNOTATION: None}
    assert not machine.specs()
    assert not machine.folders()


async def test_a_pod_that_the_watch_never_brings_is_asked_for(
    machine: Machine, server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("nodeagent.slices.start.PATIENCE", 0.2)
    await machine.up()
    await eventually(lambda: server.lists == 1)
    pod = assigned(raw_pod("one", {"main": 1}), main=[Grant(A, 3000)])
    server.pods = [pod]
    await machine.kubelet.admit(pod)
    assert await machine.start("one") in machine.specs()
    assert server.lists == 2
