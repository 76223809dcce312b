"""Asks the kubelet what its active pods hold."""

from pathlib import Path
from typing import Final

import grpc.aio

from nodeagent.kubelet import services
from nodeagent.kubelet.proto import podresources_pb2 as pr

_TIMEOUT: Final = 5.0
_LARGEST: Final = 16 * 1024 * 1024
"""Bytes of an answer, as the kubelet's own client allows."""


async def active_pods(socket: Path) -> pr.ListPodResourcesResponse:
    """What each active pod of the node holds. Never to be called from inside Allocate.

    Raises:
        OSError: the kubelet does not answer.
    """
    options = [("grpc.max_receive_message_length", _LARGEST)]
    try:
        async with grpc.aio.insecure_channel(f"unix:{socket}", options=options) as channel:
            return await services.list_pods(channel, seconds=_TIMEOUT)
    except grpc.aio.AioRpcError as error:
        raise OSError(f"the kubelet's PodResources: {error.details()}") from error
