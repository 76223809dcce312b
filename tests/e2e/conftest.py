"""The cluster that all end-to-end tests share, and what is kept of it when one fails."""

import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import leftovers, paths
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.dump import dump
from tests.e2e.stack import Stack, install

# Apart from the one made by hand with `python -m tests.e2e.cluster up`.
STATE = Path("/var/lib/tranche-e2e-tests")
FAILURES = paths.REPOSITORY / "build" / "e2e"

_running = pytest.StashKey[Cluster]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "before_cluster: has the machine for itself, before the shared cluster starts"
    )
    config.addinivalue_line("markers", "last: takes away what the tests before it stand on")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(
        key=lambda item: (
            item.get_closest_marker("before_cluster") is None,
            item.get_closest_marker("last") is not None,
        )
    )
    if os.environ.get("TRANCHE_E2E_STATE"):
        taken = pytest.mark.skip(reason="TRANCHE_E2E_STATE: a cluster made by hand is running")
        for item in items:
            if item.get_closest_marker("before_cluster"):
                item.add_marker(taken)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A real Kubernetes, started once; the one at `TRANCHE_E2E_STATE` where that is set."""
    stash = request.session.stash
    if by_hand := os.environ.get("TRANCHE_E2E_STATE"):
        stash[_running] = Cluster.attach(Path(by_hand))
        yield stash[_running]
        return
    with Cluster.start(STATE) as started:
        stash[_running] = started
        yield started
        del stash[_running]
    assert leftovers.found(started.state_dir, started.network) == []


@pytest.fixture(scope="session")
def installed(cluster: Cluster) -> Stack:
    """Tranche on that cluster, installed once."""
    return install(cluster)


@pytest.fixture
def stack(installed: Stack) -> Iterator[Stack]:
    """Tranche, with no pod left from the test before."""
    yield installed
    for namespace in ("default", "students"):
        installed.pods.clear(namespace)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to the report of a failed test where the state of the cluster was written."""
    report = yield
    running = item.session.stash.get(_running, None)
    if report.failed and running is not None:
        folder = FAILURES / re.sub(r"[^\w.-]+", "-", item.name)
        dump(running, folder)
        report.sections.append(("cluster", f"events, objects and logs: {folder}"))
    return report
