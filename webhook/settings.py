"""What the chart tells the webhook and the extender, as one YAML file.

::

    schedulerName: tranche-scheduler
    runtimeClassName: ""            # set on pods with slices that name none; empty leaves them
    nodePolicy: binpack             # which node first, where nobody said
    cardPolicy: binpack             # which card first, where nobody said
    visibleDevices: strip           # or refuse: NVIDIA_VISIBLE_DEVICES set by a pod that gets cards
    managed: true                   # false: a bare count of cards belongs to another plugin
    defaults: {default: "", adopt: "", max: "", models: "", policy: ""}
    dialects: {hami: true}          # others' words that are read: true, or {their: settings};
                                    # owners: {<word>: <dialect>} where two claim one word
    vendors: {ascend: {soft: true}} # makers beside NVIDIA whose own resources are read, each with
                                    # its settings; the others' stay as they are
    backend: tranche                # who places pods: tranche, hami, volcano, koordinator, kai or
                                    # plugin; or {volcano: {gpuMemoryFactor: 10}}
    resources: {nvidia: {count: nvidia.com/gpu, memory: nvidia.com/gpumem, …}}
"""

import re
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import msgspec
import yaml

from tranche.vendors.nvidia import ResourceNames
from tranche.words.errors import Malformed
from tranche.words.names import SCHEDULER_NAME
from tranche.words.namespace import read_rules
from tranche.words.request import Placing
from webhook.systems import Systems, make_systems

LONGEST: Final = 64 * 1024
_RESOURCE: Final = re.compile(
    r"(?=.{3,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
)


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cluster's own rules, in the words of the namespace annotations; empty is unset."""

    default: str = ""
    adopt: str | bool = ""
    max: str = ""
    models: str = ""
    policy: str = ""

    def by_key(self) -> dict[str, str]:
        """As `tranche.words.namespace.read_rules` takes them."""
        return {key: str(value) for key, value in msgspec.structs.asdict(self).items() if value}


class VisibleDevices(StrEnum):
    """What becomes of a pod that chooses cards by NVIDIA_VISIBLE_DEVICES and gets some from us."""

    STRIP = "strip"
    REFUSE = "refuse"


class Resources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of extended resources, by vendor."""

    nvidia: ResourceNames = ResourceNames()


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Everything that an operator of the cluster decides, each spelled as in the file."""

    schedulerName: str = SCHEDULER_NAME  # noqa: N815
    runtimeClassName: str = ""  # noqa: N815
    nodePolicy: Placing = Placing.BINPACK  # noqa: N815
    cardPolicy: Placing = Placing.BINPACK  # noqa: N815
    visibleDevices: VisibleDevices = VisibleDevices.STRIP  # noqa: N815
    managed: bool = True
    defaults: Defaults = Defaults()
    dialects: dict[str, bool | dict[str, Any]] = msgspec.field(
        default_factory=lambda: {"hami": True}
    )
    vendors: dict[str, dict[str, Any]] = {}
    backend: str | dict[str, dict[str, Any]] = "tranche"
    resources: Resources = Resources()

    @cached_property
    def systems(self) -> Systems:
        """Vendors, dialects and the system that places pods.

        Raises:
            Malformed: there is no such one, or it has no such settings; `load_settings` has looked.
        """
        return make_systems(
            names=self.resources.nvidia,
            vendors=self.vendors,
            dialects=self.dialects,
            backend=self.backend,
            own={
                "schedulerName": self.schedulerName,
                "runtimeClassName": self.runtimeClassName,
            },
        )


def load_settings(text: str) -> Settings:
    """The settings in a YAML document; an empty one means all defaults.

    Raises:
        Malformed: not YAML, an unknown field, or a value that cannot be; the field is named.
    """
    if len(text) > LONGEST:
        raise Malformed(f"settings: longer than {LONGEST} characters")
    try:
        settings = msgspec.convert(yaml.safe_load(text) or {}, Settings)
    except yaml.YAMLError as error:
        raise Malformed(f"settings: not YAML: {' '.join(str(error).split())}") from error
    except (msgspec.ValidationError, RecursionError) as error:
        raise Malformed(f"settings: {error}") from error
    if not settings.schedulerName:
        raise Malformed("settings: schedulerName is empty")
    _check_names(settings.resources.nvidia)
    for fault in read_rules({}, settings.defaults.by_key()).faults.values():
        raise Malformed(f"settings: {fault}")
    try:
        _ = settings.systems
    except Malformed as error:
        raise Malformed(f"settings: {error}") from error
    return settings


def _check_names(names: ResourceNames) -> None:
    fields = msgspec.structs.asdict(names)
    for field, name in fields.items():
        if not _RESOURCE.fullmatch(name):
            raise Malformed(f'settings: resources.nvidia.{field}: "{name}" is no resource name')
    if len(set(fields.values())) != len(fields):
        raise Malformed("settings: resources.nvidia: one name stands for two resources")
