"""The cluster that all end-to-end tests share, and what is kept of it when one fails."""

import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import leftovers, paths
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.dump import dump

# Apart from the one made by hand with `python -m tests.e2e.cluster up`.
STATE = Path("/var/lib/tranche-e2e-tests")
FAILURES = paths.REPOSITORY / "build" / "e2e"

_running = pytest.StashKey[Cluster]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "before_cluster: has the machine for itself, before the shared cluster starts"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("before_cluster") is None)


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
