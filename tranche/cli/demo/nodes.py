"""The demo's nodes: a driver with no card behind it, and the real node agent over it."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tranche.cli.demo.workshop import LIBRARY, REPOSITORY, DemoError, Workshop
from tranche.words.cards import CARDS_ANNOTATION, Card, load_cards

RESOURCE: Final = "nvidia.com/gpu"
TOKENS: Final = 200
"""100 for each of the two cards of a node."""


class Node:
    """One node, in a folder of its own.

    Args:
        shop: where it stands.
        name: as Kubernetes would call it.
        first: a number that tells its cards from those of other nodes.
    """

    def __init__(self, shop: Workshop, name: str, *, first: int) -> None:
        self.name = name
        self._shop = shop
        self._first = first
        self._folder = shop.folder / name
        self.driver_root = self._folder / "driver"
        self.cdi = self._folder / "cdi"
        self.plugins = self._folder / "dp"
        self.pod_resources = self._folder / "pr" / "kubelet.sock"
        self.cards_file = self._folder / "cards.json"
        self.pods_file = self._folder / "pods.json"

    def start_agent(self) -> None:
        """Writes the driver's root and starts the agent."""
        for folder in (self.cdi, self.plugins, self.pod_resources.parent, self._folder / "cgroup"):
            folder.mkdir(parents=True)
        self._install_driver()
        self.pods_file.write_text("[]", encoding="ascii")
        self._shop.start(
            f"agent-{self.name}",
            "tranche-nodeagent",
            "--standalone",
            f"--node-name={self.name}",
            f"--driver-root={self.driver_root}",
            f"--state-dir={self._folder / 'state'}",
            f"--cdi-dir={self.cdi}",
            f"--vendor-cdi-dirs={self.driver_root / 'etc/cdi'}",
            f"--device-plugins-dir={self.plugins}",
            f"--pod-resources-socket={self.pod_resources}",
            f"--library={LIBRARY}",
            f"--cgroup-root={self._folder / 'cgroup'}",
            f"--pods={self.pods_file}",
            f"--cards-out={self.cards_file}",
            "--metrics-port=0",
        )

    def _install_driver(self) -> None:
        cards = self._folder / "cards"
        cards.write_text(
            "".join(
                f"card uuid=GPU-{self._first + n:08x}-7261-6e63-6865-64656d6f{n:04x}"
                f' name="NVIDIA A100-SXM4-80GB" mib=81920 minor={n} numa=0'
                f" pci=0000:{0x3B + n:02x}:00.0 cc=8.0 sms=108\n"
                for n in range(2)
            ),
            encoding="ascii",
        )
        maker = REPOSITORY / "interposer" / "fakes" / "driver_root.py"
        made = subprocess.run(
            [
                *(sys.executable, str(maker), str(self.driver_root)),
                *("--cards", str(cards), "--placeholder-devices"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise DemoError(f"the driver's root could not be made\n{made.stderr}")

    def cards(self) -> tuple[Card, ...]:
        """What the agent found."""
        return load_cards(self.cards_file.read_text(encoding="utf-8"))

    def raw(self) -> dict[str, Any]:
        """The node as the API server would show it, with the agent's annotation."""
        annotations = {CARDS_ANNOTATION: self.cards_file.read_text(encoding="utf-8")}
        return {"metadata": {"name": self.name, "annotations": annotations}}

    @property
    def libraries(self) -> list[Path]:
        """The driver's libraries, which a container gets by mounts."""
        return sorted((self.driver_root / "usr/lib/x86_64-linux-gnu").glob("*.so.1"))
