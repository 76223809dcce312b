"""What is renewed when, and whom the bundle names, at any time of the clock."""

from datetime import UTC, datetime, timedelta

import pytest

from tranche.words.errors import Malformed
from webhook.certificates.authority import make_authority, make_leaf
from webhook.certificates.due import OVERLAP, Step, bundle_for, certificates_of, due, renew
from webhook.certificates.material import Material, dump_material, load_material

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ("tranche-webhook.tranche-system.svc",)


@pytest.fixture(scope="module")
def material() -> Material:
    return renew(None, Step.ALL, NAMES, NOW)


def test_nothing_usable_means_all_is_made():
    assert due(None, NAMES, NOW).step is Step.ALL


@pytest.mark.parametrize(
    ("after", "step"),
    [
        (timedelta(), Step.KEEP),
        (timedelta(days=59), Step.KEEP),
        (timedelta(days=61), Step.LEAF),
        (timedelta(days=120), Step.LEAF),
        (timedelta(days=3650 - 364), Step.ALL),
        (-timedelta(minutes=9), Step.KEEP),
        (-timedelta(minutes=11), Step.ALL),
    ],
)
def test_what_is_due_depends_on_the_time_alone(material, after, step):
    assert due(material, NAMES, NOW + after).step is step


def test_a_certificate_that_lacks_a_name_is_renewed(material):
    assert due(material, (*NAMES, "another.svc"), NOW).step is Step.LEAF


def test_a_certificate_with_an_address_is_kept():
    names = ("localhost", "127.0.0.1")
    assert due(renew(None, Step.ALL, names, NOW), names, NOW).step is Step.KEEP


def test_a_certificate_from_the_future_is_renewed_under_the_same_authority(material):
    ahead = Material(
        material.authority, make_leaf(material.authority, NAMES, NOW + timedelta(days=1))
    )
    assert due(ahead, NAMES, NOW).step is Step.LEAF
    assert renew(ahead, Step.LEAF, NAMES, NOW).authority == material.authority


def test_a_leaf_never_outlives_its_authority(material):
    late = NOW + timedelta(days=3640)
    leaf = make_leaf(material.authority, NAMES, late).certificate
    assert leaf.not_valid_after_utc == material.authority.certificate.not_valid_after_utc


def test_what_the_secret_holds_can_be_read_back(material):
    assert dump_material(load_material(dump_material(material))) == dump_material(material)


@pytest.mark.parametrize("key", ["ca.crt", "ca.key", "tls.crt", "tls.key"])
@pytest.mark.parametrize("damage", [None, b"", b"-----BEGIN", b"\xff" * 40])
def test_a_damaged_secret_is_malformed(material, key, damage):
    data = dump_material(material)
    if damage is None:
        del data[key]
    else:
        data[key] = damage
    with pytest.raises(Malformed, match=key):
        load_material(data)


def test_parts_of_two_secrets_do_not_make_one(material):
    other = dump_material(renew(None, Step.ALL, NAMES, NOW))
    data = dump_material(material)
    with pytest.raises(Malformed, match=r"tls\.crt: not signed"):
        load_material({**data, "tls.crt": other["tls.crt"], "tls.key": other["tls.key"]})
    with pytest.raises(Malformed, match=r"tls\.key: not the key"):
        load_material({**data, "tls.key": other["tls.key"]})


def test_a_new_authority_stands_beside_the_old_one_for_a_while():
    old, new = make_authority(NOW - timedelta(days=3300)), make_authority(NOW)
    during = bundle_for(new, [old.certificate_pem], NOW + OVERLAP / 2)
    after = bundle_for(new, [during], NOW + OVERLAP)
    assert certificates_of(during) == [new.certificate, old.certificate]
    assert certificates_of(after) == [new.certificate]


def test_a_bundle_that_is_as_it_should_be_stays_byte_for_byte():
    old, new = make_authority(NOW - timedelta(days=1)), make_authority(NOW)
    once = bundle_for(new, [old.certificate_pem], NOW)
    assert bundle_for(new, [once], NOW) == once


def test_expired_strangers_and_placeholders_leave_the_bundle():
    gone = make_authority(NOW - timedelta(days=4000))
    assert certificates_of(gone.certificate_pem)
    new = make_authority(NOW)
    assert bundle_for(new, [gone.certificate_pem, b"\n", b"junk"], NOW) == new.certificate_pem


def test_a_bundle_does_not_grow_without_end():
    standing = b"".join(make_authority(NOW).certificate_pem for _ in range(9))
    assert len(certificates_of(bundle_for(make_authority(NOW), [standing], NOW))) == 5
