"""One module per vendor: finds its cards and tells of their health and use.

The only place that speaks to drivers. A module belongs here when it answers `base.Vendor` for one
vendor; nothing else in the agent names a vendor's library. To add one: a module, and a line in
`known`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from nodeagent.vendors.base import Vendor
from nodeagent.vendors.nvidia import Nvidia

known: Final[Mapping[str, Callable[[Path], Vendor]]] = {"nvidia": Nvidia}
"""Each vendor by its key, made from the root folder that its driver is installed under."""
