"""What a pod's programs take beyond their count comes off its slice."""

import contextlib
import json
from typing import Final

from nodeagent.enforcement import layout
from tests.e2e.cluster.commands import eventually
from tests.e2e.pods import FILL, pod
from tests.e2e.stack import Stack

LOADS_100_MODULES: Final = """
import ctypes, time
cuda, context, module = ctypes.CDLL("libcuda.so.1"), ctypes.c_void_p(), ctypes.c_void_p()
steps = [cuda.cuInit(0), cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0)]
steps.append(cuda.cuCtxSetCurrent(context))
steps += [cuda.cuModuleLoadData(ctypes.byref(module), b"") for _ in range(100)]
assert not any(steps), steps
time.sleep(3600)
"""


def unaccounted(stack: Stack) -> dict[str, int]:
    """MiB that the slice of each pod is charged beyond its count."""
    told = {}
    for folder in (stack.state_dir / "slices").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the pod of a test before is going
            limits = layout.Limits.from_buffer_copy((folder / "limits").read_bytes())
            pod_name = json.loads((folder / "slice.json").read_text())["pod"]
            told[pod_name] = limits.cards[0].unaccounted_bytes >> 20
    return told


def room(stack: Stack, name: str) -> int:
    """MiB that one more program of the pod gets before it is refused."""
    said = stack.cluster.kubectl("exec", name, "--", FILL)
    return int(said.rsplit("refused at MiB ", 1)[1].split()[0]) - 1


def test_the_agent_finds_a_pods_modules_and_its_programs_get_that_much_less(stack: Stack):
    modules = pod("modules", annotations={"tranche.dev/gpu": "3000Mi"})
    modules["spec"]["containers"][0]["command"] = ["python3", "-c", LOADS_100_MODULES]
    words = {"tranche.dev/gpu": "3000Mi"}
    none = pod("none", "--mib", "500", "--hold", "forever", annotations=words)
    stack.pods.create(modules, none)
    stack.pods.running("modules")
    stack.pods.running("none")
    eventually(lambda: unaccounted(stack) == {"modules": 100, "none": 0})
    assert stack.used_mib() == 600
    assert (room(stack, "modules"), room(stack, "none")) == (2900, 2500)
