"""A real API server on loopback ports, with etcd and nothing else: no node, no controller."""

import json
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.chart.programs import need

Json = dict[str, Any]
_TOKEN = "admin-of-a-server-that-only-loopback-reaches"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of one request."""

    status: int
    body: Json

    @property
    def message(self) -> str:
        """What the server says where it refuses."""
        return str(self.body.get("message", ""))


@dataclass(frozen=True, slots=True)
class As:
    """Somebody to act as, by impersonation."""

    user: str
    groups: tuple[str, ...] = ("system:authenticated",)
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiServer:
    """The server at `url`; requests are the administrator's unless somebody else is named."""

    url: str
    folder: Path

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def call(
        self, method: str, path: str, body: object = None, *, who: As | None = None, kind: str = ""
    ) -> Answer:
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": kind or "application/json"}
        request = urllib.request.Request(  # noqa: S310  the scheme is our own https
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
            method=method,
        )
        if who is not None:
            request.add_header("Impersonate-User", who.user)
            for key, value in who.extra.items():
                request.add_header("Impersonate-Extra-" + key.replace("/", "%2f"), value)
            # urllib keeps one header of a name; one group is all that these tests need.
            (group,) = who.groups
            request.add_header("Impersonate-Group", group)
        try:
            with urllib.request.urlopen(request, context=trusting()) as answer:  # noqa: S310
                return Answer(answer.status, json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode()
            return Answer(error.code, json.loads(text) if text[:1] == "{" else {"message": text})

    def merge(self, path: str, body: object, *, who: As | None = None) -> Answer:
        """A JSON merge patch."""
        return self.call("PATCH", path, body, who=who, kind="application/merge-patch+json")

    def token(self, namespace: str, account: str) -> str:
        """A token of a service account."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        return str(self.call("POST", path, {"spec": {}}).body["status"]["token"])

    def write_kubeconfig(self, path: Path | None = None, token: str = _TOKEN) -> None:
        """The administrator's, unless another's token is given, and then another place."""
        cluster = {"server": self.url, "insecure-skip-tls-verify": True}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "current-context": "test",
        }
        path = path or self.kubeconfig
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))


def trusting() -> ssl.SSLContext:
    """TLS with whoever answers on loopback."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def process(name: str, *argv: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs it until left, its output in `<name>.log`."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write_keys(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "accounts.key").write_bytes(private)
    (folder / "accounts.pub").write_bytes(public)
    (folder / "tokens.csv").write_text(f'{_TOKEN},admin,1,"system:masters"\n')


@contextmanager
def started(folder: Path) -> Iterator[ApiServer]:
    """Starts one in `folder`, and ends it; about five seconds."""
    etcd, kube_apiserver = need("etcd", "kube-apiserver")
    _write_keys(folder)
    clients, peers, secure = free_ports(3)
    store = f"http://127.0.0.1:{clients}"
    server = ApiServer(f"https://127.0.0.1:{secure}", folder)
    server.write_kubeconfig()
    with (
        process(
            "etcd",
            etcd,
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={store}",
            f"--advertise-client-urls={store}",
            f"--listen-peer-urls=http://127.0.0.1:{peers}",
            "--unsafe-no-fsync",
            folder=folder,
        ),
        process(
            "kube-apiserver",
            kube_apiserver,
            f"--etcd-servers={store}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--secure-port={secure}",
            f"--cert-dir={folder / 'serving'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder / 'accounts.pub'}",
            f"--service-account-signing-key-file={folder / 'accounts.key'}",
            f"--token-auth-file={folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            # No controller makes the account that every pod would have to have.
            "--disable-admission-plugins=ServiceAccount",
            folder=folder,
        ) as running,
    ):
        _wait(server, running)
        yield server


def _wait(server: ApiServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            if server.call("GET", "/api/v1/namespaces/default").status == 200:
                return
        except (urllib.error.URLError, ConnectionError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (server.folder / "kube-apiserver.log").read_text()[-2000:]
                raise RuntimeError(f"no API server: {log}") from error
        time.sleep(0.2)
