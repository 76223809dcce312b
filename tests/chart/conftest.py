"""A real API server with the chart installed, and no webhook behind it."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chart.api_server import ApiServer, started
from tests.chart.objects import POD_WITH_WORDS, pods_path
from tests.chart.programs import CHART, need
from tests.chart.rendering import NAMESPACE


class Helm:
    """helm against one API server."""

    def __init__(self, server: ApiServer) -> None:
        (self.program,) = need("helm")
        self.server = server

    def __call__(self, *arguments: str) -> str:
        """What it prints; fails with what it complains of."""
        done = subprocess.run(
            [self.program, "--kubeconfig", str(self.server.kubeconfig), "-n", NAMESPACE]
            + list(arguments),
            capture_output=True,
            text=True,
            check=False,
            # What a person keeps in ~/.config/helm is none of these tests' business.
            env={**os.environ, "HELM_CONFIG_HOME": str(self.server.folder / "helm")},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def install(self, *flags: str) -> str:
        return self("install", "tranche", str(CHART), "--create-namespace", *flags)

    def upgrade(self, *flags: str) -> str:
        return self("upgrade", "tranche", str(CHART), *flags)


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server with nothing on it."""
    need("helm")
    folder: Path = tmp_path_factory.mktemp("api-server")
    with started(folder) as server:
        yield server


@pytest.fixture(scope="session")
def helm(empty_server: ApiServer) -> Helm:
    """helm, with the chart installed as a user would."""
    helm = Helm(empty_server)
    helm.install()
    return helm


@pytest.fixture(scope="session")
def server(helm: Helm) -> ApiServer:
    """The API server with all policies in force, which takes it a moment."""
    server = helm.server
    until = time.monotonic() + 60
    while server.call("POST", pods_path(), POD_WITH_WORDS).status != 403:
        assert time.monotonic() < until, "the policies never came into force"
        time.sleep(0.1)
    return server
