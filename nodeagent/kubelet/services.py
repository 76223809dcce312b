"""The gRPC services of `nodeagent.kubelet.proto`, typed, for both sides."""

from collections.abc import AsyncIterator
from typing import Any, Final, Protocol

import grpc
import grpc.aio

from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from nodeagent.kubelet.proto import podresources_pb2 as pr

REGISTRATION: Final = "v1beta1.Registration"
DEVICE_PLUGIN: Final = "v1beta1.DevicePlugin"
POD_RESOURCES: Final = "v1.PodResourcesLister"

Context = grpc.aio.ServicerContext[Any, Any]


class DevicePluginService(Protocol):
    """What a device plugin answers."""

    async def GetDevicePluginOptions(  # noqa: N802, D102
        self, request: dp.Empty, context: Context
    ) -> dp.DevicePluginOptions: ...
    def ListAndWatch(  # noqa: N802, D102
        self, request: dp.Empty, context: Context
    ) -> AsyncIterator[dp.ListAndWatchResponse]: ...
    async def GetPreferredAllocation(  # noqa: N802, D102
        self, request: dp.PreferredAllocationRequest, context: Context
    ) -> dp.PreferredAllocationResponse: ...
    async def Allocate(  # noqa: N802, D102
        self, request: dp.AllocateRequest, context: Context
    ) -> dp.AllocateResponse: ...
    async def PreStartContainer(  # noqa: N802, D102
        self, request: dp.PreStartContainerRequest, context: Context
    ) -> dp.PreStartContainerResponse: ...


class RegistrationService(Protocol):
    """What the kubelet answers to plugins."""

    async def Register(  # noqa: N802, D102
        self, request: dp.RegisterRequest, context: Context
    ) -> dp.Empty: ...


class PodResourcesService(Protocol):
    """What the kubelet answers about its pods."""

    async def List(  # noqa: N802, D102
        self, request: pr.ListPodResourcesRequest, context: Context
    ) -> pr.ListPodResourcesResponse: ...


def _unary(method: Any, request: type[Any]) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        method,
        request_deserializer=request.FromString,
        response_serializer=lambda answer: answer.SerializeToString(),
    )


def _serve(server: grpc.aio.Server, service: str, methods: dict[str, Any]) -> None:
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))


def serve_device_plugin(server: grpc.aio.Server, service: DevicePluginService) -> None:
    """Adds a plugin to a server."""
    watch = grpc.unary_stream_rpc_method_handler(
        service.ListAndWatch,
        request_deserializer=dp.Empty.FromString,
        response_serializer=lambda answer: answer.SerializeToString(),
    )
    methods = {
        "GetDevicePluginOptions": _unary(service.GetDevicePluginOptions, dp.Empty),
        "ListAndWatch": watch,
        "GetPreferredAllocation": _unary(
            service.GetPreferredAllocation, dp.PreferredAllocationRequest
        ),
        "Allocate": _unary(service.Allocate, dp.AllocateRequest),
        "PreStartContainer": _unary(service.PreStartContainer, dp.PreStartContainerRequest),
    }
    _serve(server, DEVICE_PLUGIN, methods)


def serve_registration(server: grpc.aio.Server, service: RegistrationService) -> None:
    """Adds a kubelet's registration to a server."""
    _serve(server, REGISTRATION, {"Register": _unary(service.Register, dp.RegisterRequest)})


def serve_pod_resources(server: grpc.aio.Server, service: PodResourcesService) -> None:
    """Adds a kubelet's list of resources to a server."""
    _serve(server, POD_RESOURCES, {"List": _unary(service.List, pr.ListPodResourcesRequest)})


def _call(channel: grpc.aio.Channel, method: str, answer: type[Any]) -> Any:
    return channel.unary_unary(
        f"/{method}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=answer.FromString,
    )


async def register(
    channel: grpc.aio.Channel, request: dp.RegisterRequest, *, seconds: float
) -> None:
    """Tells a kubelet of a plugin.

    Raises:
        grpc.aio.AioRpcError: the kubelet is not there or refuses.
    """
    await _call(channel, f"{REGISTRATION}/Register", dp.Empty)(request, timeout=seconds)


async def list_pods(channel: grpc.aio.Channel, *, seconds: float) -> pr.ListPodResourcesResponse:
    """What each active pod of the node holds.

    Raises:
        grpc.aio.AioRpcError: the kubelet is not there or refuses.
    """
    call = _call(channel, f"{POD_RESOURCES}/List", pr.ListPodResourcesResponse)
    answer: pr.ListPodResourcesResponse = await call(pr.ListPodResourcesRequest(), timeout=seconds)
    return answer


class DevicePluginClient:
    """A plugin as the kubelet calls it; every call raises `grpc.aio.AioRpcError`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def options(self) -> dp.DevicePluginOptions:
        """Which calls the plugin wants."""
        call = _call(
            self._channel, f"{DEVICE_PLUGIN}/GetDevicePluginOptions", dp.DevicePluginOptions
        )
        answer: dp.DevicePluginOptions = await call(dp.Empty())
        return answer

    def watch(self) -> Any:
        """The stream of device lists: an asynchronous iterator that can be cancelled."""
        call = self._channel.unary_stream(
            f"/{DEVICE_PLUGIN}/ListAndWatch",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=dp.ListAndWatchResponse.FromString,
        )
        return call(dp.Empty())

    async def allocate(self, ids: tuple[str, ...]) -> dp.ContainerAllocateResponse:
        """What a container that gets these devices is to be given."""
        request = dp.AllocateRequest(
            container_requests=[dp.ContainerAllocateRequest(devices_ids=ids)]
        )
        call = _call(self._channel, f"{DEVICE_PLUGIN}/Allocate", dp.AllocateResponse)
        answer: dp.AllocateResponse = await call(request)
        return answer.container_responses[0]

    async def pre_start(self, ids: tuple[str, ...], *, seconds: float) -> None:
        """Asks whether the container that holds these devices may start."""
        request = dp.PreStartContainerRequest(devices_ids=ids)
        call = _call(
            self._channel, f"{DEVICE_PLUGIN}/PreStartContainer", dp.PreStartContainerResponse
        )
        await call(request, timeout=seconds)
