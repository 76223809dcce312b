"""The distribution's packages that the cluster stands on: which are missing, and their install."""

import os
import shutil
import subprocess

from tests.e2e.cluster.console import HarnessError, say

NEEDED = {
    "buildah": "builds the project's image from its Dockerfile",
    "containernetworking-plugins": "connect pods to the node",
    "debian-archive-keyring": "lets debootstrap verify what it downloads",
    "debootstrap": "makes the root folder that images start from",
    "iproute2": "makes the network namespace",
    "nftables": "kube-proxy writes its rules with it",
    "runc": "starts containers",
    "util-linux": "has nsenter, which puts every process into the namespace",
}


def missing() -> list[str]:
    """The needed packages that are not installed, in alphabetical order.

    Raises HarnessError on a machine that is not Debian or a child of it.
    """
    if shutil.which("dpkg-query") is None:
        wanted = ", ".join(f"{name} ({why})" for name, why in NEEDED.items())
        raise HarnessError(f"Only Debian and Ubuntu are known here. Needed: {wanted}.")
    listed = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Abbrev}\n", *NEEDED],
        capture_output=True,
        text=True,
        check=False,  # fails when any of them is unknown, which is no news
    )
    installed = {line.split()[0] for line in listed.stdout.splitlines() if line.endswith("ii ")}
    return sorted(NEEDED.keys() - installed)


def install() -> None:
    """Installs what is missing with apt-get; does nothing when nothing is.

    Raises HarnessError without root, CalledProcessError where apt-get fails.
    """
    if os.geteuid() != 0:
        raise HarnessError(
            "A cluster needs root: it makes namespaces, mounts and cgroups. Run it with sudo."
        )
    names = missing()
    if not names:
        return
    say(f"installing {' '.join(names)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=True)
    subprocess.run(
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *names],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
