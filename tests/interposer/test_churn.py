"""Whatever threads do at once, nothing passes the limit, and in the end nothing is charged."""

import subprocess

import pytest

from tests.interposer.builds import REGION, TESTS, build_client, build_cuda_client, build_library
from tests.interposer.rig import MIB, Rig, uuid_bytes

SEED = 6


@pytest.mark.parametrize("sanitizer", ["", "thread", "address,undefined"])
def test_threads_that_make_and_end_all_kinds_at_once(rig: Rig, sanitizer: str) -> None:
    variant = sanitizer.partition(",")[0]
    flags = [f"-fsanitize={sanitizer}"] if sanitizer else []
    client = build_cuda_client(f"churn-{variant or 'plain'}", *flags, source="churn.c")
    rig.library = build_library(variant, sanitizer) if sanitizer else rig.library
    rig.cards(describe="context=3", A=8000)
    rig.slice(A=30)
    rig.change(0, context_bytes=3 * MIB)
    env = rig.environment() | {
        "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
        "TSAN_OPTIONS": "exitcode=66",
    }
    with subprocess.Popen(
        [client, "6", "300" if sanitizer else "1000", str(SEED)],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        granted, refused, odd = map(int, program.stdout.readline().split())
        left = rig.counted(0)
        truly_left = rig.oracle()[rig.A]["used_bytes"]
        _, errors = program.communicate("\n")
    assert (program.returncode, errors) == (0, "")
    assert (granted > 0, refused > 0, odd) == (True, True, 0)
    assert (left, truly_left) == (0, 0)
    assert rig.oracle()[rig.A]["peak_bytes"] <= 30 * MIB


def test_what_another_thread_is_still_freeing_is_not_given_back_yet(rig: Rig) -> None:
    """A driver may forget an address before the memory behind it is free."""
    (TESTS / "clients/forgetting").mkdir(parents=True, exist_ok=True)
    card = ",".join(map(str, uuid_bytes(Rig.A)))
    driver = build_client(
        "forgetting/libcuda.so.1",
        f"-DCARD=((char[]){{{card}}})",
        *("-DDRIVER", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"),
        source="forgetful.c",
    )
    client = build_client("forgetful", f'-DREGION="{REGION}"')
    env = rig.environment() | {"LD_LIBRARY_PATH": str(driver.parent)}
    done = subprocess.run([client], env=env, check=True, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["4096", "4096", "0"], "")
