"""Reads the kubelet's own record of which container holds which devices.

PodResources leaves ordinary init containers out and knows no uids, so this file is what tells an
init container from the app container that will use the same devices after it.

Source of the form: Kubernetes 1.37, pkg/kubelet/cm/devicemanager/checkpoint and pod_devices.go. The
kubelet replaces the file whole by a rename, after Allocate and before the pod's containers start.
The checksum is not checked: it is of Go's printed form of the data and differs between versions.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from google.protobuf.message import DecodeError

from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from tranche.words.errors import Malformed

FILE: Final = "kubelet_internal_checkpoint"
LARGEST: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """What one container holds of one resource.

    Attributes:
        uid: of the pod.
        container: its name.
        resource: such as ``nvidia.com/gpu``.
        ids: of the devices.
        cdi: the CDI names that Allocate answered.
    """

    uid: str
    container: str
    resource: str
    ids: frozenset[str]
    cdi: tuple[str, ...]


class _Entry(msgspec.Struct, rename="pascal"):
    pod_uid: str = msgspec.field(name="PodUID")
    container_name: str
    resource_name: str
    # NUMA node, or -1, to ids. Go writes no list as null.
    device_ids: dict[str, list[str] | None] | None = msgspec.field(name="DeviceIDs")
    alloc_resp: bytes | None = None


class _Data(msgspec.Struct, rename="pascal"):
    pod_device_entries: list[_Entry] | None = None


class _File(msgspec.Struct, rename="pascal"):
    data: _Data


_decoder = msgspec.json.Decoder(_File)


def parse_checkpoint(text: bytes) -> tuple[Held, ...]:
    """What every container holds, of every resource.

    Raises:
        Malformed: not a checkpoint of the device manager.
    """
    try:
        entries = _decoder.decode(text).data.pod_device_entries or ()
        return tuple(_held(entry) for entry in entries)
    except (msgspec.MsgspecError, DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"{FILE}: {error}") from error


def _held(entry: _Entry) -> Held:
    lists = (entry.device_ids or {}).values()
    answer = dp.ContainerAllocateResponse.FromString(entry.alloc_resp or b"")
    return Held(
        uid=entry.pod_uid,
        container=entry.container_name,
        resource=entry.resource_name,
        ids=frozenset(one for ids in lists for one in ids or ()),
        cdi=tuple(device.name for device in answer.cdi_devices),
    )


def read_checkpoint(device_plugins_dir: Path) -> tuple[Held, ...]:
    """What the kubelet has on disk now.

    Raises:
        Malformed: the file is missing, too large, or not a checkpoint.
    """
    try:
        with (device_plugins_dir / FILE).open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise Malformed(f"{FILE}: {error.strerror}") from error
    if len(text) > LARGEST:
        raise Malformed(f"{FILE}: larger than {LARGEST} bytes")
    return parse_checkpoint(text)
