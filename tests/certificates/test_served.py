"""Real handshakes against the live context while what it shows changes."""

import asyncio
import ssl
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tranche.words.errors import Malformed
from webhook.certificates.authority import make_authority, make_leaf
from webhook.certificates.files import Files
from webhook.certificates.served import Served, utc_now

NAME = "tranche-webhook.tranche-system.svc"


def pair(days=0):
    authority = make_authority(utc_now())
    return authority, make_leaf(authority, [NAME], utc_now() + timedelta(days=days))


def trusting(*authorities):
    context = ssl.create_default_context(
        cadata="".join(authority.certificate_pem.decode() for authority in authorities)
    )
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@pytest.fixture
async def server():
    served = Served()

    async def echo(reader, writer):
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    listening = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=served.context)
    async with listening:
        yield served, listening.sockets[0].getsockname()[1]


async def connect(port, context, name=NAME):
    return await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name, ssl_handshake_timeout=5
    )


def shown(writer):
    return x509.load_der_x509_certificate(
        writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    )


async def say(streams, line):
    reader, writer = streams
    writer.write(line)
    return await reader.readline()


async def hang_up(*connections):
    for _, writer in connections:
        writer.close()
        await writer.wait_closed()


async def test_before_the_first_certificate_every_handshake_fails(server):
    _, port = server
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await connect(port, trusting(make_authority(utc_now())))


async def test_a_reload_keeps_connections_and_shows_the_new_certificate_to_the_next(server):
    served, port = server
    (old_ca, old), (new_ca, new) = pair(), pair()
    served.load(old.certificate_pem, old.key_pem)
    first = await connect(port, trusting(old_ca))
    served.load(new.certificate_pem, new.key_pem)
    second = await connect(port, trusting(new_ca))
    assert shown(first[1]) == old.certificate
    assert shown(second[1]) == new.certificate
    assert await say(first, b"still here\n") == b"still here\n"
    await hang_up(first, second)


async def test_handshakes_under_way_during_reloads_all_succeed(server):
    served, port = server
    pairs = [pair() for _ in range(4)]
    client = trusting(*(authority for authority, _ in pairs))
    served.load(pairs[0][1].certificate_pem, pairs[0][1].key_pem)
    stop = asyncio.Event()

    async def reload():
        turn = 0
        while not stop.is_set():
            turn += 1
            leaf = pairs[turn % 4][1]
            served.load(leaf.certificate_pem, leaf.key_pem)
            await asyncio.sleep(0.001)

    async def talk():
        for _ in range(10):
            streams = await connect(port, client)
            assert await say(streams, b"hello\n") == b"hello\n"
            await hang_up(streams)

    async with asyncio.TaskGroup() as group:
        group.create_task(reload())
        async with asyncio.TaskGroup() as talking:
            for _ in range(4):
                talking.create_task(talk())
        stop.set()


async def test_a_certificate_of_another_kind_of_key_replaces_the_former_whole(server):
    """cert-manager may change the algorithm: nothing of the RSA pair may be shown afterwards."""
    served, port = server
    authority, leaf = pair()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    old = (
        x509.CertificateBuilder(leaf.certificate.issuer, leaf.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(utc_now())
        .not_valid_after(utc_now() + timedelta(days=1))
        .sign(authority.key, hashes.SHA256())
    )
    served.load(
        old.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ),
    )
    served.load(leaf.certificate_pem, leaf.key_pem)
    client = trusting(authority)
    client.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256")
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    streams = await connect(port, client)
    assert shown(streams[1]) == leaf.certificate
    await hang_up(streams)


async def test_a_pair_that_does_not_belong_together_changes_nothing(server):
    served, port = server
    (authority, good), (_, other) = pair(), pair()
    served.load(good.certificate_pem, good.key_pem)
    for broken in [(other.certificate_pem, good.key_pem), (b"", b""), (good.certificate_pem, b"x")]:
        with pytest.raises(Malformed, match="certificate"):
            served.load(*broken)
    streams = await connect(port, trusting(authority))
    assert shown(streams[1]) == good.certificate
    await hang_up(streams)


async def test_an_encrypted_key_is_refused_instead_of_asking_a_terminal():
    _, leaf = pair()
    locked = leaf.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    with pytest.raises(Malformed, match="certificate"):
        Served().load(leaf.certificate_pem, locked)


async def test_versions_before_tls_1_2_are_refused(server):
    served, port = server
    authority, leaf = pair()
    served.load(leaf.certificate_pem, leaf.key_pem)
    old = trusting(authority)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await connect(port, old)


async def test_an_expired_certificate_is_a_problem_in_words():
    served = Served()
    _, leaf = pair(days=-100)
    served.load(leaf.certificate_pem, leaf.key_pem)
    assert "expired at" in served.problem(utc_now())
    assert served.days_left(utc_now()) < 0


def project(folder, leaf):
    """Put a pair into a folder as the kubelet does: a new data folder, then one link swapped."""
    data = folder / f"..{leaf.certificate.serial_number}"
    data.mkdir(parents=True)
    (data / "tls.crt").write_bytes(leaf.certificate_pem)
    (data / "tls.key").write_bytes(leaf.key_pem)
    (folder / "..new").symlink_to(data.name)
    (folder / "..new").rename(folder / "..data")
    for name in ("tls.crt", "tls.key"):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")


async def test_mounted_files_are_read_again_when_the_kubelet_swaps_them(tmp_path):
    served = Served()
    files = Files(tmp_path, served)
    await files.round()
    assert "No such file" in files.problem()
    (_, first), (_, second) = pair(), pair()
    project(tmp_path, first)
    await files.round()
    assert files.problem() == ""
    assert served.leaf == first.certificate
    project(tmp_path, second)
    await files.round()
    assert served.leaf == second.certificate


async def test_files_that_do_not_belong_together_leave_the_former_served(tmp_path):
    served = Served()
    files = Files(tmp_path, served)
    (_, first), (_, second) = pair(), pair()
    project(tmp_path, first)
    await files.round()
    (tmp_path / "..data" / "tls.crt").write_bytes(second.certificate_pem)
    await files.round()
    assert served.leaf == first.certificate
    (tmp_path / "..data" / "tls.key").write_bytes(second.key_pem)
    await files.round()
    assert served.leaf == second.certificate
