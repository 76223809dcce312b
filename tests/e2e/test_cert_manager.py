"""With the real cert-manager: it issues, its cainjector is trusted, a renewal loses no request."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.e2e.cluster import paths
from tests.e2e.cluster.binaries import source_of
from tests.e2e.cluster.commands import eventually
from tests.e2e.cluster.process import Process
from tests.e2e.pods import pod
from tests.e2e.stack import NAMESPACE, Stack

OF = ("-n", NAMESPACE)
CA = "tranche-webhook-ca"
CONFIGURATIONS = ("mutatingwebhookconfiguration", "validatingwebhookconfiguration")


@pytest.fixture(scope="module")
def issued(installed: Stack) -> Iterator[Stack]:
    """Tranche's release moved to cert-manager, and back afterwards."""
    cluster = installed.cluster
    crds = source_of("cert-manager", "github.com/cert-manager/cert-manager") / "deploy/crds"
    cluster.kubectl("create", f"--filename={crds}", "--save-config=false")
    program = cluster.command("cert-manager")
    manager = Process(
        "cert-manager",
        tuple(program),
        cluster.state_dir / "logs",
        cluster.node.binaries.search_path,
    )
    manager.start()
    try:
        _move(installed, "cert-manager")
        eventually(lambda: all(trusted(installed, kind) for kind in CONFIGURATIONS))
        installed.wait_until_reached()
        yield installed
    finally:
        _move(installed, "own")
        manager.stop()
        for secret in (CA, "tranche-webhook-issued"):
            cluster.kubectl("delete", f"secret/{secret}", "--ignore-not-found", *OF)
        cluster.kubectl("delete", f"--filename={crds}")


def _move(stack: Stack, source: str) -> None:
    """Its API server then trusts what `source` made."""
    chart = str(paths.REPOSITORY / "charts/tranche")
    values = ("--reuse-values", f"--set=tls.source={source}")
    stack.cluster.helm("upgrade", "tranche", chart, *OF, *values, "--wait", "--timeout=3m")
    stack.wait_until_reached()


def leaf(stack: Stack) -> str:
    return certificate(stack, "tranche-webhook-issued")


def certificate(stack: Stack, secret: str) -> str:
    """Of a Secret, in base64; empty while there is none."""
    found = (
        "get",
        f"secret/{secret}",
        *OF,
        "--ignore-not-found",
        "-o",
        "jsonpath={.data.tls\\.crt}",
    )
    return stack.cluster.kubectl(*found)


def trusted(stack: Stack, kind: str) -> bool:
    """Whether every webhook of a configuration names cert-manager's CA.

    The CA of before may stand beside it: the replicas that still served it put it back.
    """
    found = "jsonpath={.webhooks[*].clientConfig.caBundle}"
    bundles = stack.cluster.kubectl("get", kind, "tranche", "-o", found).split()
    authority = base64.b64decode(certificate(stack, CA)).strip()
    return len(bundles) == 2 and all(authority in base64.b64decode(one) for one in bundles)


def renew(stack: Stack) -> None:
    """As `cmctl renew` does it: the Certificate is told that it is being issued."""
    before = leaf(stack)
    condition = {
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "renewed by hand",
        "lastTransitionTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    found = json.loads(
        stack.cluster.kubectl("get", "certificate/tranche-webhook", *OF, "-o", "json")
    )
    conditions = [*found["status"]["conditions"], condition]
    patch = json.dumps({"status": {"conditions": conditions}})
    stack.cluster.kubectl(
        *("patch", "certificate/tranche-webhook", *OF, "--subresource=status"),
        *("--type=merge", f"--patch={patch}"),
    )
    eventually(lambda: leaf(stack) != before, 90)


def test_its_cainjector_is_trusted_by_the_api_server_and_pods_get_their_slices(issued: Stack):
    assert all(trusted(issued, kind) for kind in CONFIGURATIONS)
    issued.pods.create(pod("issued", annotations={"tranche.dev/gpu": "3000Mi"}))
    issued.pods.finished("issued")
    assert issued.pods.said("issued")["allocated_mib"] == 3000
    issued.pods.clear()


def test_a_renewal_under_load_loses_no_request(issued: Stack):
    said = issued.under_load(30, renew)
    assert set(said["answers"]) == {"admitted"}, said
