"""How much an array takes at most: a table."""

import re
import subprocess
from collections.abc import Callable

import pytest

from tests.interposer.builds import REPOSITORY, build_client
from tests.interposer.test_fakes import cuda_header

LAYERED, CUBEMAP = 1, 4
U8, U32, HALF, FLOAT, BC1, BC7, NV12, PLANAR = 0x01, 0x03, 0x10, 0x20, 0x91, 0x9D, 0xB0, 0xB2
SOURCE = REPOSITORY / "interposer/src"
UNKNOWN = (1 << 64) - 1
Sizes = Callable[[str], int]


@pytest.fixture(scope="module")
def size() -> Sizes:
    program = build_client("array_size", f"-I{SOURCE}", str(SOURCE / "core/array_size.c"))

    def ask(line: str) -> int:
        done = subprocess.run([program], input=line, capture_output=True, text=True, check=True)
        return int(done.stdout)

    return ask


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        # width height depth format channels flags levels
        ((16, 8, 0, FLOAT, 1, 0, 1), 512),  # one GOB: 64 bytes by 8 rows
        ((1, 0, 0, U8, 1, 0, 1), 512),  # a dimension of 0 is not there
        ((17, 0, 0, FLOAT, 1, 0, 1), 1024),  # a row of 68 bytes is 128
        ((16, 9, 0, FLOAT, 1, 0, 1), 1024),  # 9 rows are 16
        ((16, 65, 0, FLOAT, 1, 0, 1), 64 * 128),  # 65 rows are 128
        ((16, 257, 0, FLOAT, 1, 0, 1), 64 * 512),  # beyond 256 in steps of 256
        ((1024, 1024, 0, U8, 4, 0, 1), 4 << 20),
        ((1024, 1024, 0, HALF, 4, 0, 1), 8 << 20),
        ((1024, 1024, 0, U32, 4, 0, 1), 16 << 20),
        ((64, 64, 3, U8, 1, 0, 1), 64 * 64 * 4),  # a volume's slices are a power of two
        ((64, 64, 3, U8, 1, LAYERED, 1), 64 * 64 * 3),  # layers are not
        ((64, 0, 5, U8, 1, LAYERED, 1), 64 * 8 * 5),  # layers of one dimension
        ((64, 64, 6, U8, 4, CUBEMAP, 1), 256 * 64 * 6),
        ((64, 64, 12, U8, 4, CUBEMAP | LAYERED, 1), 256 * 64 * 12),
        ((1024, 1024, 0, BC1, 4, 0, 1), 1 << 19),  # 8 bytes for 4 by 4
        ((1024, 1024, 0, BC7, 4, 0, 1), 1 << 20),
        ((1, 1, 0, BC7, 4, 0, 1), 512),
        ((1024, 1024, 0, NV12, 3, 0, 1), 3 << 19),  # and half as much again
        ((1023, 1023, 0, NV12, 3, 0, 1), 3 << 19),
        ((1024, 1024, 0, PLANAR, 3, 0, 1), 3 << 20),
        ((1024, 1024, 0, 0x7777, 1, 0, 1), 16 << 20),  # not known: as the widest
        ((64, 64, 0, U8, 1, 0, 2), 64 * 64 + 64 * 32),
        ((64, 64, 0, U8, 1, 0, 7), 64 * (64 + 32 + 16 + 8 * 4)),
        ((64, 64, 0, U8, 1, 0, 1000), 64 * (64 + 32 + 16 + 8 * 4)),  # no more than there are
        ((64, 64, 0, U8, 1, 0, 0), 64 * 64),
        ((64, 64, 4, U8, 1, LAYERED, 2), 4 * (64 * 64 + 64 * 32)),  # layers stay as many
        ((64, 64, 4, U8, 1, 0, 2), 64 * 64 * 4 + 64 * 32 * 2),  # slices do not
        ((1 << 63, 1 << 63, 0, FLOAT, 4, 0, 1), UNKNOWN),
        ((UNKNOWN, 0, 0, U8, 1, 0, 1), UNKNOWN),
        ((1 << 40, 1 << 40, 1 << 40, U8, 1, 0, 1), UNKNOWN),
        ((1 << 20, 1 << 20, 1 << 20, U8, (1 << 32) - 1, 0, 1), UNKNOWN),
    ],
)
def test_the_size_of(size: Sizes, shape: tuple[int, ...], expected: int) -> None:
    assert size(" ".join(map(str, shape))) == expected


def test_every_format_of_the_header_is_known(size: Sizes) -> None:
    text = cuda_header().read_text("latin-1")
    formats = {int(n, 16) for n in re.findall(r"CU_AD_FORMAT_\w+\s*=\s*(0x[0-9a-f]{2})\b", text)}
    assert len(formats) > 60
    assert [hex(n) for n in sorted(formats) if not size(f"known {n}")] == []
    assert not size(f"known {0xA0}")
