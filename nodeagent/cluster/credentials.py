"""Where the API server is and how we prove who we are: a service account, or a kubeconfig."""

import base64
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tranche.words.errors import Malformed

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Attributes: the server's base URL, the TLS to use, and the file of a bearer token or None."""

    server: str
    tls: ssl.SSLContext | None
    token_file: Path | None = None
    token: str = ""

    def headers(self) -> dict[str, str]:
        """For one request; the token is read each time, as the kubelet renews it hourly.

        Raises:
            OSError: the token cannot be read.
        """
        token = self.token_file.read_text().strip() if self.token_file else self.token
        return {"Authorization": f"Bearer {token}"} if token else {}


def in_cluster(
    environment: Mapping[str, str] = os.environ, folder: Path = SERVICE_ACCOUNT
) -> Credentials:
    """Those that the kubelet mounts into every pod.

    Raises:
        Malformed: not in a pod.
        OSError: the mounted files cannot be read.
    """
    host, port = (environment.get(f"KUBERNETES_SERVICE_{key}", "") for key in ("HOST", "PORT"))
    if not host:
        raise Malformed("not in a pod: KUBERNETES_SERVICE_HOST is not set; give --kubeconfig")
    if ":" in host:
        host = f"[{host}]"
    tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    return Credentials(f"https://{host}:{port or 443}", tls, folder / "token")


def from_kubeconfig(path: Path) -> Credentials:
    """Those of a kubeconfig's current context: client certificate, token, or none.

    Raises:
        Malformed: it is no kubeconfig, or proves identity by a program.
        OSError: a file cannot be read.
    """
    try:
        config = yaml.safe_load(path.read_text())
        context = _named(config["contexts"], config["current-context"], "context")
        cluster = _named(config["clusters"], context["cluster"], "cluster")
        user = _named(config["users"], context["user"], "user")
        server = str(cluster["server"]).rstrip("/")
    except (yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
        raise Malformed(f"{path}: {type(error).__name__} {error}") from error
    if "exec" in user or "auth-provider" in user:
        raise Malformed(
            f"{path}: identity by a program is not supported; use a token or certificate"
        )
    tls = _tls(path, cluster, user) if server.startswith("https:") else None
    token_file = Path(user["tokenFile"]) if user.get("tokenFile") else None
    return Credentials(server, tls, token_file, str(user.get("token") or ""))


def _named(entries: list[dict[str, Any]], name: str, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in entries if one["name"] == name)[kind]
    return found


def _tls(path: Path, cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    ca = _material(path, cluster, "certificate-authority")
    tls = ssl.create_default_context(cadata=ca.decode() if ca else None)
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    certificate, key = (_material(path, user, f"client-{part}") for part in ("certificate", "key"))
    if certificate and key:
        # The ssl module takes these from files only, and a memory file leaves none behind.
        with _memory(certificate) as certificate_file, _memory(key) as key_file:
            tls.load_cert_chain(
                *(f"/proc/self/fd/{f.fileno()}" for f in (certificate_file, key_file))
            )
    return tls


def _memory(content: bytes) -> Any:
    file = os.fdopen(os.memfd_create("tranche"), "w+b")
    file.write(content)
    file.flush()
    return file


def _material(path: Path, of: dict[str, Any], key: str) -> bytes:
    """What is inline under ``key-data``, or in the file under ``key``, beside the kubeconfig."""
    if of.get(f"{key}-data"):
        return base64.b64decode(of[f"{key}-data"])
    return (path.parent / of[key]).read_bytes() if of.get(key) else b""
