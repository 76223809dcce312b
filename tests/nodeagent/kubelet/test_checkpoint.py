"""The kubelet's checkpoint: any bytes are read or called malformed."""

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.kubelet.checkpoint import Held, parse_checkpoint
from nodeagent.kubelet.proto import deviceplugin_pb2 as dp
from tranche.words.errors import Malformed

ANSWER = dp.ContainerAllocateResponse(cdi_devices=[dp.CDIDevice(name="tranche.dev/slice=ab")])


def checkpoint(**changes: object) -> bytes:
    entry = {
        "PodUID": "uid",
        "ContainerName": "main",
        "ResourceName": "nvidia.com/gpu",
        "DeviceIDs": {"-1": ["t-2", "t-1"]},
        "AllocResp": base64.b64encode(ANSWER.SerializeToString()).decode(),
    } | changes
    data = {"PodDeviceEntries": [entry], "RegisteredDevices": {"nvidia.com/gpu": ["t-1"]}}
    return json.dumps({"Data": data, "Checksum": 1234}).encode()


def test_an_entry_says_who_holds_what_and_what_allocate_answered():
    (held,) = parse_checkpoint(checkpoint())
    ids = frozenset({"t-1", "t-2"})
    assert held == Held("uid", "main", "nvidia.com/gpu", ids, ("tranche.dev/slice=ab",))


def test_devices_of_several_numa_nodes_are_one_set():
    (held,) = parse_checkpoint(checkpoint(DeviceIDs={"0": ["a", "b"], "1": ["b"], "2": None}))
    assert held.ids == {"a", "b"}


def test_a_kubelet_that_has_given_nothing_away_yet_writes_null():
    assert parse_checkpoint(b'{"Data":{"PodDeviceEntries":null},"Checksum":1}') == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b'{"Data": 1}',
        checkpoint(PodUID=None),
        checkpoint(DeviceIDs=["a"]),
        checkpoint(AllocResp="no base64"),
        checkpoint(AllocResp=base64.b64encode(b"\xff\xff\xff").decode()),
    ],
)
def test_what_is_no_checkpoint_is_malformed(text: bytes):
    with pytest.raises(Malformed):
        parse_checkpoint(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
fields = st.sampled_from(["PodUID", "ContainerName", "ResourceName", "DeviceIDs", "AllocResp"])


@given(
    st.binary()
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(fields, json_values).map(lambda changes: checkpoint(**changes))
)
def test_any_bytes_are_read_or_malformed(text: bytes):
    try:
        held = parse_checkpoint(text)
    except Malformed:
        return
    assert all(isinstance(one, Held) for one in held)


@given(st.binary())
def test_any_answer_of_allocate_is_read_or_malformed(answer: bytes):
    with contextlib.suppress(Malformed):
        parse_checkpoint(checkpoint(AllocResp=base64.b64encode(answer).decode()))
