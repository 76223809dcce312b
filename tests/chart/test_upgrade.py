"""Upgrading keeps what the running programs wrote, and they may write no more than that."""

import base64
from typing import Any

from tests.chart.api_server import ApiServer, As
from tests.chart.conftest import Helm
from tests.chart.rendering import NAMESPACE

CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tranche"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/tranche-scheduler"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
WEBHOOK = As(f"system:serviceaccount:{NAMESPACE}:tranche-webhook")
BUNDLE = base64.b64encode(b"what the webhook wrote").decode()


def write_bundle(server: ApiServer) -> None:
    patch = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": BUNDLE}]
    found = server.call("GET", CONFIGURATION, who=WEBHOOK)
    assert found.status == 200
    # The server checks that a bundle holds certificates only where a conversion webhook is named.
    answer = server.call(
        "PATCH", CONFIGURATION, patch, who=WEBHOOK, kind="application/json-patch+json"
    )
    assert answer.status == 200, answer.message


def test_an_upgrade_leaves_the_bundle_and_the_lease_alone(server: ApiServer, helm: Helm):
    write_bundle(server)
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 15}
    assert server.call("GET", LEASE, who=WEBHOOK).status == 200
    lease = server.call("GET", LEASE).body | {"spec": spec}
    assert server.call("PUT", LEASE, lease, who=WEBHOOK).status == 200
    helm.upgrade("--set=webhook.timeoutSeconds=7")
    webhook, _ = server.call("GET", CONFIGURATION).body["webhooks"]
    assert webhook["timeoutSeconds"] == 7
    assert webhook["clientConfig"]["caBundle"] == BUNDLE
    assert server.call("GET", LEASE).body["spec"] == spec
    helm("rollback", "tranche")
    webhook, _ = server.call("GET", CONFIGURATION).body["webhooks"]
    assert webhook["timeoutSeconds"] == 5
    assert webhook["clientConfig"]["caBundle"] == BUNDLE


def test_the_webhook_keeps_its_secret_and_reads_no_other(server: ApiServer):
    own: dict[str, Any] = {
        "metadata": {"name": "tranche-webhook-tls"},
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": "", "tls.key": ""},
    }
    assert server.call("POST", SECRETS, own, who=WEBHOOK).status == 201
    path = f"{SECRETS}/tranche-webhook-tls"
    assert server.call("GET", path, who=WEBHOOK).status == 200
    assert server.call("PUT", path, own, who=WEBHOOK).status == 200
    server.call("POST", SECRETS, {"metadata": {"name": "other"}})
    for method in ("GET", "DELETE"):
        assert server.call(method, f"{SECRETS}/other", who=WEBHOOK).status == 403
    assert server.call("GET", SECRETS, who=WEBHOOK).status == 403
    assert server.call("DELETE", path, who=WEBHOOK).status == 403
    for name in ("tranche-webhook-tls", "other"):
        assert server.call("DELETE", f"{SECRETS}/{name}").status == 200
