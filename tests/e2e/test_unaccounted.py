"""What a pod's programs take beyond their count comes off its slice."""

from typing import Final

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


def test_the_agent_finds_modules_and_another_program_of_the_container_gets_that_much_less(
    stack: Stack,
):
    manifest = pod("modules", annotations={"tranche.dev/gpu": "3000Mi"})
    manifest["spec"]["containers"][0]["command"] = ["python3", "-c", LOADS_100_MODULES]
    beside = pod("beside", "--mib", "500", "--hold", "forever")
    beside["metadata"]["annotations"]["tranche.dev/gpu"] = "3000Mi"
    stack.pods.create(manifest, beside)
    stack.pods.running("modules")
    stack.pods.running("beside")

    def room(name: str) -> int:
        """MiB that a second program of the pod gets before it is refused."""
        said = stack.cluster.kubectl("exec", name, "--", FILL)
        return int(said.rsplit("refused at MiB ", 1)[1].split()[0]) - 1

    eventually(lambda: room("modules") == 2900)
    assert room("beside") == 2500
    assert stack.used_mib() == 600
