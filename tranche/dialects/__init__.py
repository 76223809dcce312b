"""One file per spelling of a request on a pod: Tranche's own keys, and other systems' words.

A module belongs here when it turns what a pod says into `tranche.words.said.Said`, writes such
words, or is what several of these have in common. It knows no namespaces and no defaults.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from tranche.dialects.aliyun_ack import AliyunAck
from tranche.dialects.aliyun_acs import AliyunAcs
from tranche.dialects.aliyun_gpushare import AliyunGpushare
from tranche.dialects.baidu_cce import BaiduCce
from tranche.dialects.base import Dialect, Writer
from tranche.dialects.elastic_gpu import ElasticGpu
from tranche.dialects.gke import Gke
from tranche.dialects.gpu_manager import GpuManager
from tranche.dialects.gpustack import Gpustack
from tranche.dialects.hami import Hami
from tranche.dialects.huawei_cce import HuaweiCce
from tranche.dialects.kai import Kai
from tranche.dialects.koordinator import Koordinator
from tranche.dialects.kubeshare import Kubeshare
from tranche.dialects.nvidia_plugin import NvidiaPlugin
from tranche.dialects.nvshare import Nvshare
from tranche.dialects.own import Own
from tranche.dialects.plugin import Plugin
from tranche.dialects.qgpu import Qgpu
from tranche.dialects.tensor_fusion import TensorFusion
from tranche.dialects.together import collisions, mentions, read_pod
from tranche.dialects.vgpu_manager import VgpuManager
from tranche.dialects.volcano import Volcano
from tranche.dialects.volcano_gpushare import VolcanoGpushare
from tranche.dialects.volcengine import Volcengine
from tranche.words.errors import Malformed

_Made = TypeVar("_Made")

known: Final[Mapping[str, type[Dialect]]] = {
    one.key: one
    for one in (
        *(Hami, Volcano, VolcanoGpushare, VgpuManager, Koordinator, Kai, TensorFusion),
        *(NvidiaPlugin, Gpustack, Nvshare, Kubeshare, ElasticGpu, AliyunGpushare, AliyunAck),
        *(AliyunAcs, GpuManager, Qgpu, HuaweiCce, Volcengine, BaiduCce, Gke),
    )
}
"""Dialects that can be read. Each is made of its settings: ``known["volcano"]()`` has none."""

writers: Final[Mapping[str, type[Writer]]] = {
    one.key: one for one in (Own, Hami, Volcano, Koordinator, Kai, Plugin)
}
"""Systems that can be written for, made of their settings likewise."""


def make_dialect(key: str, settings: Mapping[str, Any]) -> Dialect:
    """The dialect with a cluster's settings, such as ``{"gpuMemoryFactor": 10}``.

    Raises:
        Malformed: no such dialect, or settings that it does not have.
    """
    return _made(known, "dialects", key, settings)


def make_writer(key: str, settings: Mapping[str, Any]) -> Writer:
    """What writes for a system, with a cluster's settings.

    Raises:
        Malformed: no such system, or settings that it does not have.
    """
    return _made(writers, "backend", key, settings)


def _made(
    kinds: Mapping[str, type[_Made]], where: str, key: str, settings: Mapping[str, Any]
) -> _Made:
    if key not in kinds:
        raise Malformed(f"{where}: there is no {key}, but {', '.join(kinds)}")
    try:
        return msgspec.convert(settings, kinds[key], strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(f"{where}.{key}: {error}") from error


__all__ = ["collisions", "known", "make_dialect", "make_writer", "mentions", "read_pod", "writers"]
