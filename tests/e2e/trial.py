"""Pods created on trial (dry run), quickly: hundreds of them, over one connection."""

import contextlib
import http.client
import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.commands import eventually

Json = dict[str, Any]


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket, which is in no network namespace."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the API server: the pod as it would be kept, or a Status; and its warnings."""

    status: int
    body: Json
    warnings: tuple[str, ...]

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


class Trial:
    """What the API server would make of objects, with all of admission and nothing kept."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    @classmethod
    @contextlib.contextmanager
    def of(cls, cluster: Cluster) -> Iterator["Trial"]:
        """Open as long as the block."""
        path = cluster.state_dir / "trial.sock"
        proxy = subprocess.Popen(
            cluster.command("kubectl", "proxy", f"--unix-socket={path}"), stdout=subprocess.DEVNULL
        )
        try:
            eventually(path.exists)
            with contextlib.closing(_Connection(path)) as connection:
                yield cls(connection)
        finally:
            proxy.terminate()
            proxy.wait()
            path.unlink(missing_ok=True)

    def create(self, manifest: Json, namespace: str = "default") -> Answer:
        """Fields that the API server does not know are dropped in silence."""
        version, kind = manifest["apiVersion"], manifest["kind"]
        path = f"/apis/{version}" if "/" in version else f"/api/{version}"
        url = f"{path}/namespaces/{namespace}/{kind.lower()}s?dryRun=All&fieldValidation=Ignore"
        body = json.dumps(manifest)
        self._connection.request("POST", url, body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        warnings = tuple(
            value.split('"', 1)[1].rsplit('"', 1)[0].replace('\\"', '"')
            for name, value in answer.getheaders()
            if name.lower() == "warning"
        )
        return Answer(answer.status, json.load(answer), warnings)
