"""The command line of the webhook process; every flag can also be set by environment."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ABOUT = """\
Tranche's control plane: answers the API server's admission reviews over TLS, and kube-scheduler's
questions (filter, prioritize, bind) on loopback. Each flag can be given as an environment variable
instead: --status-port as TRANCHE_STATUS_PORT. `tranche-webhook uninstall --help` tells of the
clean-up that the chart runs before it is removed."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was said on the command line. Ports may be 0: any free one, told in the log."""

    settings: Path | None
    namespace: str
    services: tuple[str, ...]
    tls: str
    tls_dir: Path
    secret: str
    webhook_configuration: str
    host: str | None
    admission_port: int
    extender_port: int
    status_port: int
    kubeconfig: Path | None
    drain: float
    log_level: str
    standalone: bool
    objects: Path | None
    bindings_out: Path | None
    ca_out: Path | None


def parse_options(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """The options; exits with a message when they make no sense."""
    parser = _parser(environment)
    found = parser.parse_args(arguments)
    if not found.standalone and (found.objects or found.bindings_out or found.ca_out):
        parser.error("--objects, --bindings-out and --ca-out need --standalone")
    if found.standalone and found.host is None:
        found.host = "127.0.0.1"
    return Options(**vars(found))


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tranche-webhook", description=_ABOUT, formatter_class=_Formatter
    )

    def flag(group: argparse._ArgumentGroup, name: str, default: object, **how: object) -> None:
        said = environment.get("TRANCHE_" + name[2:].upper().replace("-", "_"))
        names = [name]
        if name == "--webhook-configuration":
            names.append("--configuration")
        group.add_argument(*names, default=default if said is None else said, **how)  # type: ignore[arg-type]

    general = parser.add_argument_group("general")
    flag(
        general,
        "--settings",
        None,
        type=Path,
        metavar="FILE",
        help="settings as YAML; without it, the defaults hold",
    )
    flag(
        general,
        "--log-level",
        "info",
        choices=["debug", "info", "warning", "error"],
        help="logs are JSON lines on stderr; debug also tells of pods left untouched",
    )
    flag(
        general,
        "--drain",
        5.0,
        type=_seconds,
        metavar="SECONDS",
        help="to go on serving after SIGTERM, while the Service learns that this pod leaves",
    )

    ports = parser.add_argument_group("ports")
    flag(ports, "--host", None, help="address of admission and status; all by default")
    flag(ports, "--admission-port", 8443, type=_port, help="POST /admit, over TLS")
    flag(
        ports,
        "--extender-port",
        8888,
        type=_port,
        help="kube-scheduler's extender, plain HTTP, on 127.0.0.1 alone",
    )
    flag(ports, "--status-port", 8080, type=_port, help="/healthz, /readyz and /metrics")

    tls = parser.add_argument_group("certificate")
    flag(
        tls,
        "--tls",
        "own",
        choices=["own", "files"],
        help="own: a CA of our own, kept in a Secret and put into the webhook configuration; "
        "files: tls.crt and tls.key of --tls-dir, as cert-manager mounts them",
    )
    flag(
        tls,
        "--tls-dir",
        Path("/etc/tranche/tls"),
        type=Path,
        metavar="DIR",
        help="read again when it changes",
    )
    flag(tls, "--secret", "tranche-webhook-tls", metavar="NAME", help="for --tls own")
    flag(
        tls,
        "--webhook-configuration",
        "tranche",
        metavar="NAME",
        help="for --tls own: the MutatingWebhookConfiguration whose caBundle is kept",
    )
    flag(
        tls,
        "--services",
        "tranche-webhook",
        type=_names,
        metavar="NAME,...",
        help="the Services whose names the certificate bears",
    )

    cluster = parser.add_argument_group("cluster")
    flag(
        cluster,
        "--namespace",
        environment.get("POD_NAMESPACE") or "tranche-system",
        metavar="NAME",
        help="our own; POD_NAMESPACE by default",
    )
    flag(
        cluster,
        "--kubeconfig",
        None,
        type=Path,
        metavar="FILE",
        help="outside a cluster; inside, the service account is used",
    )

    alone = parser.add_argument_group(
        "without a cluster", "For demonstrations and tests: the same servers, no API server."
    )
    alone.add_argument("--standalone", action="store_true", help="speak to no API server")
    flag(
        alone,
        "--objects",
        None,
        type=Path,
        metavar="FILE",
        help='what there is, as JSON: {"nodes": [], "pods": [], "namespaces": []}',
    )
    flag(
        alone,
        "--bindings-out",
        None,
        type=Path,
        metavar="FILE",
        help="each Binding is appended to it as a line of JSON",
    )
    flag(
        alone,
        "--ca-out",
        None,
        type=Path,
        metavar="FILE",
        help="the CA (PEM) that signed the certificate served is written to it",
    )
    return parser


class _Formatter(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """Keeps the description's lines and tells defaults, but not of flags that have none."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in {None, False}:
            return action.help
        return super()._get_help_string(action)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:  # noqa: PLR2004
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 300:  # noqa: PLR2004
        raise argparse.ArgumentTypeError("0 to 300 seconds")
    return seconds
