"""A real API server with the chart installed, and no webhook behind it."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
        self.argv = [self.program, "--kubeconfig", str(server.kubeconfig), "-n", NAMESPACE]

    def __call__(self, *arguments: str) -> str:
        """What it prints; fails with what it complains of."""
        done = subprocess.run(
            [*self.argv, *arguments],
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


@contextmanager
def installed(folder: Path, *flags: str) -> Iterator[Helm]:
    """A server of its own with the chart installed as a user would; about three seconds."""
    need("helm")
    with started(folder) as server:
        helm = Helm(server)
        helm.install(*flags)
        yield helm


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Helm]:
    """The release that all tests share."""
    with installed(tmp_path_factory.mktemp("api-server")) as helm:
        yield helm


@pytest.fixture(scope="session")
def server(helm: Helm) -> ApiServer:
    """The API server with all policies in force, which takes it a moment."""
    wait_for_policies(helm.server)
    return helm.server


def wait_for_policies(server: ApiServer) -> None:
    """The server learns of policies by a watch, and compiles them."""
    until = time.monotonic() + 60
    while server.call("POST", pods_path(), POD_WITH_WORDS).status != 403:
        assert time.monotonic() < until, "the policies never came into force"
        time.sleep(0.1)
