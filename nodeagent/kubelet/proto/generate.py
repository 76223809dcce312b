"""Writes the generated modules anew; needs grpcio-tools."""

import sys
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parents[3]
PACKAGE = "nodeagent/kubelet/proto"
PROTOS = ("deviceplugin.proto", "podresources.proto")


def run_protoc(*outputs: str) -> None:
    """Compiles both files with the ``--…_out`` options given.

    Raises:
        RuntimeError: protoc refused a file; its own words are on stderr.
    """
    files = (f"{PACKAGE}/{name}" for name in PROTOS)
    if protoc.main(["protoc", f"-I{ROOT}", *outputs, *files]) != 0:
        raise RuntimeError("protoc failed")


if __name__ == "__main__":
    run_protoc(f"--python_out={ROOT}", f"--pyi_out={ROOT}")
    sys.stdout.write(f"wrote {PACKAGE}/*_pb2.py and .pyi\n")
