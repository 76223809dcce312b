"""What `helm template` makes of the chart."""

import subprocess
from collections.abc import Iterator
from typing import Any

import yaml

from tests.chart.programs import CHART, need

NAMESPACE = "tranche-system"
Json = dict[str, Any]


def helm_template(*flags: str) -> subprocess.CompletedProcess[str]:
    """`helm template` of release `tranche` for Kubernetes 1.37.2, whatever comes of it."""
    (helm,) = need("helm")
    return subprocess.run(
        [helm, "template", "tranche", str(CHART), "-n", NAMESPACE, "--kube-version=1.37.2", *flags],
        capture_output=True,
        text=True,
        check=False,
    )


class Manifests(list[Json]):
    """Rendered objects."""

    def of(self, kind: str) -> "Manifests":
        return Manifests(one for one in self if one["kind"] == kind)

    def one(self, kind: str, name: str) -> Json:
        (found,) = (one for one in self.of(kind) if one["metadata"]["name"] == name)
        return found

    def pods(self) -> Iterator[tuple[str, Json]]:
        """Name of the workload and spec of its pods."""
        for one in self:
            if one["kind"] in {"Deployment", "DaemonSet", "Job"}:
                yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def rendered(*flags: str) -> Manifests:
    """The objects; fails where helm does."""
    done = helm_template(*flags)
    assert done.returncode == 0, done.stderr
    return Manifests(one for one in yaml.safe_load_all(done.stdout) if one)


def refused(*flags: str) -> str:
    """What helm says when it refuses these values; fails where it does not."""
    done = helm_template(*flags)
    assert done.returncode != 0, f"helm took {flags}"
    return done.stderr
