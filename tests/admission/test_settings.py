"""The settings file: all defaults when empty, and every mistake named by its field."""

import pytest

from tranche.words.errors import Malformed
from tranche.words.request import Placing
from webhook.settings import Settings, load_settings


def test_an_empty_file_is_all_defaults():
    assert load_settings("") == load_settings("{}\n") == Settings()
    assert Settings().schedulerName == "tranche-scheduler"
    assert Settings().nodePolicy is Settings().cardPolicy is Placing.BINPACK


def test_every_field_can_be_set():
    settings = load_settings(
        """
        schedulerName: slices
        runtimeClassName: nvidia
        nodePolicy: spread
        cardPolicy: spread
        managed: false
        defaults: {default: 3000Mi, adopt: true, max: 8Gi, models: A100, policy: spread}
        dialects: {hami: false, volcano: {gpuMemoryFactor: 10}}
        vendors: {ascend: {soft: true}}
        backend: plugin
        resources:
          nvidia: {count: a.io/gpu, memory: a.io/mib, memoryPercentage: a.io/share, cores: a.io/c}
        """
    )
    assert settings.resources.nvidia.memory_percentage == "a.io/share"
    assert settings.defaults.by_key()["adopt"] == "True"
    assert not settings.managed
    assert [one.key for one in settings.systems.dialects] == ["volcano"]
    assert settings.systems.managed.keys() == {"nvidia", "ascend"}
    assert settings.systems.writer.key == "plugin"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nodePolicies: spread", "unknown field `nodePolicies`"),
        ("dialects: {esperanto: true}", "there is no esperanto, but hami, volcano"),
        ("dialects: {esperanto: false}", "there is no esperanto"),
        ("dialects: {volcano: {memory: 1}}", "dialects.volcano: Object contains unknown field"),
        ("dialects: {volcano: 1}", "$.dialects"),
        ("dialects: {owners: true}", "dialects.owners"),
        ("dialects: {owners: {gpu-memory: kai}}", "kai is not read here, but hami"),
        ("vendors: {acme: {}}", "there is no acme, but nvidia, amd"),
        ("vendors: {cambricon: {memoryUnit: 1}}", "vendors.cambricon"),
        ("backend: slurm", "backend: there is no slurm, but tranche, hami"),
        ("backend: {hami: {}, kai: {}}", "backend: name one of"),
        ("backend: {volcano: {factor: 1}}", "backend.volcano"),
        ("nodePolicy: random", "$.nodePolicy"),
        ("managed: maybe", "$.managed"),
        ("schedulerName: ''", "schedulerName is empty"),
        ("defaults: {default: '3000'}", "defaults.default"),
        ("defaults: {max: 50%}", "defaults.max"),
        ("resources: {nvidia: {count: gpu}}", "resources.nvidia.count"),
        ("resources: {nvidia: {count: nvidia.com/gpumem}}", "one name stands for two"),
        ("[", "not YAML"),
        ("[1]", "Expected `object`"),
        ("# " + "x" * 70_000, "longer than"),
    ],
)
def test_a_mistake_is_malformed_and_named(text: str, says: str):
    with pytest.raises(Malformed) as malformed:
        load_settings(text)
    assert says in str(malformed.value)
