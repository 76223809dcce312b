"""What the chart puts into a cluster, as rendered."""

import itertools
import json
from typing import Any

import pytest
import yaml

from nodeagent.settings import read_settings
from tests.chart.rendering import NAMESPACE, Manifests, rendered
from tranche.words.names import SCHEDULER_NAME
from webhook.options import parse_options
from webhook.settings import Settings, load_settings

FILES = "tls.source=files,tls.files.secretName=mine,tls.files.caBundle=pem"
VARIANTS = {
    "as it comes": (),
    "cert-manager": ("--set=tls.source=cert-manager",),
    "own issuer": ("--set=tls.source=cert-manager,tls.certManager.issuerRef.name=corp",),
    "files": (f"--set={FILES}",),
    "driver container": ("--set=agent.driverRoot=/run/nvidia/driver",),
    "before HAMi": ("--set=settings.backend=hami",),
    "other namespaces only": ("--set=webhook.namespaceSelector.matchLabels.gpu=yes",),
}


@pytest.fixture(scope="module", params=list(VARIANTS.values()), ids=list(VARIANTS))
def any_variant(request: pytest.FixtureRequest) -> Manifests:
    return rendered(*request.param)


@pytest.fixture(scope="module")
def plain() -> Manifests:
    return rendered()


def containers(manifests: Manifests) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name}/{one['name']}", one)
        for name, spec in manifests.pods()
        for one in spec["containers"]
    ]


def test_names_do_not_repeat_themselves(plain: Manifests):
    named = {(one["kind"], one["metadata"]["name"]) for one in plain}
    assert ("Deployment", "tranche-webhook-0") in named
    assert ("DaemonSet", "tranche-agent") in named
    assert ("MutatingWebhookConfiguration", "tranche") in named
    assert ("ConfigMap", "tranche") in named
    assert not [name for _, name in named if "tranche-tranche" in name]


def test_every_object_is_named_once_and_says_whose_it_is(any_variant: Manifests):
    keys = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in any_variant]
    assert len(keys) == len(set(keys))
    for one in any_variant:
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "tranche", one["metadata"]["name"]
        assert labels["app.kubernetes.io/instance"] == "tranche"


def test_every_container_is_confined(any_variant: Manifests):
    """Pod Security "restricted" for all but the agent, which is root with no capability at all."""
    for name, one in containers(any_variant):
        security = one["securityContext"]
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert one["resources"]["limits"]["memory"], name
    for name, spec in any_variant.pods():
        security = spec["securityContext"]
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert security.get("runAsNonRoot", False) is (name != "tranche-agent"), name
        hosted = [volume for volume in spec.get("volumes", ()) if "hostPath" in volume]
        assert bool(hosted) is (name == "tranche-agent"), name
        assert not any(spec.get(key) for key in ("hostNetwork", "hostIPC")), name
        assert spec.get("hostPID", False) is (name == "tranche-agent"), name


def test_a_privileged_agent_is_asked_for():
    (agent,) = (
        one
        for name, one in containers(rendered("--set=agent.privileged=true"))
        if name == "tranche-agent/agent"
    )
    assert agent["securityContext"]["privileged"] is True
    assert "allowPrivilegeEscalation" not in agent["securityContext"]  # they exclude each other


def test_no_right_is_a_wildcard(any_variant: Manifests):
    for role in itertools.chain(any_variant.of("Role"), any_variant.of("ClusterRole")):
        for rule in role["rules"]:
            assert "*" not in json.dumps(rule), role["metadata"]["name"]


def test_what_can_be_written_cluster_wide_is_this_and_no_more(plain: Manifests):
    """Beside what the cluster's own roles give a kube-scheduler."""
    written = {
        (role["metadata"]["name"], resource, verb, *rule.get("resourceNames", []))
        for role in plain.of("ClusterRole")
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in set(rule["verbs"]) - {"get", "list", "watch"}
    }
    assert written == {
        ("tranche-agent", "nodes", "patch"),
        ("tranche-webhook", "pods/binding", "create"),
        ("tranche-webhook", "mutatingwebhookconfigurations", "patch", "tranche"),
        ("tranche-webhook", "validatingwebhookconfigurations", "patch", "tranche"),
        ("tranche-uninstall", "nodes", "patch"),
        ("tranche-uninstall", "mutatingwebhookconfigurations", "delete", "tranche"),
        ("tranche-uninstall", "validatingwebhookconfigurations", "delete", "tranche"),
    }


