"""Kubernetes objects in files: read, looked into for pods, and written again in the same order."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tranche.words.errors import Malformed
from tranche.words.workloads import TEMPLATES, template_of

LONGEST: Final = 8 * 1024 * 1024
MOST_VALUES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """One object of a file, and the way to the pod in it.

    Attributes:
        path: members that lead to the pod or the pod's template; None where there is none.
    """

    object: dict[str, Any]
    path: tuple[str, ...] | None

    @property
    def title(self) -> str:
        """Kind and name, for people."""
        metadata = self.object.get("metadata")
        name = metadata.get("name") or metadata.get("generateName") or "" if metadata else ""
        return f'{self.object["kind"]} "{name}"'

    @property
    def namespace(self) -> str:
        """The namespace that the object names; empty when it leaves that to kubectl."""
        return (self.object.get("metadata") or {}).get("namespace") or ""

    def pod(self) -> dict[str, Any]:
        """The pod, or what pods are made after.

        Raises:
            Malformed: the object lacks it.
        """
        inner = template_of(self.object, self.path or ())
        if not isinstance(inner, dict):
            raise Malformed(f"{self.title} has no {'.'.join(self.path or ())}")
        return inner

    def with_pod(self, pod: dict[str, Any]) -> dict[str, Any]:
        """The object with another pod in the place of its own."""
        return _put(self.object, self.path or (), pod)


def read_objects(source: str | Path) -> list[Found]:
    """All objects of a file; ``-`` is standard input. Lists are opened.

    Raises:
        Malformed: no such file, not YAML, or not an object of Kubernetes.
    """
    name = "standard input" if source == "-" else str(source)
    try:
        text = sys.stdin.read(LONGEST + 1) if source == "-" else _read(Path(source))
        left = _Left(MOST_VALUES)
        documents = [_unshared(one, left) for one in yaml.load_all(text, _Loader)]
    except OSError as error:
        raise Malformed(f"{name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Malformed(f"{name}: not text: {error.reason}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Malformed(f"{name}: not YAML: {' '.join(str(error).split())[:300]}") from error
    if len(text) > LONGEST:
        raise Malformed(f"{name}: longer than {LONGEST} characters")
    found = [one for document in documents if document for one in _opened(name, document)]
    if not found:
        raise Malformed(f"{name}: no object in it")
    return found


@dataclass(slots=True)
class _Left:
    """How many values may still be read: few lines of aliases can stand for billions."""

    values: int


def _unshared(value: Any, left: _Left) -> Any:
    """A value of which no part is in two places: a patch of one must not change the other."""
    left.values -= 1
    if left.values < 0:
        raise ValueError(f"more than {MOST_VALUES} values")
    if isinstance(value, dict):
        return {key: _unshared(inner, left) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unshared(inner, left) for inner in value]
    return value


def write_yaml(objects: list[dict[str, Any]]) -> str:
    """The objects as one YAML stream, members in the order they came."""
    return yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)


def _read(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.read(LONGEST + 1)


def _opened(name: str, document: Any) -> Iterator[Found]:
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise Malformed(f"{name}: an object without a kind")
    if not isinstance(document.get("metadata") or {}, dict):
        raise Malformed(f"{name}: {document['kind']}: metadata is no object")
    if document["kind"].endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _opened(name, item)
    else:
        yield Found(document, TEMPLATES.get(document["kind"]))


def _put(outer: dict[str, Any], path: tuple[str, ...], pod: dict[str, Any]) -> dict[str, Any]:
    if not path:
        return pod
    return {**outer, path[0]: _put(outer[path[0]], path[1:], pod)}


class _Loader(yaml.SafeLoader):
    """As YAML is read for Kubernetes: a date is its text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and quotes what other readers of YAML take for numbers."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


_NUMBERLIKE: Final = re.compile(r"[-+]?[.\d][\d_.:]*([eE][-+]?\d+)?|0[xob]\w+|[yYnN]", re.ASCII)


def _string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "'" if _NUMBERLIKE.fullmatch(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _string)
