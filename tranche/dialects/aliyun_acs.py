"""Aliyun ACS: shares of one card.

ACS takes requests below limits; of what it is handed Tranche keeps the limit.
Source: help.aliyun.com, ACS's documents on shared GPUs.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.words.said import Reading

_FAMILY: Final = Family(
    share="alibabacloud.com/gpu-memory.percentage", cores="alibabacloud.com/gpu-core.percentage"
)
_LABELS: Final[keys.Readers] = {"alibabacloud.com/gpu-model-series": keys.one_model}


class AliyunAcs(Spoken, frozen=True):
    """ACS, read."""

    key: ClassVar[str] = "acs"
    title: ClassVar[str] = "Aliyun ACS"
    claims: ClassVar[frozenset[str]] = _FAMILY.names | _LABELS.keys()

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Shares of one card, and its model by a label."""
        return read_containers(
            pod, _FAMILY.read, lambda: keys.read_keys(pod.labels, _LABELS, "label")
        )
