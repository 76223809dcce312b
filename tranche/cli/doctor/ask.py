"""The objects that the doctor looks at."""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tranche.cli.objects import read_objects
from tranche.words.errors import Malformed

Objects = Mapping[str, list[dict[str, Any]]]
"""By kind."""

ASKED: Final = (
    "namespaces",
    "nodes",
    "mutatingwebhookconfigurations",
    "deployments",
    "daemonsets",
)
PATIENCE: Final = 60
_LOGGED: Final = re.compile(r"[IWEF]\d{4} ")


def objects_of_cluster(context: str | None) -> Objects:
    """What kubectl gets, with the rights of whoever runs it; nothing is written.

    Raises:
        Malformed: no kubectl, or the cluster does not answer it.
    """
    program = shutil.which("kubectl")
    if program is None:
        raise Malformed("kubectl is not on the PATH; or give its output with -f")
    command = [program, "get", ",".join(ASKED), "--all-namespaces", "--output=json"]
    command += [f"--context={context}"] if context else []
    try:
        done = subprocess.run(
            [*command, f"--request-timeout={PATIENCE}s"],
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE,
        )
        if done.returncode != 0:
            raise Malformed(f"kubectl: {_said(done.stderr)}")
        return _by_kind(_items(json.loads(done.stdout)))
    except subprocess.TimeoutExpired as error:
        raise Malformed(f"kubectl did not answer within {2 * PATIENCE} s") from error
    except (ValueError, RecursionError) as error:
        raise Malformed(f"kubectl: not JSON: {error}") from error


def _said(stderr: str) -> str:
    """What kubectl says to a person: it also logs each of its attempts, in klog's form."""
    lines = [line for line in stderr.splitlines() if not _LOGGED.match(line)]
    said = " ".join(lines or stderr.splitlines()).strip()
    return f"{said[:500]} (another cluster: --context; saved objects: -f)"


def objects_of_file(file: str) -> Objects:
    """What was saved of ``kubectl get … -o yaml`` or ``-o json``; ``-`` is standard input.

    Raises:
        Malformed: it cannot be read.
    """
    return _by_kind(found.object for found in read_objects(file))


def _items(answer: Any) -> Iterator[dict[str, Any]]:
    items = answer.get("items") if isinstance(answer, dict) else None
    for item in items if isinstance(items, list) else [answer]:
        if not isinstance(item, dict) or not isinstance(item.get("kind"), str):
            raise Malformed("kubectl: an object without a kind")
        yield item


def _by_kind(objects: Iterator[dict[str, Any]]) -> Objects:
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in objects:
        kinds[one["kind"]].append(one)
    return kinds
