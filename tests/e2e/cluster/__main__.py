"""The cluster by hand: `python -m tests.e2e.cluster up`, from the root of the repository."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.cluster import images
from tests.e2e.cluster.cluster import DEFAULT_STATE, Cluster
from tests.e2e.cluster.console import HarnessError, say


def main() -> int:
    """Runs one command; the exit status is that of kubectl or helm where one was run."""
    arguments = _parser().parse_args()
    try:
        return _run(arguments)
    except HarnessError as error:
        say(str(error))
        return 1
    except subprocess.CalledProcessError as error:
        say(f"exit {error.returncode} from: {' '.join(map(str, error.cmd))}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e.cluster",
        description="A real Kubernetes of one node on this machine. Needs root.",
        epilog="Tests use the cluster made by `up` when TRANCHE_E2E_STATE names its folder.",
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(os.environ.get("TRANCHE_E2E_STATE", DEFAULT_STATE)),
        help="folder of the cluster's files (default: $TRANCHE_E2E_STATE, else %(default)s)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="build what is not built yet and start the cluster")
    commands.add_parser("down", help="stop the cluster and remove every trace of it")
    commands.add_parser("status", help="say what runs, and where its log is")
    commands.add_parser("build", help="build programs and base images, start nothing")
    for program in ("kubectl", "helm", "ctr"):
        command = commands.add_parser(program, help=f"run {program} against the cluster")
        command.add_argument("arguments", nargs=argparse.REMAINDER)
    command = commands.add_parser("import", help="import an OCI image archive")
    command.add_argument("archive", type=Path)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "up":
            return _up(arguments.state)
        case "down":
            Cluster.clear(arguments.state)
        case "build":
            Cluster.prepare()
        case "status":
            return _status(Cluster.attach(arguments.state))
        case "import":
            Cluster.attach(arguments.state).import_image(arguments.archive)
        case program:
            command = Cluster.attach(arguments.state).command(program, *arguments.arguments)
            return subprocess.run(command, check=False).returncode
    return 0


def _up(state: Path) -> int:
    try:
        Cluster.attach(state)
        say(f"runs already in {state}")
    except HarnessError:
        cluster = Cluster.start(state, held=False)
        cluster.import_scheduler()
        say(f"pods may use the images {images.BASE} and {images.SCHEDULER}")
    say("try: python -m tests.e2e.cluster kubectl get pods --all-namespaces")
    return 0


def _status(cluster: Cluster) -> int:
    for process in cluster.processes:
        print(f"{process.name:25} {process.pid or 'down':>8}  {process.log}")
    return 0 if all(process.pid for process in cluster.processes) else 1


sys.exit(main())
