"""How the agent finds the API server and proves who it is."""

import base64
import datetime as dt
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nodeagent.cluster.api import Api, ApiError
from nodeagent.cluster.credentials import from_kubeconfig, in_cluster
from tests.nodeagent.cluster.server import Server
from tests.nodeagent.machine import NODE
from tranche.words.errors import Malformed

PATH = f"/api/v1/nodes/{NODE}"


def kubeconfig(folder: Path, cluster: dict[str, Any], user: dict[str, Any]) -> Path:
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that is its own CA, good for both ends, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "ca.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "key").write_bytes(pem)
    return folder / "ca.crt", folder / "key"


@pytest.fixture
async def https(pair: tuple[Path, Path]):
    """An API server that lets in who has the certificate."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pair[0]))
    tls.load_cert_chain(*pair)
    tls.verify_mode = ssl.CERT_OPTIONAL
    server = TestServer(Server().app(), scheme="https")
    await server.start_server(ssl=tls)
    yield server
    await server.close()


@pytest.mark.parametrize("inline", [True, False])
async def test_a_client_certificate_is_shown(
    tmp_path: Path,
    pair: tuple[Path, Path],
    https: Any,
    inline: bool,  # noqa: FBT001
):
    def material(key: str, path: Path) -> dict[str, str]:
        data = base64.b64encode(path.read_bytes()).decode()
        return {f"{key}-data": data} if inline else {key: str(path)}

    cluster = {"server": f"https://127.0.0.1:{https.port}"}
    cluster |= material("certificate-authority", pair[0])
    user = material("client-certificate", pair[0]) | material("client-key", pair[1])
    credentials = from_kubeconfig(kubeconfig(tmp_path, cluster, user))
    async with Api(credentials) as api:
        assert await api.get(PATH)


async def test_a_server_that_cannot_prove_itself_is_not_spoken_to(tmp_path: Path, https: Any):
    cluster = {"server": f"https://127.0.0.1:{https.port}"}
    async with Api(from_kubeconfig(kubeconfig(tmp_path, cluster, {}))) as api:
        with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED"):
            await api.get(PATH)


async def test_in_a_pod_the_token_is_read_anew_for_each_request(
    tmp_path: Path, pair: tuple[Path, Path]
):
    (tmp_path / "ca.crt").write_bytes(pair[0].read_bytes())
    token = tmp_path / "token"
    token.write_text("first\n")
    environment = {"KUBERNETES_SERVICE_HOST": "::1", "KUBERNETES_SERVICE_PORT": "6443"}
    credentials = in_cluster(environment, tmp_path)
    assert credentials.server == "https://[::1]:6443"
    assert credentials.headers() == {"Authorization": "Bearer first"}
    token.write_text("second\n")
    assert credentials.headers() == {"Authorization": "Bearer second"}


async def test_a_token_of_a_kubeconfig_is_sent(tmp_path: Path):
    server = Server()
    server.token = "secret"
    async with TestServer(server.app()) as http:
        cluster = {"server": str(http.make_url(""))}
        async with Api(from_kubeconfig(kubeconfig(tmp_path, cluster, {"token": "secret"}))) as api:
            assert await api.get(PATH)
        async with Api(from_kubeconfig(kubeconfig(tmp_path, cluster, {}))) as api:
            with pytest.raises(ApiError, match="401"):
                await api.get(PATH)


def test_not_in_a_pod_says_what_to_give():
    with pytest.raises(Malformed, match="--kubeconfig"):
        in_cluster({})


@pytest.mark.parametrize("text", ["", "{", "a: b", "current-context: x\ncontexts: []"])
def test_what_is_no_kubeconfig_is_malformed(tmp_path: Path, text: str):
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(Malformed):
        from_kubeconfig(path)


def test_identity_by_a_program_is_refused(tmp_path: Path):
    with pytest.raises(Malformed, match="by a program"):
        from_kubeconfig(kubeconfig(tmp_path, {"server": "http://x"}, {"exec": {}}))
