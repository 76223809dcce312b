"""Ascend: vNPU templates of each chip, or slices of any size by HAMi's library (soft slices).

HAMi has names for each chip; MindCluster, the vendor's own plugin, for whole cards and for slices
of a 910 and a 310P by their AI cores. Two dies of a 910C are one module and are given together.
Under soft slices HAMi's documents call the memory of several cards a total and its scheduler
charges it on each, so these are of one card here, as the templates are.
Sources: HAMi v2.10.0, pkg/device/ascend/device.go; ascend-device-plugin, docs/hami.md;
MindCluster's documentation of the device plugin.
"""

from dataclasses import replace
from typing import ClassVar, Final

from tranche.vendors.base import Asked, Written
from tranche.vendors.chips import Chip, Chips
from tranche.vendors.choice import keys
from tranche.vendors.fitting import Warnings, fit_free
from tranche.vendors.names import Names
from tranche.vendors.numbers import whole
from tranche.vendors.sizes import card_of
from tranche.vendors.stack import either, one_of
from tranche.words.errors import Refusal
from tranche.words.models import parse_model
from tranche.words.request import MAX_COUNT, Amount, Mebibytes, Partition, Request, Slice, Whole
from tranche.words.said import NOTHING, Reading, Said
from tranche.words.sentence import print_sentence

MODE: Final = "huawei.com/vnpu-mode"
SOFT: Final = "hami-core"
CORES: Final = {
    **{f"huawei.com/Ascend910-{n}c": ("910A", f"vir{n:02}") for n in (2, 4, 8, 16)},
    **{f"huawei.com/Ascend310P-{n}c": ("310P", f"vir{n:02}") for n in (1, 2, 4)},
    "huawei.com/Ascend310P-2c.1cpu": ("310P", "vir02_1c"),
    "huawei.com/Ascend310P-4c.3cpu": ("310P", "vir04_3c"),
}
"""MindCluster's slices: the chip and the template that each is."""

_SAME: Final = {"910A": ("910A", "910ProA", "910PremiumA")}
_PAIRED: Final = "910C"


def _chip(chip: str) -> Chip:
    name = f"huawei.com/Ascend{chip}"
    return Chip(
        _SAME.get(chip, (chip,)),
        Names(name, f"{name}-memory", cores=f"{name}-core", models=(chip,)),
        keys(cards=f"hami.io/{{}}-Ascend{chip}-uuid", avoid="no-use", by_name=True),
    )


CHIPS: Final = tuple(map(_chip, ("910A", "910B2", "910B3", "910B4", "910B4-1", "910C", "310P")))


class Ascend(Chips, frozen=True):
    """Ascend's cards.

    Attributes:
        soft: slices are of any size, held by HAMi's library; else they are vNPU templates.
    """

    key: ClassVar[str] = "ascend"
    title: ClassVar[str] = "Ascend"
    lent: ClassVar[bool] = True
    chips: ClassVar[tuple[Chip, ...]] = CHIPS
    cards: ClassVar[Names] = Names("huawei.com/Ascend910", whole=True)
    older: ClassVar[tuple[Names, ...]] = (Names("huawei.com/Ascend310", whole=True),)
    published_class: ClassVar[str] = "ascend"

    soft: bool = False

    def names(self) -> frozenset[str]:
        """HAMi's and MindCluster's."""
        return super().names() | CORES.keys()

    def read(self, asked: Asked) -> Reading:
        """As `Stack.read`, and MindCluster's slices."""
        found = {name: _by_cores(name, asked) for name in CORES.keys() & asked.keys()}
        general = super().read(asked)
        if general != Reading(NOTHING):
            found[min(super().names() & asked.keys())] = general
        return one_of(dict(sorted(found.items())))

    def fit_slice(self, amount: Slice, request: Request) -> tuple[Amount, Warnings]:
        """The template, or in soft slices what was asked."""
        chip = self.chip_of(request)
        if chip and self.soft:
            return fit_free(amount, chip.names, self.key, request.models)
        return super().fit_slice(amount, request)

    def fit(self, request: Request) -> tuple[Request, Warnings]:
        """As `Chips.fit`; one die of a pair is both, as HAMi has it.

        Raises:
            Refusal: a slice of them, or any other odd number.
        """
        fitted, warnings = super().fit(self._of_one_chip(request))
        chip = self.chip_of(fitted)
        if chip is None or _PAIRED not in chip.models:
            return fitted, warnings
        why, asked = f"the dies of a {_PAIRED} are given in pairs", print_sentence(request)
        if isinstance(fitted.amount, Slice):
            remedy = f"ask for whole ones, such as 2 x whole on {_PAIRED}"
            raise Refusal(asked, f"{why}, and a slice is of one", remedy)
        if fitted.count % 2 and fitted.count > 1:
            raise Refusal(asked, why, f"ask for {fitted.count - 1} or {fitted.count + 1}")
        if fitted.count > 1:
            return fitted, warnings
        pair = f"1 x {_PAIRED} is rounded up to 2: {why}"
        return replace(fitted, count=2), (*warnings, pair)

    def _of_one_chip(self, request: Request) -> Request:
        """With the chip that a template's name tells, where no model is named."""
        if request.models or self.model or not isinstance(request.amount, Partition):
            return request
        name = request.amount.name
        having = [chip.models[0] for chip in self.chips if _template(chip.models[0], name)]
        if len(having) > 1:
            why = f"{either(having)} have a template of this name, and none is named"
            raise Refusal(name, why, f"write such as {name} on {having[0]}")
        return replace(request, models=tuple(map(parse_model, having)))

    def write(self, request: Request) -> Written:
        """Soft slices are told by an annotation, and have cores; templates bring theirs along."""
        if not isinstance(request.amount, Slice):
            return super().write(request)
        if self.soft:
            return replace(super().write(request), annotations={MODE: SOFT})
        return super().write(replace(request, amount=Slice(request.amount.memory)))


def _template(chip: str, name: str) -> bool:
    card = card_of("ascend", (parse_model(chip),))
    return card is not None and card.named(name) is not None


def _by_cores(name: str, asked: Asked) -> Reading:
    count = whole(asked, name, MAX_COUNT, least=0)
    if not count:
        return Reading(NOTHING, (f"{name}: 0 asks for no card, and none is given",))
    models = (parse_model(CORES[name][0]),)
    card = card_of("ascend", models)
    size = card and card.named(CORES[name][1])
    amount = Slice(Mebibytes(size.mib), card.cores(size)) if card and size else Whole()
    return Reading(Said(amount=amount, count=count, models=models, vendor="ascend"))
