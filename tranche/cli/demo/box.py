"""What the container made by hand is told to be; see `tranche.cli.demo.container`."""

from typing import Any, Final

import msgspec

NAMESPACE_REFUSED: Final = 125
"""Exit status when this machine forbids the namespaces that a container is made of."""


class Box(msgspec.Struct, frozen=True):
    """What to run and what it finds around it.

    Attributes:
        root: an empty directory that becomes the mount point of the container's root.
        argv: the program by its path on this machine, and its arguments.
        libraries: further shared objects whose dependencies the container must have.
        env: the environment of the image and of the pod; that of the CDI spec is added.
        spec: the CDI spec with one device.
    """

    root: str
    argv: list[str]
    libraries: list[str]
    env: dict[str, str]
    spec: dict[str, Any]
