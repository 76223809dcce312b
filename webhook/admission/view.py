"""The few fields of a pod that admission looks at. All else is skipped, and stays as it was.

A field that is missing, null or empty reads the same, as it does for the API server.
"""

from typing import Any, Final

import msgspec

from tranche.words.errors import Malformed
from tranche.words.pod import Member, members_of

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
Quantities = dict[str, str | int | float]


class Metadata(msgspec.Struct, rename="camel"):
    """Of the pod's metadata."""

    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class Resources(msgspec.Struct):
    """Of a container's resources."""

    limits: Quantities | None = None
    requests: Quantities | None = None


class Variable(msgspec.Struct, rename="camel"):
    """One environment variable."""

    name: str
    value: str | None = None
    value_from: Any = None


class SecurityContext(msgspec.Struct):
    """Of a container's security context."""

    privileged: bool | None = None


class NodeTerm(msgspec.Struct, rename="camel"):
    """One of the alternatives for the pod's node."""

    match_expressions: list[Any] | None = None


class NodeTerms(msgspec.Struct, rename="camel"):
    """Of a node affinity: what has to be."""

    node_selector_terms: list[NodeTerm] | None = None


class NodeAffinity(msgspec.Struct):
    """Of an affinity: that to nodes."""

    required: NodeTerms | None = msgspec.field(name=REQUIRED, default=None)


class Affinity(msgspec.Struct, rename="camel"):
    """Of the pod's spec."""

    node_affinity: NodeAffinity | None = None


class Named(msgspec.Struct):
    """Anything of which the name alone counts."""

    name: str = ""


class HostPath(msgspec.Struct):
    """A folder or file of the node."""

    path: str | None = None


class Volume(msgspec.Struct, rename="camel"):
    """One volume."""

    name: str = ""
    host_path: HostPath | None = None


class Container(msgspec.Struct, rename="camel"):
    """One container."""

    name: str
    resources: Resources | None = None
    env: list[Variable] | None = None
    env_from: list[Any] | None = None
    volume_mounts: list[Named] | None = None
    security_context: SecurityContext | None = None
    restart_policy: str | None = None


class Spec(msgspec.Struct, rename="camel"):
    """Of the pod's spec."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Named] | None = None
    scheduler_name: str | None = None
    runtime_class_name: str | None = None
    node_name: str | None = None
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None
    os: Named | None = None
    host_pid: bool | None = msgspec.field(default=None, name="hostPID")
    volumes: list[Volume] | None = None


class Pod(msgspec.Struct):
    """A pod."""

    spec: Spec
    metadata: Metadata | None = None

    @property
    def annotations(self) -> dict[str, str]:
        """The pod's annotations; empty when there are none."""
        return (self.metadata and self.metadata.annotations) or {}

    @property
    def labels(self) -> dict[str, str]:
        """The pod's labels; empty when there are none."""
        return (self.metadata and self.metadata.labels) or {}

    @property
    def name(self) -> str:
        """Its name, or what its name will begin with."""
        metadata = self.metadata or Metadata()
        return metadata.name or metadata.generate_name or ""

    def containers(self) -> list[tuple[str, Container]]:
        """JSON pointer and container, in the order they start."""
        placed = (
            ("initContainers", self.spec.init_containers),
            ("containers", self.spec.containers),
        )
        return [
            (f"/spec/{field}/{index}", container)
            for field, group in placed
            for index, container in enumerate(group or ())
        ]

    def members(self) -> tuple[Member, ...]:
        """As `tranche.words.pod.members_of` has them."""
        spec = self.spec
        return members_of(
            {
                "initContainers": [
                    {"name": c.name, "restartPolicy": c.restart_policy}
                    for c in spec.init_containers or ()
                ],
                "containers": [{"name": c.name} for c in spec.containers or ()],
            }
        )


_decoder = msgspec.json.Decoder(Pod)


def pod_of_bytes(raw: bytes | msgspec.Raw) -> Pod:
    """The view of a pod as the API server sends it.

    Raises:
        Malformed: no pod; the field is named.
    """
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"not a pod: {error}") from error


def pod_of_object(raw: Any) -> Pod:
    """The view of a pod that is in memory already.

    Raises:
        Malformed: as `pod_of_bytes`.
    """
    try:
        return msgspec.convert(raw, Pod)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(f"not a pod: {error}") from error