def test_nobody_reads_a_secret_but_the_webhooks_own(any_variant: Manifests):
    for role in itertools.chain(any_variant.of("Role"), any_variant.of("ClusterRole")):
        for rule in role["rules"]:
            if "secrets" in rule["resources"] and rule["verbs"] != ["create"]:
                assert rule["resourceNames"] == ["tranche-webhook-tls"]
                assert role["kind"] == "Role"


@pytest.mark.parametrize("variant", ["cert-manager", "own issuer", "files"])
def test_with_a_certificate_from_elsewhere_the_webhook_writes_none(variant: str):
    for role in rendered(*VARIANTS[variant]):
        if (
            role["kind"] in {"Role", "ClusterRole"}
            and role["metadata"]["name"] == "tranche-webhook"
        ):
            rights = json.dumps(role["rules"])
            assert "secrets" not in rights
            assert "webhookconfigurations" not in rights


def test_the_bundle_is_named_only_where_it_is_given(plain: Manifests):
    """What the webhook or cert-manager wrote stays on an upgrade only if the chart is silent."""

    def bundles(manifests: Manifests) -> list[str | None]:
        return [
            webhook["clientConfig"].get("caBundle")
            for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
            for webhook in manifests.one(kind, "tranche")["webhooks"]
        ]

    assert bundles(plain) == [None] * 4
    assert bundles(rendered("--set=tls.source=cert-manager")) == [None] * 4
    assert bundles(rendered(f"--set={FILES}")) == ["cGVt"] * 4


@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_each_replica_is_asked_by_a_service_of_its_own(replicas: int):
    manifests = rendered(f"--set=webhook.replicas={replicas}")
    names = [f"tranche-webhook-{number}" for number in range(replicas)]
    calls = manifests.one("MutatingWebhookConfiguration", "tranche")["webhooks"]
    assert [call["clientConfig"]["service"]["name"] for call in calls] == names
    conditions = [[one["name"] for one in call["matchConditions"]] for call in calls]
    again = ["was-not-answered", "speaks-of-accelerators"]
    assert conditions == [again[1:], *[again] * (replicas - 1)]
    for name in names:
        pods = manifests.one("Deployment", name)["spec"]["template"]
        chosen = {
            other
            for other in names
            if manifests.one("Service", other)["spec"]["selector"].items()
            <= pods["metadata"]["labels"].items()
        }
        assert chosen == {name}
        (program,) = (one for one in pods["spec"]["containers"] if one["name"] == "webhook")
        assert parse_options(program["args"], {}).services == tuple(names)


def test_with_no_replica_there_is_nobody_to_ask_and_the_policies_stand():
    manifests = rendered("--set=webhook.replicas=0")
    assert manifests.one("MutatingWebhookConfiguration", "tranche")["webhooks"] is None
    assert not manifests.of("Deployment")
    assert manifests.one("ValidatingAdmissionPolicy", "tranche-answered")


def test_cert_manager_issues_for_the_service_and_its_ca_is_injected():
    manifests = rendered("--set=tls.source=cert-manager")
    leaf = manifests.one("Certificate", "tranche-webhook")["spec"]
    assert f"tranche-webhook-0.{NAMESPACE}.svc" in leaf["dnsNames"]
    assert leaf["secretName"] == "tranche-webhook-issued"
    authority = manifests.one("Certificate", "tranche-webhook-ca")["spec"]
    issuer = manifests.one("Issuer", leaf["issuerRef"]["name"])["spec"]
    assert issuer["ca"]["secretName"] == authority["secretName"]
    annotations = manifests.one("MutatingWebhookConfiguration", "tranche")["metadata"][
        "annotations"
    ]
    assert annotations["cert-manager.io/inject-ca-from"] == f"{NAMESPACE}/tranche-webhook"


def test_an_issuer_of_ones_own_replaces_ours():
    manifests = rendered(*VARIANTS["own issuer"])
    (leaf,) = manifests.of("Certificate")
    assert leaf["spec"]["issuerRef"] == {"name": "corp"}
    assert not manifests.of("Issuer")


def test_the_webhook_reads_the_settings_that_were_given(plain: Manifests):
    """The chart's defaults are the webhook's own."""
    data = plain.one("ConfigMap", "tranche")["data"]
    assert load_settings(data["settings.yaml"]) == Settings()
    given = rendered("--set=settings.defaults.default=3000Mi,settings.defaults.adopt=true")
    text = given.one("ConfigMap", "tranche")["data"]["settings.yaml"]
    assert load_settings(text).defaults.by_key()["default"] == "3000Mi"


