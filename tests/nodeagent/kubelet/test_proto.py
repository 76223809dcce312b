"""The committed messages are what protoc makes of the .proto files, whatever its version."""

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from nodeagent.kubelet import services
from nodeagent.kubelet.proto import deviceplugin_pb2, podresources_pb2
from nodeagent.kubelet.proto.generate import run_protoc

MODULES = {"deviceplugin": deviceplugin_pb2, "podresources": podresources_pb2}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileDescriptorProto]:
    path = tmp_path_factory.mktemp("proto") / "set"
    run_protoc(f"--descriptor_set_out={path}")
    files = FileDescriptorSet.FromString(path.read_bytes()).file
    return {Path(file.name).stem: file for file in files}


@pytest.mark.parametrize("name", MODULES)
def test_the_messages_are_those_of_the_proto_file(
    compiled: dict[str, FileDescriptorProto], name: str
):
    committed, fresh = FileDescriptorProto(), compiled[name]
    MODULES[name].DESCRIPTOR.CopyToProto(committed)
    for file in (committed, fresh):
        for message in _messages(file):
            for field in message.field:
                field.ClearField("json_name")
    assert committed == fresh


def _messages(file: FileDescriptorProto):
    for message in file.message_type:
        yield message
        yield from message.nested_type


def test_the_services_are_named_as_the_kubelet_names_them():
    devices = deviceplugin_pb2.DESCRIPTOR.services_by_name
    assert devices["Registration"].full_name == services.REGISTRATION
    assert devices["DevicePlugin"].full_name == services.DEVICE_PLUGIN
    assert {method.name for method in devices["DevicePlugin"].methods} == {
        "GetDevicePluginOptions",
        "ListAndWatch",
        "GetPreferredAllocation",
        "Allocate",
        "PreStartContainer",
    }
    lister = podresources_pb2.DESCRIPTOR.services_by_name["PodResourcesLister"]
    assert lister.full_name == services.POD_RESOURCES


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        ("RegisterRequest", {"version": 1, "endpoint": 2, "resource_name": 3, "options": 4}),
        ("Device", {"ID": 1, "health": 2, "topology": 3}),
        (
            "ContainerAllocateResponse",
            {"envs": 1, "mounts": 2, "devices": 3, "annotations": 4, "cdi_devices": 5},
        ),
        ("PreStartContainerRequest", {"devices_ids": 1}),
    ],
)
def test_field_numbers_are_those_of_kubernetes(message: str, numbers: dict[str, int]):
    fields = deviceplugin_pb2.DESCRIPTOR.message_types_by_name[message].fields
    assert {field.name: field.number for field in fields} == numbers
