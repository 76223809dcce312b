"""Replicas that share one Secret and one webhook configuration, whatever happens to either."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from webhook.certificates.due import OVERLAP, Step, certificates_of, renew
from webhook.certificates.material import dump_material, load_material
from webhook.certificates.own import OwnAuthority
from webhook.certificates.served import Served
from webhook.cluster.errors import ApiError
from webhook.cluster.objects import Standing, Stored, Trust

NAMES = ("tranche-webhook.tranche-system.svc",)


class Clock:
    def __init__(self):
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


class FakeSecret:
    """A Secret with the API server's rules of create and replace; each call yields once."""

    def __init__(self):
        self.stored = None
        self.writes = 0
        self.failure = None

    async def read(self):
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        return self.stored

    async def create(self, data):
        await asyncio.sleep(0)
        if self.stored is not None:
            raise ApiError(409, "already exists")
        self._write(data)

    async def replace(self, data, version):
        await asyncio.sleep(0)
        if self.stored is None:
            raise ApiError(404, "not found")
        if self.stored.version != version:
            raise ApiError(409, "the object has been modified")
        self._write(data)

    def _write(self, data):
        self.writes += 1
        self.stored = Stored(dict(data), str(self.writes))


def _standing(version):
    return (Standing("/configurations/tranche", version, ("a", "b")),)


class FakeConfiguration:
    def __init__(self):
        self.trust = Trust((b"", b""), _standing("1"))
        self.writes = 0

    async def read(self):
        await asyncio.sleep(0)
        return self.trust

    async def write(self, bundle, seen):
        await asyncio.sleep(0)
        if self.trust.standing != seen.standing:
            raise ApiError(422, "testing path /metadata/resourceVersion failed")
        self.writes += 1
        self.trust = Trust((bundle, bundle), _standing(str(self.writes + 1)))

    def trusts(self, served):
        """Whether every webhook's bundle verifies what is served."""
        return all(
            any(_signed(served.leaf, ca) for ca in certificates_of(bundle))
            for bundle in self.trust.bundles
        )


def _signed(leaf, ca):
    try:
        leaf.verify_directly_issued_by(ca)
    except Exception:  # noqa: BLE001
        return False
    return True


class Replica:
    def __init__(self, world):
        self.served = Served()
        self.authority = OwnAuthority(
            world.secret, world.configuration, self.served, NAMES, clock=world.clock
        )

    async def round(self):
        return await self.authority.round()


class World:
    def __init__(self):
        self.clock = Clock()
        self.secret = FakeSecret()
        self.configuration = FakeConfiguration()

    def replica(self):
        return Replica(self)


@pytest.fixture
def world():
    return World()


async def test_one_round_makes_publishes_and_serves(world):
    one = world.replica()
    assert one.authority.problem() == "no certificate yet; not looked at yet"
    await one.round()
    assert one.authority.problem() == ""
    assert world.configuration.trusts(one.served)


async def test_a_second_round_writes_nothing(world):
    one = world.replica()
    await one.round()
    await one.round()
    assert (world.secret.writes, world.configuration.writes) == (1, 1)


async def test_two_replicas_that_start_at_once_end_with_one_certificate(world):
    one, two = world.replica(), world.replica()
    await asyncio.gather(one.round(), two.round())
    await asyncio.gather(one.round(), two.round())
    assert one.served.leaf == two.served.leaf
    assert world.secret.writes == 1
    assert one.authority.problem() == two.authority.problem() == ""


async def test_a_leaf_is_renewed_once_and_reaches_both_replicas(world):
    one, two = world.replica(), world.replica()
    await one.round()
    await two.round()
    before = one.served.leaf
    world.clock.now += timedelta(days=61)
    await asyncio.gather(one.round(), two.round())
    assert one.served.leaf == two.served.leaf != before
    assert world.secret.writes == 2
    assert world.configuration.writes == 1


async def test_a_rotated_authority_is_published_before_it_is_served(world):
    one, two = world.replica(), world.replica()
    await one.round()
    await two.round()
    world.secret.stored = Stored(
        dump_material(renew(None, Step.ALL, NAMES, world.clock.now)), "rotated"
    )
    old = one.served.leaf
    await one.round()
    assert one.served.leaf == old, "published, not yet served"
    assert world.configuration.trusts(one.served)
    await one.round()
    assert one.served.leaf != old
    assert world.configuration.trusts(one.served)
    assert world.configuration.trusts(two.served), "the replica that lags is trusted still"
    await two.round()
    assert two.served.leaf == one.served.leaf
    world.clock.now += OVERLAP
    await one.round()
    assert all(len(certificates_of(b)) == 1 for b in world.configuration.trust.bundles)
    assert world.configuration.trusts(two.served)


async def test_at_no_step_of_a_rotation_is_a_served_certificate_untrusted(world):
    replicas = [world.replica(), world.replica(), world.replica()]
    for replica in replicas:
        await replica.round()
    world.clock.now += timedelta(days=3650 - 300)
    # At this age the leaf has long expired, as if the processes had slept: both are renewed.
    for _ in range(3):
        for replica in replicas:
            await replica.round()
            for other in replicas:
                if not other.served.problem(world.clock.now):
                    assert world.configuration.trusts(other.served)
    assert {r.authority.problem() for r in replicas} == {""}


async def test_a_lost_secret_is_made_anew_without_a_gap(world):
    one, two = world.replica(), world.replica()
    await one.round()
    await two.round()
    world.secret.stored = None
    for replica in (one, two, one, two):
        await replica.round()
        assert world.configuration.trusts(one.served)
        assert world.configuration.trusts(two.served)
    assert one.served.leaf == two.served.leaf


async def test_a_corrupted_secret_is_made_anew(world):
    one = world.replica()
    await one.round()
    world.secret.stored = Stored({**world.secret.stored.data, "ca.key": b"rot"}, "x")
    await one.round()
    await one.round()
    load_material(world.secret.stored.data)
    assert one.authority.problem() == ""
    assert world.configuration.trusts(one.served)


async def test_a_bundle_that_someone_emptied_is_filled_again(world):
    one = world.replica()
    await one.round()
    world.configuration.trust = Trust((b"\n", b""), world.configuration.trust.standing)
    await one.round()
    assert world.configuration.trusts(one.served)


async def test_without_a_webhook_configuration_no_secret_is_made(world):
    """So an uninstall that removed it first leaves nothing that comes back."""
    world.configuration.trust = None
    one = world.replica()
    await one.round()
    assert world.secret.stored is None
    assert "no webhook configuration" in one.authority.problem()


async def test_an_api_server_out_of_reach_is_told_and_survived(world):
    one = world.replica()
    world.secret.failure = ApiError(0, "connection refused")
    await one.round()
    assert "connection refused" in one.authority.problem()
    world.secret.failure = None
    await one.round()
    assert one.authority.problem() == ""


async def test_an_api_server_long_out_of_reach_makes_it_unready(world):
    """By then another replica may have rotated the CA and dropped the one served here."""
    one = world.replica()
    await one.round()
    world.secret.failure = ApiError(0, "connection refused")
    world.clock.now += OVERLAP / 4
    await one.round()
    assert one.authority.problem() == ""
    world.clock.now += OVERLAP / 2
    await one.round()
    assert "unknown since" in one.authority.problem()
