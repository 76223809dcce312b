"""Whatever call the driver refuses, the books are as before, and it can be asked again."""

import pytest

from tests.interposer.builds import build_cuda_client
from tests.interposer.rig import MIB, Program, Rig

ERROR = 719
SIZE = 100 * MIB
ARRAY = "4096 4096 0 32 4 0 1"
GRAPH = f"init,graph 1,alloc 1 1 {SIZE},free 1 1"
MAPPED = f"init,create 0 {SIZE},reserve 0 {SIZE},map 0 {SIZE} 0,release 0"
CASES = [
    ("contexts", "start,retain,current 0", f"alloc pitch {SIZE}", "cuMemAllocPitch_v2"),
    ("contexts", "start", "retain", "cuDevicePrimaryCtxRetain"),
    ("contexts", "start,retain", "releaseprimary", "cuDevicePrimaryCtxRelease_v2"),
    ("contexts", "start", "create 1", "cuCtxCreate_v2"),
    ("contexts", f"start,create 1,alloc array {SIZE}", "destroy 1", "cuCtxDestroy_v2"),
    ("contexts", "start,create 1", f"limit heap {SIZE}", "cuCtxSetLimit"),
    ("contexts", f"start,create 1,limit heap {SIZE}", "limit heap 0", "cuCtxSetLimit"),
    ("contexts", "start", "green 1", "cuGreenCtxCreate"),
    ("contexts", "start,green 1", "ungreen 1", "cuGreenCtxDestroy"),
    ("arrays", "init", f"create two {ARRAY}", "cuArrayCreate_v2"),
    ("arrays", "init", f"create three {ARRAY}", "cuArray3DCreate_v2"),
    ("arrays", "init", f"create mipmapped {ARRAY}", "cuMipmappedArrayCreate"),
    ("arrays", f"init,create two {ARRAY}", "destroy 0", "cuArrayDestroy"),
    ("arrays", f"init,create mipmapped {ARRAY}", "destroy 0", "cuMipmappedArrayDestroy"),
    ("physical", f"init,create 0 {SIZE}", "release 0", "cuMemRelease"),
    ("physical", f"init,create 0 {SIZE},reserve 0 {SIZE}", f"map 0 {SIZE} 0", "cuMemMap"),
    (
        "physical",
        MAPPED,
        f"unmap 0 {SIZE}",
        "cuMemUnmap",
    ),
    (
        "physical",
        MAPPED,
        "retain 1 0",
        "cuMemRetainAllocationHandle",
    ),
    ("physical", "init", f"object 0 {SIZE}", "cuMulticastCreate"),
    (
        "physical",
        f"init,object 0 {SIZE},create 1 {SIZE}",
        f"bind 0 1 0 {SIZE}",
        "cuMulticastBindMem",
    ),
    (
        "physical",
        f"init,object 0 {SIZE},create 1 {SIZE},bind 0 1 0 {SIZE},release 1",
        f"unbind 0 0 {SIZE}",
        "cuMulticastUnbind",
    ),
    ("physical", f"init,create 1 {SIZE}", f"bindto 7 1 0 {SIZE}", "cuLogicalEndpointBindMem"),
    (
        "physical",
        f"init,create 1 {SIZE},bindto 7 1 0 {SIZE},release 1",
        f"unbindfrom 7 0 {SIZE}",
        "cuLogicalEndpointUnbind",
    ),
    (
        "physical",
        f"init,create 1 {SIZE},bindto 7 1 0 {SIZE},release 1",
        "end 7",
        "cuLogicalEndpointDestroy",
    ),
    ("graphs", f"init,plain 1 {SIZE}", "free_async 1 0", "cuMemFreeAsync"),
    (
        "graphs",
        GRAPH,
        "instantiate 1 1",
        "cuGraphInstantiateWithFlags",
    ),
    (
        "graphs",
        f"{GRAPH},instantiate 1 1",
        "launch 1",
        "cuGraphLaunch",
    ),
    (
        "graphs",
        f"{GRAPH},instantiate 1 1",
        "upload 1",
        "cuGraphUpload",
    ),
    (
        "graphs",
        f"{GRAPH},instantiate 1 1,launch 1",
        "destroy 1",
        "cuGraphExecDestroy",
    ),
]


@pytest.mark.parametrize(("client", "before", "step", "function"), CASES)
def test_a_call_that_the_driver_refuses_changes_nothing(
    rig: Rig, client: str, before: str, step: str, function: str
) -> None:
    if client == "contexts":
        rig.cards(describe="context=300", A=8000, B=8000)
        rig.change(0, context_bytes=300 * MIB)
    rig.fault("version", 13000)  # so that the driver looks for more of them
    program = Program([build_cuda_client(client)], rig.environment())
    try:
        for word in before.split(","):
            assert program.ask(word) == "0", word
        counted, true = rig.counted(0), rig.oracle()[rig.A]["used_bytes"]
        rig.fault("error", function, ERROR, "times=1")
        assert program.ask(step) == str(ERROR)
        assert (rig.counted(0), rig.oracle()[rig.A]["used_bytes"]) == (counted, true)
        assert program.ask(step) == "0"
        counted, true = rig.counted(0), rig.oracle()[rig.A]["used_bytes"]
        assert counted == true or (client == "arrays" and counted >= true > 0)
    finally:
        program.kill()
