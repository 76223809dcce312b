"""The values of docs/from-hami.md, as the chart takes them."""

import re
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import rendered
from webhook.settings import load_settings

PAGE = Path(__file__).parents[2].joinpath("docs/from-hami.md").read_text("utf-8")
VALUES = dict(re.findall(r"```yaml\n# (before|beside|alone)\.yaml\n(.*?)\n```\n", PAGE, re.DOTALL))


@pytest.mark.parametrize("name", ["before", "beside", "alone"])
def test_the_chart_takes_the_page_s_values(name: str, tmp_path: Path):
    file = tmp_path / f"{name}.yaml"
    file.write_text(VALUES[name], "utf-8")
    values = yaml.safe_load(VALUES[name])
    manifests = rendered("-f", str(file))
    data = manifests.one("ConfigMap", "tranche")["data"]
    settings = load_settings(data["settings.yaml"])
    assert settings.systems.writer.key == values["settings"].get("backend", "tranche")
    assert bool(manifests.of("DaemonSet")) == (name != "before")
    selector = values.get("webhook", {}).get("namespaceSelector")
    (webhook,) = {
        yaml.safe_dump(one.get("namespaceSelector"))
        for configuration in manifests.of("MutatingWebhookConfiguration")
        for one in configuration["webhooks"]
    }
    assert yaml.safe_load(webhook) == selector
    for daemon in manifests.of("DaemonSet"):
        chosen = daemon["spec"]["template"]["spec"]["nodeSelector"]
        assert chosen == values.get("agent", {}).get("nodeSelector", chosen)
