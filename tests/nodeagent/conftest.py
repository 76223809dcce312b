"""A node for each test."""

import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from nodeagent.kubelet.standin import StandInKubelet
from nodeagent.settings import read_settings
from tests.nodeagent.machine import NODE, RESOURCE, A, B, FakeVendor, Machine, found, vendor_spec


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a path short enough for unix sockets."""
    folder = Path(tempfile.mkdtemp(prefix="tranche-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def machine(short: Path) -> AsyncIterator[Machine]:
    """A node with two A100s, its agent not started yet."""
    (short / "libtranche.so").write_bytes(b"\x7fELF not really")
    (short / "vendor").mkdir()
    (short / "vendor" / "nvidia.json").write_text(json.dumps(vendor_spec()))
    settings = read_settings(
        [
            f"--node-name={NODE}",
            f"--state-dir={short}/state",
            f"--cdi-dir={short}/cdi",
            f"--vendor-cdi-dirs={short}/vendor,{short}/cdi",
            f"--device-plugins-dir={short}/plugins",
            f"--pod-resources-socket={short}/pr/kubelet.sock",
            f"--library={short}/libtranche.so",
            f"--cgroup-root={short}/cgroup",
            f"--proc-root={short}/proc",
            f"--pods={short}/pods.json",
            f"--cards-out={short}/cards.json",
            "--slices-per-card=10",
            "--look-every=0.05",
            "--metrics-port=0",
            "--standalone",
        ],
        {},
    )
    plugins, pod_resources = settings.device_plugins_dir, settings.pod_resources_socket
    async with AsyncExitStack() as stack:
        kubelet = await stack.enter_async_context(StandInKubelet(plugins, pod_resources, RESOURCE))
        one = Machine(short, settings, kubelet, FakeVendor(found(A, 0), found(B, 1)))
        one.tell()
        yield one
        await one.down(kill=True)


@pytest.fixture
async def node(machine: Machine) -> Machine:
    """The same with its agent running."""
    await machine.up()
    return machine
