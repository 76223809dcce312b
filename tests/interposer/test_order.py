"""At every call of the driver, the books hold at least what the card has given."""

import subprocess
import sys

from tests.interposer.builds import REGION, REPOSITORY, TESTS, build_client
from tests.interposer.rig import Rig


def test_counted_before_the_driver_takes_and_until_it_has_freed(rig: Rig) -> None:
    generator = REPOSITORY / "interposer/fakes/generate.py"
    words = [sys.executable, generator, "--include"]
    include = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    (TESTS / "clients/watching").mkdir(parents=True, exist_ok=True)
    driver = build_client(
        "watching/libcuda.so.1",
        *include,
        f"-I{REPOSITORY / 'interposer/include'}",
        f'-DREGION="{REGION}"',
        *("-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"),
        source="watching.c",
    )
    client = build_client("watched", *include)
    env = rig.environment() | {"LD_LIBRARY_PATH": str(driver.parent)}
    done = subprocess.run([client], env=env, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.split() == ["0", "28", "28"]
    content = REGION.read_bytes()
    assert content[69632 : 69632 + 64] == bytes(64)
