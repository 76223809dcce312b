"""Other systems' words in the chart: who is sent, who is refused, and what is not installed."""

from collections.abc import Iterator

import pytest
import yaml

from tests.chart.api_server import ApiServer
from tests.chart.conftest import installed, wait_for_policies
from tests.chart.objects import pod, pods_path
from tests.chart.rendering import Manifests, refused, rendered
from tests.chart.words import FILE, text
from tranche.dialects import known as dialects
from tranche.vendors import known as vendors
from webhook.settings import load_settings

ALL = "--set=" + ",".join(
    [f"settings.dialects.{key}=true" for key in dialects]
    + [f"settings.vendors.{key}.runtimeClass=" for key in vendors if key != "innosilicon"]
)


def test_the_words_are_those_of_the_tables():
    assert FILE.read_text("utf-8") == text(), "run: python -m tests.chart.words"


def test_every_dialect_and_vendor_can_be_switched_on():
    data = rendered(ALL).one("ConfigMap", "tranche")["data"]
    systems = load_settings(data["settings.yaml"]).systems
    assert {one.key for one in systems.dialects} == set(dialects)
    assert systems.managed.keys() == set(vendors) - {"innosilicon"}


def test_a_slip_of_the_pen_is_refused_by_helm():
    assert "esperanto" in refused("--set=settings.dialects.esperanto=true")
    assert "acme" in refused("--set=settings.vendors.acme.x=1")
    assert "backend" in refused("--set=settings.backend=slurm")


@pytest.mark.parametrize(
    "flag",
    [
        "--set=settings.backend=hami",
        '--set-json=settings.backend={"volcano": {"gpuMemoryFactor": 1}}',
    ],
)
def test_before_another_system_there_is_the_webhook_alone(flag: str):
    manifests = rendered(flag)
    assert not manifests.of("DaemonSet")
    assert not manifests.of("Lease")
    deployment = manifests.one("Deployment", "tranche-webhook-0")
    assert [one["name"] for one in deployment["spec"]["template"]["spec"]["containers"]] == [
        "webhook"
    ]
    rules = str([one["rules"] for one in manifests.of("ClusterRole")])
    assert "pods/binding" not in rules
    assert "tranche-agent" not in str(manifests.of("ClusterRoleBinding"))
    data = manifests.one("ConfigMap", "tranche")["data"]
    assert data.keys() == {"settings.yaml"}
    assert load_settings(data["settings.yaml"]).systems.writer.key in flag


def test_with_settings_of_its_own_tranche_still_places():
    manifests = rendered('--set-json=settings.backend={"tranche": {"runtimeClassName": "nvidia"}}')
    assert manifests.of("DaemonSet")


def test_kube_scheduler_asks_no_node_for_what_only_a_ledger_counts():
    data = rendered().one("ConfigMap", "tranche")["data"]
    (extender,) = yaml.safe_load(data["scheduler.yaml"])["extenders"]
    names = {one["name"] for one in extender["managedResources"] if one["ignoredByScheduler"]}
    for key, vendor in vendors.items():
        assert vendor.names() - vendor.fixed() <= names, key


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server before which all words are switched on, and nobody answers."""
    with installed(tmp_path_factory.mktemp("api-server"), ALL) as helm:
        wait_for_policies(helm.server)
        yield helm.server


ASKING = [
    pod(limits={"volcano.sh/vgpu-number": "1"}),
    pod(limits={"hygon.com/dcunum": "1"}),
    pod(limits={"huawei.com/Ascend910B4-memory": "2000"}),
    pod(limits={"koordinator.sh/gpu-core": "50"}),
    pod(limits={"aliyun.com/gpu-mem": "3"}),
]


@pytest.mark.parametrize("manifest", ASKING)
def test_who_asks_in_another_s_words_is_told_what_is_down(server: ApiServer, manifest):
    answer = server.call("POST", pods_path(), manifest)
    assert answer.status == 403
    assert "Tranche's webhook did not answer" in answer.message


@pytest.mark.parametrize(
    "manifest",
    [
        pod(),
        pod(limits={"cpu": "1"}),
        pod(annotations={"nvidia.com/use-gputype": "A100"}),
        pod(annotations={"volcano.sh/vgpu-use-gpuuuid": "GPU-1"}),
        pod(limits={"huawei.com/npu-cpu": "1"}),
        pod(limits={"nvidia.com/mig-1g.10gb": "1"}),
        pod(annotations={f"{n:x}": "" for n in range(20_000)}),
    ],
)
def test_no_other_pod_is_held_up(server: ApiServer, manifest):
    answer = server.call("POST", pods_path(), manifest)
    assert answer.status == 201, answer.message[:500]


def sent(manifests: Manifests) -> str:
    webhook, _ = manifests.one("MutatingWebhookConfiguration", "tranche")["webhooks"]
    return str(webhook["matchConditions"][0]["expression"])


def test_words_on_the_pod_are_sent_too():
    assert "gpu-fraction" not in sent(rendered())
    assert "gpu-fraction" in sent(rendered("--set=settings.dialects.kai=true"))
    assert "gpu-fraction" not in sent(rendered("--set=settings.dialects.kai=false"))
