"""Names that more than one program, or a person, must spell alike."""

from typing import Final

SCHEDULER_NAME: Final = "tranche-scheduler"
"""The kube-scheduler profile that places pods with slices."""

LIBRARY_PATH: Final = "/usr/local/lib/tranche/libtranche.so"
"""Where a container with a slice finds the interposer."""

LIMITS_PATH: Final = "/run/tranche/limits"
"""Where the interposer finds the slice's size: one file, mounted read-only."""

REGION_PATH: Final = "/run/tranche/region"
"""Where the processes of one container count together: one file, mounted for writing."""

CDI_KIND: Final = "tranche.dev/slice"
"""Vendor and class of the CDI names that the device plugin hands out."""

LIBRARY_VARIABLE: Final = "LD_PRELOAD"
"""By which a container's programs are told of it; see ``ld.so(8)``."""
