"""The agent beside an API server that lies, stalls and ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from nodeagent.cluster import watch
from nodeagent.cluster.api import Api, ApiError
from nodeagent.cluster.credentials import Credentials
from nodeagent.cluster.watch import PodWatch
from nodeagent.cluster.writes import CardsAnnotation, uninstalled
from nodeagent.pods import PodBook
from nodeagent.signals import Signal
from tests.nodeagent.cluster.server import Server
from tests.nodeagent.machine import NODE, A, eventually, found, raw_pod
from tranche.words.cards import CARDS_ANNOTATION, dump_cards


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def api(server: Server) -> AsyncIterator[Api]:
    async with (
        TestServer(server.app()) as http,
        Api(Credentials(str(http.make_url("")), None)) as one,
    ):
        yield one
        server.end_watch()


@contextlib.asynccontextmanager
async def running(coroutine: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(coroutine)
    try:
        yield
        assert not task.done() or task.exception() is None
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch, "_LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(watch, "_FIRST_PAUSE", 0.01)


async def test_the_book_follows_list_and_watch(server: Server, api: Api):
    one, two = raw_pod("one", {"main": 1}), raw_pod("two", {"main": 1})
    server.pods = [one]
    book = PodBook()
    async with running(PodWatch(api, NODE, book).run()):
        await eventually(lambda: book.synced)
        assert book.living() == {"uid-one"}
        server.tell("ADDED", two, "6")
        server.tell("DELETED", one, "7")
        await eventually(lambda: book.living() == {"uid-two"})
        server.tell("MODIFIED", two | {"status": {"phase": "Succeeded"}}, "8")
        await eventually(lambda: not book.living())


async def test_a_watch_that_ends_is_taken_up_where_it_was(server: Server, api: Api):
    book = PodBook()
    async with running(PodWatch(api, NODE, book).run()):
        server.tell("BOOKMARK", {"metadata": {}}, "77")
        server.end_watch()
        await eventually(lambda: server.watches == ["5", "77"])
        assert server.lists == 1


@pytest.mark.parametrize("line", [b'{"type":"ERROR","object":{"code":410}}\n', b"nonsense\n"])
async def test_after_a_watch_that_cannot_go_on_a_list_tells_who_is_gone(
    server: Server, api: Api, line: bytes
):
    server.pods = [raw_pod("one", {"main": 1})]
    book = PodBook()
    async with running(PodWatch(api, NODE, book).run()):
        await eventually(lambda: book.living() == {"uid-one"})
        server.pods = []
        server.tell_line(line)
        await eventually(lambda: not book.living())
        assert server.lists == 2


async def test_an_api_server_that_is_away_leaves_the_book_as_it_was(server: Server, api: Api):
    server.pods = [raw_pod("one", {"main": 1})]
    book = PodBook()
    async with running(PodWatch(api, NODE, book).run()):
        await eventually(lambda: book.synced)
        server.fail = 500
        server.end_watch()
        await asyncio.sleep(0.1)
        assert book.living() == {"uid-one"}
        server.fail = 0
        watched = len(server.watches)
        await eventually(lambda: len(server.watches) > watched)


async def test_errors_are_all_of_one_family(server: Server, api: Api):
    server.fail = 403
    with pytest.raises(ApiError) as refused:
        await api.get(f"/api/v1/nodes/{NODE}")
    assert refused.value.status == 403
    async with Api(Credentials("http://127.0.0.1:1", None)) as nobody:
        with pytest.raises(ApiError) as away:
            await nobody.get("/")
    assert away.value.status == 0


async def test_the_annotation_is_written_when_it_changes_and_only_then(server: Server, api: Api):
    cards, changed = [found(A, 0).card], Signal()
    server.annotations = {CARDS_ANNOTATION: dump_cards(tuple(cards)), "other": "kept"}
    annotation = CardsAnnotation(api, NODE)
    async with running(annotation.keep(lambda: tuple(cards), changed)):
        await asyncio.sleep(0.1)
        assert server.patches == []
        cards[0] = found(A, 0, healthy=False).card
        changed.raise_()
        await eventually(lambda: len(server.patches) == 1)
        changed.raise_()
        await asyncio.sleep(0.1)
        assert server.patches == [{CARDS_ANNOTATION: dump_cards(tuple(cards))}]
    await annotation.remove()
    assert server.patches[-1] == {CARDS_ANNOTATION: None}


@pytest.mark.parametrize(
    ("daemon_set", "gone"),
    [
        ({"metadata": {}}, False),
        ({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, True),
        (None, True),
    ],
)
async def test_the_daemon_set_says_whether_we_are_uninstalled(
    server: Server,
    api: Api,
    daemon_set: Any,
    gone: bool,  # noqa: FBT001
):
    server.daemon_set = daemon_set
    assert await uninstalled(api, "ns", "agent") is gone


async def test_no_answer_is_not_an_uninstall():
    async with Api(Credentials("http://127.0.0.1:1", None)) as nobody:
        assert await uninstalled(nobody, "ns", "agent") is False
