"""Writes the lists beside this file: ``python -m tests.interposer.golden.record``.

Each is what the real cudart of one CUDA release asks the driver for as a program starts, recorded
on the fake driver, which has the newest of every function: name, CUDA version, flags.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.interposer.builds import REPOSITORY, TESTS
from tests.interposer.headers import cudart

HERE = Path(__file__).parent
RELEASES = ("11.8", "12.9", "13.0")
START = "import ctypes, sys; n = ctypes.c_int(); ctypes.CDLL(sys.argv[1]).cudaGetDeviceCount(n)"


def requests(release: str, root: Path) -> list[str]:
    """The requests of one release, in order."""
    trace = TESTS / "clients/trace.so"
    trace.parent.mkdir(parents=True, exist_ok=True)
    flags = ["-O1", "-w", "-shared", "-fPIC", "-o", trace, HERE / "trace.c", "-ldl"]
    subprocess.run(["cc", *flags], check=True)
    with tempfile.TemporaryFile("w+") as out:
        os.dup2(out.fileno(), 3)
        subprocess.run(
            [sys.executable, "-c", START, cudart(release)],
            env={"LD_PRELOAD": str(trace), "LD_LIBRARY_PATH": str(root)},
            pass_fds=(3,),
            check=True,
        )
        out.seek(0)
        return out.read().splitlines()


def main() -> None:
    """Records all releases."""
    maker = REPOSITORY / "interposer/fakes/driver_root.py"
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, maker, folder, "--placeholder-devices"]
        subprocess.run(words, check=True)
        for release in RELEASES:
            lines = requests(release, Path(folder) / "usr/lib/x86_64-linux-gnu")
            (HERE / f"cudart-{release}.txt").write_text("".join(f"{line}\n" for line in lines))
            print(f"cudart {release}: {len(lines)} requests")


if __name__ == "__main__":
    main()
