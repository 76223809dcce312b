"""provisional"""

import struct
from dataclasses import dataclass

REGION_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Limit:
    uuid: str
    memory_bytes: int
    cores: int


def pack_limits(limits: tuple[Limit, ...]) -> bytes:
    return b"".join(struct.pack("<64sQQ", l.uuid.encode(), l.memory_bytes, l.cores) for l in limits)


def fresh_region() -> bytes:
    return bytes(REGION_SIZE)


def used_bytes(region: bytes) -> tuple[int, ...]:
    return ()


def memory_offset(index: int) -> int:
    return 80 * index + 64
