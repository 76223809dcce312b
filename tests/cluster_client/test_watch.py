"""Whatever breaks between us and the API server, the sink ends up with what is there."""

import asyncio

import pytest

from webhook.cluster.backoff import Backoff
from webhook.cluster.watch import Resource, Watch

THINGS = Resource("things", "/api/v1/things")


class Sink:
    def __init__(self):
        self.objects = {}
        self.gone_keys = []
        self.puts = 0
        self.changed = asyncio.Event()
        self.broken = set()

    def put(self, raw):
        self.puts += 1
        if raw["metadata"]["name"] in self.broken:
            raise ValueError("indigestible")
        self.objects[raw["metadata"]["name"]] = raw
        self.changed.set()

    def gone(self, key):
        self.gone_keys.append(key)
        self.objects.pop(key, None)
        self.changed.set()

    async def until(self, condition):
        """Wait for the sink to become so; pytest's timeout bounds it."""
        while not condition():
            self.changed.clear()
            await self.changed.wait()


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
async def start(cluster, sink):
    tasks = []

    async def begin(resource=THINGS, **options):
        options.setdefault("backoff", Backoff(first=0.001, most=0.01))
        watch = Watch(cluster, resource, sink, **options)
        tasks.append(asyncio.create_task(watch.run()))
        await watch.synced.wait()
        return watch

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_list_of_many_pages_is_told_in_full_before_it_is_synced(api, sink, start):
    for n in range(7):
        await api.put(f"t{n}")
    await start()
    assert len(sink.objects) == 7
    assert sum("continue" in request for request in api.requests) == 3


async def test_additions_changes_and_deletions_are_told_as_they_come(api, sink, start):
    await api.put("a", size=1)
    await start()
    await api.put("a", size=2)
    await api.put("b")
    await sink.until(lambda: "b" in sink.objects)
    assert sink.objects["a"]["size"] == 2
    await api.delete("a")
    await sink.until(lambda: "a" not in sink.objects)


async def test_a_cut_stream_goes_on_where_it_was_without_a_new_list(api, sink, start):
    await api.put("a")
    watch = await start()
    await api.put("b")
    await sink.until(lambda: "b" in sink.objects)
    api.cut()
    await api.put("c")
    await sink.until(lambda: "c" in sink.objects)
    assert watch.relists == 0


async def test_a_deletion_missed_while_away_is_told_after_410(api, sink, start):
    await api.put("a")
    await api.put("b")
    watch = await start()
    api.faults.extend([(503, {})] * 3)
    api.cut()
    while api.faults:
        await asyncio.sleep(0.001)
        api.cut()
    await api.delete("a")
    await api.put("c")
    await api.forget()
    api.cut()
    await sink.until(lambda: "c" in sink.objects)
    await sink.until(lambda: "a" not in sink.objects)
    assert set(sink.objects) == {"b", "c"}
    assert watch.synced.is_set()


async def test_410_within_a_stream_lists_again(api, sink, start):
    await api.put("a")
    watch = await start()
    api.version += 1
    await api.raw_event(b'{"type":"ERROR","object":{"code":410,"message":"too old"}}')
    api.objects.pop("a")
    await sink.until(lambda: "a" not in sink.objects)
    assert watch.relists == 1


async def test_what_did_not_change_is_not_told_again_by_a_new_list(api, sink, start):
    await api.put("a")
    await api.put("b")
    await start()
    before = sink.puts
    api.version += 1
    await api.raw_event(b"this is not JSON")
    await api.forget()
    await api.put("c")
    await sink.until(lambda: "c" in sink.objects)
    assert sink.puts == before + 1


async def test_a_bookmark_advances_the_version_watched_from(api, sink, start):
    await api.put("a")
    await start()
    await api.bookmark()
    await api.put("b")
    await sink.until(lambda: "b" in sink.objects)
    marked = api.version
    await api.forget()
    api.cut()
    await api.put("c")
    await sink.until(lambda: "c" in sink.objects)
    assert int(api.requests[-1]["resourceVersion"]) >= marked


async def test_a_pod_made_again_under_its_name_is_another_pod(api, sink, start):
    await api.put("p", uid="one")
    await start(Resource("things", "/api/v1/things", by_uid=True))
    api.objects.pop("p")
    await api.put("p", uid="two")
    await api.forget()
    api.version += 1
    await api.raw_event(b'{"type":"ERROR","object":{"code":410}}')
    await sink.until(lambda: "one" in sink.gone_keys)


async def test_the_server_is_left_alone_as_long_as_it_asks(api, cluster, sink):
    api.faults.extend([(429, {"Retry-After": "7"}), (500, {}), (500, {}), (500, {})])
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    watch = Watch(cluster, THINGS, sink, backoff=Backoff(jitter=lambda: 1.0), sleep=sleep)
    task = asyncio.create_task(watch.run())
    await watch.synced.wait()
    task.cancel()
    assert waits == [7.0, 0.4, 0.8, 1.6]


async def test_an_object_that_the_sink_cannot_take_does_not_stop_the_others(api, sink, start):
    sink.broken.add("a")
    await api.put("a")
    await api.put("b")
    await start()
    assert set(sink.objects) == {"b"}
    await api.put("c")
    await sink.until(lambda: "c" in sink.objects)


async def test_the_field_selector_is_asked_for_in_list_and_watch(api, sink, start):
    await start(Resource("pods", "/api/v1/things", field_selector="spec.schedulerName=x"))
    await api.put("a")
    await sink.until(lambda: "a" in sink.objects)
    assert {request["fieldSelector"] for request in api.requests} == {"spec.schedulerName=x"}


def test_waits_double_up_to_a_bound_and_begin_anew_after_success():
    backoff = Backoff(first=1.0, most=5.0, jitter=lambda: 1.0)
    assert [backoff.failed() for _ in range(4)] == [1.0, 2.0, 4.0, 5.0]
    assert backoff.failed(retry_after=10_000) == 60.0
    backoff.worked()
    assert backoff.failed() == 1.0


def test_jitter_halves_a_wait_at_most():
    assert Backoff(first=1.0, jitter=lambda: 0.0).failed() == 0.5
