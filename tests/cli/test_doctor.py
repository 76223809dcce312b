"""`tranche doctor`: each thing that is wrong in a cluster, with what to do about it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tranche.cli.main import app
from tranche.words.cards import CARDS_ANNOTATION, Card, dump_cards

WEBHOOK = {
    "kind": "MutatingWebhookConfiguration",
    "metadata": {"name": "tranche"},
    "webhooks": [{"name": "pods.tranche.dev", "clientConfig": {"caBundle": "eA=="}}],
}
CARD = Card("GPU-1", "nvidia", "NVIDIA A100-SXM4-80GB", 81920)


def doctor(*objects: dict[str, Any]) -> Result:
    text = json.dumps({"kind": "List", "items": [WEBHOOK, *objects]})
    return CliRunner().invoke(app, ["doctor", "-f", "-"], input=text)


def namespace(**annotations: str) -> dict[str, Any]:
    said = {f"tranche.dev/{key}": value for key, value in annotations.items()}
    return {"kind": "Namespace", "metadata": {"name": "research", "annotations": said}}


def node(*cards: Card, capacity: str = "0") -> dict[str, Any]:
    said = {CARDS_ANNOTATION: dump_cards(cards)} if cards else {}
    status = {"capacity": {"nvidia.com/gpu": capacity}}
    return {"kind": "Node", "metadata": {"name": "gpu-1", "annotations": said}, "status": status}


def program(kind: str, **status: int) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "tranche"}
    about = {"name": "tranche-x", "namespace": "tranche-system", "labels": labels}
    return {"kind": kind, "metadata": about, "spec": {"replicas": 2}, "status": status}


def test_a_cluster_that_is_well_has_no_findings():
    result = doctor(namespace(default="3000Mi"), node(CARD), program("Deployment", readyReplicas=2))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("nothing wrong in ")


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        (
            namespace(default="3GB"),
            'namespace research: namespace annotation tranche.dev/default: "3GB"',
        ),
        (namespace(adopt="yes"), "namespace annotation tranche.dev/adopt"),
        (namespace(defualt="3Gi"), "did you mean tranche.dev/default?"),
        (namespace(zzz="3Gi"), "it reads default, adopt"),
        (node(capacity="4"), "node gpu-1: has 4 nvidia.com/gpu and no cards of Tranche"),
        (
            node(Card("GPU-2", "nvidia", "T4", 15360, healthy=False)),
            "card GPU-2 (T4): is not healthy",
        ),
        (
            program("Deployment", readyReplicas=1),
            "Deployment tranche-system/tranche-x: 1 of 2 ready",
        ),
        (
            program("DaemonSet", desiredNumberScheduled=3, numberReady=2),
            "DaemonSet tranche-system/tranche-x: 2 of 3 ready",
        ),
    ],
)
def test_each_thing_that_is_wrong_is_found(wrong: dict[str, Any], finding: str):
    result = doctor(wrong)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert finding in result.stdout


def test_an_annotation_that_is_no_cards_is_found():
    broken = node()
    broken["metadata"]["annotations"][CARDS_ANNOTATION] = "{"
    assert "is its agent of this release?" in doctor(broken).stdout


def test_a_webhook_that_is_missing_or_not_trusted_is_found():
    alone = json.dumps(namespace())
    result = CliRunner().invoke(app, ["doctor", "-f", "-"], input=alone)
    assert "install the chart" in result.stdout
    untrusted = WEBHOOK | {"webhooks": [{"name": "pods.tranche.dev", "clientConfig": {}}]}
    result = CliRunner().invoke(app, ["doctor", "-f", "-"], input=json.dumps(untrusted))
    assert "no caBundle" in result.stdout


def test_kubectl_is_asked_and_its_refusal_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kubectl = tmp_path / "kubectl"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    items = json.dumps({"kind": "List", "items": [WEBHOOK, namespace(adopt="yes")]})
    kubectl.write_text(f"#!/bin/sh\necho '{items}'\n")
    kubectl.chmod(0o755)
    assert "tranche.dev/adopt" in CliRunner().invoke(app, ["doctor"]).stdout
    kubectl.write_text("#!/bin/sh\necho 'no rights' >&2; exit 1\n")
    result = CliRunner().invoke(app, ["doctor", "--context", "mine"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "kubectl: no rights" in result.stderr


def test_of_a_cluster_that_does_not_answer_it_says_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kubectl = tmp_path / "kubectl"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    logged = 'E1126 19:48:18.681650 7152 memcache.go:381] \\"no API group list\\"'
    said = "The connection to the server 10.0.0.1 was refused"
    kubectl.write_text(f'#!/bin/sh\nprintf "{logged}\\n{logged}\\n{said}\\n" >&2; exit 1\n')
    kubectl.chmod(0o755)
    result = CliRunner().invoke(app, ["doctor"])
    assert result.stderr == (
        f"tranche doctor: kubectl: {said} (another cluster: --context; saved objects: -f)\n"
    )


def test_without_kubectl_it_says_what_else_can_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 2
    assert "give its output with -f" in result.stderr
