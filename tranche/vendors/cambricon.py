"""Cambricon: sMLU instances, memory and cores of one card.

What one ``vmemory`` stands for is 256 MiB in HAMi's code, and one percent of a card by HAMi's
website and by the vendor's plugin as it is by default, so the cluster has to say it. HAMi once had
the names ``mlunum`` and ``mlumem``, the latter in MiB. Whole cards beyond one are the vendor's own
plugin's, since HAMi's stack gives one. Source: HAMi v2.10.0 and v2.2, pkg/device/cambricon.
"""

from typing import ClassVar, Final, Literal

from tranche.vendors.base import Asked
from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack
from tranche.words.request import Request
from tranche.words.said import Reading

_OLD_COUNT: Final = "cambricon.com/mlunum"
_SETTING: Final = "vendors.cambricon.memoryUnit set to 256Mi, as HAMi counts, or to 1%"


def _smlu(unit: str | None, count: str, prefix: str, *models: str) -> Names:
    memory = f"{prefix}.smlu.vmemory"
    return Names(
        count,
        memory="" if unit == "1%" else memory,
        unit=256 if unit == "256Mi" else None,
        setting=_SETTING,
        percent=memory if unit == "1%" else "",
        cores=f"{prefix}.smlu.vcore",
        models=models,
    )


class Cambricon(Stack, frozen=True):
    """Cambricon's cards.

    Attributes:
        memory_unit: what one of ``vmemory`` stands for in this cluster.
    """

    key: ClassVar[str] = "cambricon"
    title: ClassVar[str] = "Cambricon"
    cards: ClassVar[Names] = Names("cambricon.com/mlu", whole=True)
    older: ClassVar[tuple[Names, ...]] = (Names(_OLD_COUNT, "cambricon.com/mlumem"),)
    keys: ClassVar[Keys] = keys("cambricon.com/{}-mlutype", "cambricon.com/{}-gpuuuid")
    all_cores: ClassVar[bool] = True

    memory_unit: Literal["256Mi", "1%"] | None = None

    def families(self) -> tuple[Names, ...]:
        """HAMi's, those of one model, the vendor's, and HAMi's old ones."""
        return (self._vmlu(), self._mlu370(), self.cards, *self.older)

    def read(self, asked: Asked) -> Reading:
        """As `Stack.read`; the old count stands beside the new memory and cores too."""
        vmlu = self._vmlu()
        if _OLD_COUNT in asked and (vmlu.all - {vmlu.count}) & asked.keys():
            asked = {vmlu.count if n == _OLD_COUNT else n: value for n, value in asked.items()}
        return super().read(asked)

    def slices_of(self, request: Request) -> Names:  # noqa: ARG002
        """HAMi's."""
        return self._vmlu()

    def cards_of(self, request: Request) -> Names:
        """HAMi's for one, the vendor's for several."""
        return self._vmlu() if request.count == 1 else self.cards

    def _vmlu(self) -> Names:
        return _smlu(self.memory_unit, "cambricon.com/vmlu", "cambricon.com/mlu")

    def _mlu370(self) -> Names:
        count = "cambricon.com/mlu370"
        return _smlu(self.memory_unit, count, count, "MLU370")
