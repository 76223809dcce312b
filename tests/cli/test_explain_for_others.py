"""`tranche explain --words` and `--to`: a sentence by itself, and other systems' words for it."""

import json
import shlex
from pathlib import Path
from typing import get_args

import pytest
import yaml
from typer.testing import CliRunner, Result

from tranche.cli.main import System, app
from tranche.dialects import writers

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: train
  namespace: research
  annotations:
    tranche.dev/gpu: 2 x 3000Mi and 30% cores
    tranche.dev/gpu.setup: 3000Mi
spec:
  initContainers:
  - {name: setup}
  containers:
  - {name: main}
"""


def explain(*options: str, text: str = "") -> Result:
    return CliRunner().invoke(app, ["explain", *options], input=text)


def for_volcano(*options: str, text: str = POD) -> Result:
    named = ("-f", "-", "--to", "volcano", "--with", "gpuMemoryFactor=10")
    return explain(*named, *options, text=text)


def test_a_sentence_is_told_in_words_and_in_both_spellings():
    result = explain("--words", "2x 3000Mi ON a100")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:5] == [
        '"2 x 3000Mi on a100"',
        "  gets 3000 MiB of memory of each of 2 cards, A100",
        "  as an annotation  tranche.dev/gpu: 2 x 3000Mi on a100",
        "  as a label        tranche.dev/gpu: 2_x_3000Mi_on_a100",
        "  written for Tranche:",
    ]
    assert "            nvidia.com/gpumem: '3000'\n" in result.stdout


def test_a_sentence_that_no_label_can_hold_is_not_shown_as_one():
    cards = ", ".join(f"GPU-{n}" for n in range(9))
    assert "as a label" not in explain("--words", f"1Gi card {cards}").stdout


def test_a_sentence_is_an_annotation_in_yaml_and_json():
    own = {"metadata": {"annotations": {"tranche.dev/gpu": "50%"}}}
    assert yaml.safe_load(explain("--words", "50%", "-o", "yaml").stdout) == own
    assert json.loads(explain("--words", "50%", "-o", "json").stdout) == own


def test_warnings_and_refusals_of_a_sentence_go_to_stderr():
    warned = explain("--words", "2.7Gi on A1OO", "-o", "json")
    assert warned.exit_code == 0
    assert json.loads(warned.stdout)
    assert "rounded up to 2765Mi" in warned.stderr
    assert "no card that Tranche knows is called so" in warned.stderr
    refused = explain("--words", "3GB")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == 'refused: "3GB": GB is no unit of memory here; write 3Gi\n'


def test_a_sentence_for_another_system():
    result = explain("--words", "50% and 30% cores on H200 NVL", "--to", "koordinator")
    assert "  written for Koordinator:\n    metadata:\n" in result.stdout
    assert "koordinator.sh/gpu-core: '30'" in result.stdout
    assert "node.koordinator.sh/gpu-model: NVIDIA-H200-NVL" in result.stdout


def test_a_pod_for_another_system_is_what_that_system_is_told_of_it():
    pod = yaml.safe_load(for_volcano("-o", "yaml").stdout)
    assert pod == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "train", "namespace": "research"},
        "spec": {
            "schedulerName": "volcano",
            "initContainers": [
                {
                    "name": "setup",
                    "resources": {
                        "limits": {"volcano.sh/vgpu-number": "1", "volcano.sh/vgpu-memory": "300"}
                    },
                }
            ],
            "containers": [
                {
                    "name": "main",
                    "resources": {
                        "limits": {
                            "volcano.sh/vgpu-number": "2",
                            "volcano.sh/vgpu-memory": "300",
                            "volcano.sh/vgpu-cores": "30",
                        }
                    },
                }
            ],
        },
    }
    assert json.loads(for_volcano("-o", "json").stdout) == pod
    assert "  written for Volcano vGPU:\n    apiVersion: v1\n" in for_volcano().stdout


def test_what_makes_pods_keeps_its_form():
    inner = yaml.safe_load(POD)
    job = {"kind": "Job", "metadata": {"name": "j"}, "spec": {"template": inner}}
    told = yaml.safe_load(for_volcano("-o", "yaml", text=yaml.safe_dump(job)).stdout)
    assert told["kind"] == "Job"
    assert told["metadata"] == {"name": "j"}
    assert told["spec"]["template"]["spec"]["schedulerName"] == "volcano"


def test_the_library_of_tranche_is_shown_when_it_is_written_for():
    told = yaml.safe_load(explain("--words", "1Gi", "--to", "tranche", "-o", "yaml").stdout)
    assert told["metadata"]["annotations"] == {"tranche.dev/slices": '{"main":"1024Mi"}'}
    assert told["spec"]["containers"][0]["env"][0]["name"] == "LD_PRELOAD"


def test_what_is_lost_is_warned_of():
    result = for_volcano(text=POD.replace("30% cores", "30% cores spread"))
    assert "card policy spread is lost" in result.stderr
    assert result.exit_code == 0


def test_a_system_without_words_for_it_refuses():
    result = explain("-f", "-", "--to", "plugin", text=POD)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith('refused: Pod "train": written for the vendor\'s plugin: ')


def test_a_pod_that_asks_nothing_says_so():
    plain = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a}\n"
    assert for_volcano(text=plain).stdout == 'Pod "p": asks for no accelerator, left as it is\n'
    config = "kind: ConfigMap\nmetadata: {name: c}\n"
    assert for_volcano(text=config).stdout == 'ConfigMap "c": no pod in it, left as it is\n'


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "name a file with -f"),
        (("-f", "-", "--words", "1Gi"), "one of them"),
        (("--words", "1Gi", "--with", "queue=a"), "name it with --to"),
        (("--words", "1Gi", "--settings", "s.yaml"), "leave files out"),
        (("--words", "1Gi", "--to", "nobody"), "nobody"),
        (("--words", "1Gi", "--to", "kai", "--with", "queue"), "write it as name=value"),
        (("--words", "1Gi", "--with", "vendors.ascend=1"), "vendors.cambricon.memoryUnit=256Mi"),
        (("--words", "1Gi", "--with", "vendors.acme.model=1"), "there is no acme, but nvidia"),
        (("--words", "1Gi", "--with", "vendors.ascend.size=1"), "unknown field `size`"),
        (("-f", "-", "--with", "vendors.ascend.model=310P"), "those of --settings"),
        (("--words", "1Gi", "--to", "kai", "--with", "team=a"), "unknown field `team`"),
        (("--words", "1Gi", "--to", "volcano", "--with", "gpuMemoryFactor=x"), "gpuMemoryFactor"),
    ],
)
def test_a_wrong_call_is_status_2(options: tuple[str, ...], says: str):
    result = explain(*options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in " ".join(result.stderr.replace("│", " ").split())


def test_the_help_shows_how_to_call_it_and_names_every_system():
    told = CliRunner().invoke(app, ["explain", "--help"], env={"COLUMNS": "140"}).stdout
    assert 'tranche explain --words "8Gi and 30% cores on A100 80G"' in told
    assert "|".join(writers) in told
    assert get_args(System) == tuple(writers)


def test_the_examples_of_the_help_work(tmp_path: Path):
    file = tmp_path / "pod.yaml"
    file.write_text(POD)
    told = CliRunner().invoke(app, ["explain", "--help"], env={"COLUMNS": "140"}).stdout
    calls = [
        line.strip() for line in told.splitlines() if line.strip().startswith("tranche explain")
    ]
    assert len(calls) == 6
    for call in calls:
        words = shlex.split(call.replace("pod.yaml", str(file)))
        assert CliRunner().invoke(app, words[1:]).exit_code == 0