def test_kube_scheduler_asks_the_extender_and_no_node_of_what_the_ledger_counts(plain: Manifests):
    data = plain.one("ConfigMap", "tranche")["data"]
    config = yaml.safe_load(data["scheduler.yaml"])
    (profile,) = config["profiles"]
    assert profile == {"schedulerName": SCHEDULER_NAME, "percentageOfNodesToScore": 100}
    (extender,) = config["extenders"]
    assert extender["ignorable"] is False
    assert extender["nodeCacheCapable"] is True
    ignored = {r["name"]: r.get("ignoredByScheduler", False) for r in extender["managedResources"]}
    nvidia = {name for name in ignored if name.startswith("nvidia.com/")}
    words = ("gpu", "gpumem", "gpumem-percentage", "gpucores", "priority")
    assert nvidia == {f"nvidia.com/{word}" for word in words}
    assert all(ignored.values())


def test_a_change_of_settings_replaces_the_webhooks_pods(plain: Manifests):
    def sums(manifests: Manifests) -> str:
        template = manifests.one("Deployment", "tranche-webhook-0")["spec"]["template"]
        return str(template["metadata"]["annotations"]["checksum/configuration"])

    assert sums(rendered("--set=settings.nodePolicy=spread")) != sums(plain)
    assert sums(rendered("--set=webhook.replicas=3")) == sums(plain)


@pytest.mark.parametrize(
    ("cluster", "tag"),
    [("v1.31.4-eks-2d5f260", "v1.31.4"), ("v1.33.1+k3s1", "v1.33.1"), ("1.37.2", "v1.37.2")],
)
def test_kube_scheduler_is_of_the_clusters_version(cluster: str, tag: str):
    found = dict(containers(rendered(f"--kube-version={cluster}")))
    image = found["tranche-webhook-0/scheduler"]["image"]
    assert image == f"registry.k8s.io/kube-scheduler:{tag}"


def test_the_driver_root_is_mounted_only_where_it_is_not_the_nodes_own(plain: Manifests):
    def mounts(manifests: Manifests) -> dict[str, dict[str, Any]]:
        agent = dict(containers(manifests))["tranche-agent/agent"]
        return {mount["mountPath"]: mount for mount in agent["volumeMounts"]}

    assert "/" not in mounts(plain)
    driver = mounts(rendered(*VARIANTS["driver container"]))["/run/nvidia/driver"]
    assert driver["readOnly"] is True
    assert driver["mountPropagation"] == "HostToContainer"
    private = "--set=agent.driverRoot=/run/nvidia/driver,agent.driverRootPropagation=None"
    assert mounts(rendered(private))["/run/nvidia/driver"]["mountPropagation"] == "None"


def test_the_folder_of_cdi_specs_is_mounted_once():
    flags = "--set=agent.hostPaths.cdi=/a,agent.hostPaths.vendorCdi={/b,/a,/c}"
    agent = dict(containers(rendered(flags)))["tranche-agent/agent"]
    writable = {m["mountPath"]: not m.get("readOnly") for m in agent["volumeMounts"]}
    assert (writable["/a"], writable["/b"], writable["/c"]) == (True, False, False)
    assert len(writable) == len(agent["volumeMounts"])


def test_the_flags_are_those_that_the_programs_take(plain: Manifests):
    found = dict(containers(plain))
    agent = read_settings(found["tranche-agent/agent"]["args"], {"NODE_NAME": "n1"})
    assert agent.resource_name == "nvidia.com/gpu"
    for flags in ((), VARIANTS["files"]):
        webhook = dict(containers(rendered(*flags)))["tranche-webhook-0/webhook"]
        parse_options(webhook["args"], {})


def test_where_another_plugin_owns_the_count_a_bare_count_is_nobodys_business():
    flags = "--set=settings.managed=false"
    policy = rendered(flags).one("ValidatingAdmissionPolicy", "tranche-answered")
    asks = next(c for c in policy["spec"]["matchConditions"] if c["name"] == "asks")
    assert '"nvidia.com/gpu"' not in asks["expression"]
    assert '"nvidia.com/gpumem"' in asks["expression"]


def test_a_count_of_another_name_is_sent_and_offered_and_the_old_one_left_alone():
    manifests = rendered("--set=settings.resources.nvidia.count=tranche.dev/gpu")
    webhook, _ = manifests.one("MutatingWebhookConfiguration", "tranche")["webhooks"]
    assert '["nvidia.com/","tranche.dev/gpu"]' in webhook["matchConditions"][0]["expression"]
    agent = dict(containers(manifests))["tranche-agent/agent"]
    assert "--resource-name=tranche.dev/gpu" in agent["args"]
    policy = manifests.one("ValidatingAdmissionPolicy", "tranche-answered")
    assert '"nvidia.com/gpu"' not in str(policy)
