"""The webhook becomes ready with the flags and the rights that the chart gives it."""

import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.chart.api_server import ApiServer, free_ports, process
from tests.chart.rendering import NAMESPACE, rendered

CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tranche"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/tranche-webhook-tls"


def is_ready(port: int) -> str:
    """Empty when it is, else why not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            return "" if answer.status == 200 else str(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except OSError as error:
        return str(error)


def test_it_watches_keeps_its_certificate_and_is_trusted(server: ApiServer, tmp_path: Path):
    manifests = rendered()
    (tmp_path / "settings.yaml").write_text(
        manifests.one("ConfigMap", "tranche")["data"]["settings.yaml"]
    )
    credentials = tmp_path / "kubeconfig"
    server.write_kubeconfig(credentials, server.token(NAMESPACE, "tranche-webhook"))
    spec = manifests.one("Deployment", "tranche-webhook-0")["spec"]["template"]["spec"]
    (container,) = (one for one in spec["containers"] if one["name"] == "webhook")
    flags = [
        flag.replace("/etc/tranche", str(tmp_path)).replace("$(POD_NAMESPACE)", NAMESPACE)
        for flag in container["args"]
    ]
    admission, extender, status = free_ports(3)
    flags += [f"--admission-port={admission}", f"--extender-port={extender}"]
    flags += [f"--status-port={status}", f"--kubeconfig={credentials}", "--drain=0"]
    with process("webhook", sys.executable, "-m", "webhook.main", *flags, folder=tmp_path) as run:
        until = time.monotonic() + 60
        while problem := is_ready(status):
            log = (tmp_path / "webhook.log").read_text()[-3000:]
            assert run.poll() is None, log
            assert time.monotonic() < until, f"{problem}\n{log}"
            time.sleep(0.2)
    for configuration in (CONFIGURATION, CONFIGURATION.replace("mutating", "validating")):
        webhooks = server.call("GET", configuration).body["webhooks"]
        assert all(webhook["clientConfig"]["caBundle"] for webhook in webhooks)
    assert server.call("GET", SECRET).body["type"] == "kubernetes.io/tls"
    assert "forbidden" not in (tmp_path / "webhook.log").read_text().lower()
    server.call("DELETE", SECRET)
