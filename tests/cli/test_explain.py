"""`tranche explain`: the admission code on a file, with no cluster."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from tranche.cli.main import app

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: train
  annotations:
    tranche.dev/gpu: 3000Mi on A100
spec:
  zeta: {kept: true}
  containers:
  - name: main
    image: pytorch
    env:
    - {name: RATE, value: "1e3"}
    - {name: DAY, value: "2026-11-25"}
    - {name: ZERO, value: "012"}
"""
NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: research
  annotations: {tranche.dev/default: 2Gi, tranche.dev/models: V100}
"""


def explain(text: str, *options: str) -> Result:
    return CliRunner().invoke(app, ["explain", "-f", "-", *options], input=text)


def with_ask(ask: str) -> str:
    return POD.replace("3000Mi on A100", ask)


def test_text_says_what_each_container_gets_and_what_is_changed():
    result = explain(POD)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        'Pod "train"',
        "  container main gets 3000 MiB of memory of one card, A100",
    ]
    assert any("LD_PRELOAD" in line for line in lines)
    assert any("schedulerName is tranche-scheduler" in line for line in lines)


def test_json_is_the_object_and_nothing_else():
    result = explain(with_ask("2.7Gi"), "-o", "json")
    pod = json.loads(result.stdout)
    assert pod["metadata"]["annotations"]["tranche.dev/slices"] == '{"main":"2765Mi"}'
    assert result.stderr.startswith('warning: Pod "train": annotation tranche.dev/gpu: 2.7Gi is')


def test_yaml_keeps_order_and_values():
    result = explain(POD, "-o", "yaml")
    before, after = yaml.safe_load(POD), yaml.safe_load(result.stdout)
    assert list(after) == list(before)
    assert list(after["spec"]) == [*before["spec"], "schedulerName"]
    assert after["spec"]["containers"][0]["env"][:3] == before["spec"]["containers"][0]["env"]
    assert "value: '1e3'" in result.stdout, "other readers take 1e3 for a number"


def test_what_is_explained_again_stays_as_it_is():
    once = explain(POD, "-o", "yaml").stdout
    assert explain(once, "-o", "yaml").stdout == once


def test_a_refusal_goes_to_stderr_with_status_1():
    result = explain(with_ask("3GB"), "-o", "json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        'refused: Pod "train": annotation tranche.dev/gpu: "3GB": GB is no unit of memory here; '
        "write 3Gi\n"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "standard input: not YAML"),
        ("", "no object in it"),
        ("- 1", "an object without a kind"),
        ("kind: Pod", 'Pod "": not a pod: Object missing required field `spec`'),
        (POD.replace("3000Mi on A100", "3000"), "$.metadata.annotations"),
        ("kind: Job\nspec: {}", "has no spec.template"),
        ("kind: Pod\nmetadata: [1]", "metadata is no object"),
        ("kind: Pod\nmetadata: {name: [1]}\nspec: {}", "not a pod"),
        ("kind: Pod\nspec: !!python/name:os.system x", "not YAML"),
    ],
)
def test_a_malformed_file_is_status_2_and_one_line(text: str, says: str):
    result = explain(text)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_status_2(tmp_path: Path):
    result = CliRunner().invoke(app, ["explain", "-f", str(tmp_path / "no.yaml")])
    assert result.exit_code == 2
    assert "No such file" in result.stderr


def test_the_namespace_and_the_settings_come_from_files(tmp_path: Path):
    namespace, settings = tmp_path / "ns.yaml", tmp_path / "settings.yaml"
    namespace.write_text(NAMESPACE)
    settings.write_text("runtimeClassName: nvidia\n")
    options = ("--namespace-file", str(namespace), "--settings", str(settings), "-o", "json")
    pod = json.loads(explain(with_ask("50% cores"), *options).stdout)
    assert (
        pod["metadata"]["annotations"]["tranche.dev/slices"]
        == '{"main":"2048Mi and 50% cores on v100"}'
    )
    assert pod["spec"]["runtimeClassName"] == "nvidia"
    refused = explain(POD, *options)
    assert "namespace annotation tranche.dev/models" in refused.stderr
    settings.write_text("nodePolicy: random\n")
    wrong = explain(POD, *options)
    assert wrong.exit_code == 2
    assert "$.nodePolicy" in wrong.stderr


def test_text_says_why(tmp_path: Path):
    bare = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: main\n"
    bare += "    resources: {limits: {nvidia.com/gpu: 1}}\n"
    assert "nvidia.com/gpu means whole cards, as it always has" in explain(bare).stdout
    namespace = tmp_path / "ns.yaml"
    namespace.write_text(
        "kind: Namespace\nmetadata: {name: n, annotations: {tranche.dev/default: 2Gi on A100,"
        " tranche.dev/adopt: 'true', tranche.dev/policy: spread}}\n"
    )
    told = explain(bare, "--namespace-file", str(namespace)).stdout
    assert "container main: models and memory as the default says" in told
    assert "container main: card policy as the policy says" in told
    assert "means the default slice, as the namespace adopts it" in told


def test_a_namespace_in_the_same_file_counts_for_its_own_pods():
    mine = with_ask("50% cores").replace(
        "  name: train\n", "  name: train\n  namespace: research\n"
    )
    assert "2048 MiB" in explain(f"{NAMESPACE}---\n{mine}").stdout
    other = mine.replace("namespace: research", "namespace: other")
    assert "100% of the memory" in explain(f"{NAMESPACE}---\n{other}").stdout


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Deployment", ("spec", "template")),
        ("StatefulSet", ("spec", "template")),
        ("DaemonSet", ("spec", "template")),
        ("Job", ("spec", "template")),
        ("CronJob", ("spec", "jobTemplate", "spec", "template")),
    ],
)
def test_what_makes_pods_is_looked_into(kind: str, path: tuple[str, ...]):
    inner = {key: yaml.safe_load(POD)[key] for key in ("metadata", "spec")}
    for member in reversed(path):
        inner = {member: inner}
    text = yaml.safe_dump({"kind": kind, "metadata": {"name": "many"}, **inner})
    assert explain(text).stdout.startswith(
        f'{kind} "many" (each pod made from it)\n  container main'
    )
    after = json.loads(explain(text, "-o", "json").stdout)
    for member in path:
        after = after[member]
    assert after["spec"]["schedulerName"] == "tranche-scheduler"


def test_several_objects_are_several_documents_or_one_list():
    config = "kind: ConfigMap\nmetadata: {name: c}\n"
    both = f"{POD}---\n{config}"
    assert len(list(yaml.safe_load_all(explain(both, "-o", "yaml").stdout))) == 2
    items = json.loads(explain(both, "-o", "json").stdout)["items"]
    assert [item["kind"] for item in items] == ["Pod", "ConfigMap"]
    assert 'ConfigMap "c": no pod in it' in explain(both).stdout
    listed = json.dumps({"kind": "List", "items": items})
    assert 'ConfigMap "c": no pod in it' in explain(listed).stdout


def test_what_two_containers_share_by_an_alias_is_patched_apart():
    shared = POD + "    resources: &r {limits: {cpu: 1}}\n  - {name: side, resources: *r}\n"
    pod = json.loads(explain(shared, "-o", "json").stdout)
    main, side = (container["resources"]["limits"] for container in pod["spec"]["containers"])
    assert main == {"cpu": 1, "nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000"}
    assert side == {"cpu": 1}


def test_aliases_that_stand_for_billions_are_malformed():
    laughs = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))
    result = explain(f"kind: Pod\na0: &a0 lol\n{laughs}\n")
    assert result.exit_code == 2
    assert "more than 1000000 values" in result.stderr
    assert explain("kind: Pod\nspec: &s {again: *s}\n").exit_code == 2


def test_a_pod_that_asks_nothing_is_printed_as_it_came():
    plain = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a}\n"
    assert explain(plain).stdout == 'Pod "p": asks for no accelerator, left as it is\n'
    assert yaml.safe_load(explain(plain, "-o", "yaml").stdout) == yaml.safe_load(plain)
