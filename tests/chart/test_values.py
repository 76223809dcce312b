"""Values that cannot be are refused before anything reaches the cluster."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.chart.programs import CHART, need
from tests.chart.rendering import refused

SCHEMA = json.loads((CHART / "values.schema.json").read_text())


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("agnet.driverRoot=/", "agnet"),
        ("agent.driverroot=/", "driverroot"),
        ("agent.driverMode=both", "driverMode"),
        ("agent.driverRoot=run/nvidia", "driverRoot"),
        ("agent.slicesPerCard=0", "slicesPerCard"),
        ("tls.source=certmanager", "source"),
        ("settings.nodePolicy=pack", "nodePolicy"),
        ("settings.defaults.deflaut=1Gi", "deflaut"),
        ("settings.resources.nvidia.count=gpu", "count"),
        ("webhook.timeoutSeconds=31", "timeoutSeconds"),
        ("image.digest=latest", "digest"),
        ("tls.source=files", "tls.files.secretName"),
        ("tls.source=files,tls.files.secretName=mine", "tls.files.caBundle"),
    ],
)
def test_a_wrong_value_is_named(flag: str, said: str):
    assert said in refused(f"--set={flag}")


def test_a_cluster_without_admission_policies_is_refused():
    assert ">=1.30" in refused("--kube-version=1.29.0")


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in schema.get("properties", {}).items():
        yield f"{path}{key}", value
        yield from properties(value, f"{path}{key}.")


def test_every_value_is_described_and_no_object_of_ours_takes_strangers():
    for path, schema in properties(SCHEMA):
        if path.startswith("tls.certManager.issuerRef."):
            continue  # cert-manager's
        assert schema.get("description"), path
        if "properties" in schema:
            assert schema["additionalProperties"] is False, path


def test_every_value_of_the_schema_has_a_default_in_the_values_file():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    optional = {"global", "settings.defaults", "settings.dialects", "settings.vendors"}
    optional |= {"tls.certManager.issuerRef"}
    for path, _ in properties(SCHEMA):
        if any(path == one or path.startswith(f"{one}.") for one in optional):
            continue
        if path.endswith((".requests", ".limits", ".claims")):
            continue
        value: Any = values
        for key in path.split("."):
            assert key in value, path
            value = value[key]


def test_helm_finds_nothing_to_complain_of():
    (helm,) = need("helm")
    done = subprocess.run(
        [helm, "lint", "--strict", str(CHART)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout
