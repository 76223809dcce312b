"""What HAMi calls the choice among the cards of each vendor: data.

Source: HAMi v2.10.0, pkg/device/*/device.go, charts/hami/values.yaml.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tranche.dialects import keys
from tranche.vendors.base import Asked
from tranche.words.said import NOTHING, Reading, Said

VNPU_MODE: Final = "huawei.com/vnpu-mode"
CHIPS: Final = ("910A", "910B2", "910B3", "910B4", "910B4-1", "910C", "310P")


@dataclass(frozen=True, slots=True)
class Choice:
    """The keys of one vendor, or of one model; ``{}`` in them stands for use and its opposite.

    Attributes:
        resources: whose containers they speak of; one that ends in ``/`` is a whole domain.
        types: a comma list of models; "" where the resource's name is the model, or nothing is.
        uuids: a comma list of uuids.
        opposite: of ``use``.
        more: keys that only this vendor has.
    """

    vendor: str
    resources: tuple[str, ...]
    types: str = ""
    uuids: str = ""
    opposite: str = "nouse"
    more: Mapping[str, keys.Reader] = field(default_factory=dict)

    def readers(self) -> dict[str, keys.Reader]:
        """By key."""
        found = dict(self.more)
        for form, read, part in (
            (self.types, keys.models, "models"),
            (self.uuids, keys.cards, "cards"),
        ):
            if form:
                found[form.format("use")] = read(part)
                found[form.format(self.opposite)] = read(f"not_{part}")
        return found

    def speaks_of(self, asked: Asked) -> bool:
        """Whether a container asks for these cards."""
        return any(
            name == one or (one.endswith("/") and name.startswith(one))
            for name in asked
            for one in self.resources
        )


def _numa_bind(written: str) -> Reading:
    return Reading(Said(same_numa=True) if written.lower() == "true" else NOTHING)


def _ascend(chip: str) -> Choice:
    soft = keys.only("hami-core", remedy="take it off to get a template")
    return Choice(
        "ascend",
        (f"huawei.com/Ascend{chip}",),
        uuids=f"hami.io/{{}}-Ascend{chip}-uuid",
        opposite="no-use",
        more={VNPU_MODE: soft},
    )


def _iluvatar(chip: str) -> Choice:
    return Choice(
        "iluvatar",
        (f"iluvatar.ai/{chip}-vgpu",),
        uuids=f"hami.io/{{}}-{chip}-uuid",
        opposite="no-use",
    )


def _domain(vendor: str, domain: str, types: str = "", uuids: str = "gpuuuid") -> Choice:
    listed = f"{domain}/{{}}-{types}" if types else ""
    return Choice(vendor, (f"{domain}/",), listed, f"{domain}/{{}}-{uuids}")


CHOICES: Final = (
    Choice(
        "nvidia",
        ("nvidia.com/",),
        "nvidia.com/{}-gputype",
        "nvidia.com/{}-gpuuuid",
        more={
            "nvidia.com/numa-bind": _numa_bind,
            "nvidia.com/vgpu-mode": keys.only("hami-core", remedy="take it off to get a slice"),
        },
    ),
    _domain("amd", "amd.com", "gputype", "gpu-uuid"),
    *map(_ascend, CHIPS),
    _domain("cambricon", "cambricon.com", "mlutype"),
    _domain("hygon", "hygon.com", "dcutype"),
    *map(_iluvatar, ("MR-V100", "MR-V50", "BI-V150", "BI-V100")),
    Choice("mthreads", ("mthreads.com/",), uuids="mthreads.ai/{}-gpuuuid"),
    Choice(
        "metax",
        ("metax-tech.com/",),
        uuids="metax-tech.com/{}-gpuuuid",
        more={
            "metax-tech.com/sgpu-qos-policy": keys.lost("Tranche has one policy of cores"),
            "metax-tech.com/sgpu-topology-aware": keys.lost("Tranche knows no topology of cards"),
            "metax-tech.com/sgpu-app-class": keys.lost("Tranche has no classes of applications"),
        },
    ),
    _domain("enflame", "enflame.com"),
    Choice("kunlunxin", ("kunlunxin.com/vxpu",), uuids="hami.io/{}-xpu-uuid", opposite="no-use"),
    Choice("kunlunxin", ("kunlunxin.com/xpu",), uuids="baidu.com/{}-gpuuuid"),
    _domain("aws", "aws.amazon.com", uuids="neuron-uuid"),
    _domain("biren", "birentech.com", "biren"),
    _domain("vastai", "vastaitech.com", "va"),
)
