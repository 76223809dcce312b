"""`tranche explain`: the admission code on a file, with no cluster.

What is asked for goes to standard output, warnings and refusals to standard error.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jsonpatch

from tranche.cli.describe import describe
from tranche.cli.objects import Found, read_objects, write_yaml
from tranche.cli.sentences import indented
from tranche.cli.written import INIT, fragment, warnings_of, write_for
from tranche.dialects.base import Writer
from tranche.vendors.base import Written
from tranche.words.errors import Malformed, Refusal
from webhook.admission import Mutation, mutate
from webhook.settings import Settings, load_settings

FINE: Final = 0
REFUSED: Final = 1
MALFORMED: Final = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the webhook makes of a pod, and what another system would be told, by container."""

    mutation: Mutation
    written: Mapping[str, Written] = field(default_factory=dict)


def run(
    file: str,
    *,
    namespace_file: Path | None,
    settings_file: Path | None,
    writer: Writer | None,
    output: str,
) -> int:
    """Explain every pod of a file; where there is a writer, as its system would be told.

    Returns:
        The exit status: 0, 1 when a pod is refused, 2 when a file is malformed.
    """
    try:
        settings = _settings(settings_file)
        objects = read_objects(file)
        namespaces = _namespaces(objects, namespace_file)
        outcomes = [_outcome(one, namespaces, settings, writer) for one in objects]
    except Malformed as error:
        print(f"malformed: {error}", file=sys.stderr)
        return MALFORMED
    results: list[dict[str, Any]] = []
    for one, outcome in zip(objects, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            print(f"refused: {one.title}: {outcome}", file=sys.stderr)
            continue
        for warning in (*outcome.mutation.warnings, *warnings_of(outcome.written)):
            print(f"warning: {one.title}: {warning.removeprefix('Tranche: ')}", file=sys.stderr)
        if output == "text":
            print(_text(one, outcome, writer))
        results.append(_shown(one, outcome) if writer else _applied(one, outcome.mutation))
    if output == "yaml" and results:
        sys.stdout.write(write_yaml(results))
    elif output == "json" and results:
        alone = len(objects) == 1
        shown = results[0] if alone else {"apiVersion": "v1", "kind": "List", "items": results}
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    return REFUSED if len(results) < len(objects) else FINE


def _settings(path: Path | None) -> Settings:
    if path is None:
        return Settings()
    try:
        return load_settings(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"{path}: {error}") from error
    except Malformed as error:
        raise Malformed(f"{path}: {error}") from error


def _namespaces(objects: list[Found], path: Path | None) -> dict[str, Mapping[str, str]]:
    """Annotations by namespace's name, those of pods that name none under ``""``."""
    known: dict[str, Mapping[str, str]] = {}
    given = [] if path is None else read_objects(path)
    for one in (*objects, *given):
        if one.object["kind"] == "Namespace":
            metadata = one.object.get("metadata") or {}
            known[str(metadata.get("name"))] = _texts(one, metadata.get("annotations") or {})
    here = [one for one in given if one.object["kind"] == "Namespace"]
    if path is not None and not here:
        raise Malformed(f"{path}: no Namespace in it")
    if len(here) == 1:
        known[""] = known[str((here[0].object.get("metadata") or {}).get("name"))]
    return known


def _texts(one: Found, annotations: Any) -> Mapping[str, str]:
    if not isinstance(annotations, dict) or any(
        not isinstance(value, str) for value in annotations.values()
    ):
        raise Malformed(f"{one.title}: an annotation that is no text; put it in quotes")
    return annotations


def _outcome(
    one: Found,
    namespaces: Mapping[str, Mapping[str, str]],
    settings: Settings,
    writer: Writer | None,
) -> Outcome | Refusal:
    if one.path is None:
        return Outcome(Mutation())
    annotations = namespaces.get(one.namespace, namespaces.get("", {}))
    try:
        mutation = mutate(one.pod(), annotations=annotations, settings=settings)
        written = write_for(writer, mutation.requests, settings.systems.vendors) if writer else {}
    except Refusal as refusal:
        return refusal
    except Malformed as error:
        raise Malformed(f"{one.title}: {error}") from error
    return Outcome(mutation, written)


def _applied(one: Found, mutation: Mutation) -> dict[str, Any]:
    if not mutation.patch:
        return one.object
    return one.with_pod(jsonpatch.apply_patch(one.pod(), mutation.patch))


def _shown(one: Found, outcome: Outcome) -> dict[str, Any]:
    """The object with nothing in it but what the other system is told."""
    inner: dict[str, Any] = {}
    if outcome.written:
        spec = one.pod().get("spec") or {}
        first = [container["name"] for container in spec.get(INIT) or ()]
        inner = fragment(outcome.written, first)
    for member in reversed(one.path or ()):
        inner = {member: inner}
    metadata = one.object.get("metadata") or {}
    known = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    head = {key: one.object[key] for key in ("apiVersion", "kind") if key in one.object}
    return {**head, **inner, "metadata": {**known, **inner.get("metadata", {})}}


def _text(one: Found, outcome: Outcome, writer: Writer | None) -> str:
    mutation = outcome.mutation
    title = one.title + (f" in namespace {one.namespace}" if one.namespace else "")
    if one.path is None:
        return f"{title}: no pod in it, left as it is"
    if not mutation.requests:
        return f"{title}: asks for no accelerator, left as it is"
    made = " (each pod made from it)" if one.path else ""
    lines = [f"{title}{made}"]
    lines += [
        f"  container {name} gets {describe(request)}"
        for name, request in mutation.requests.items()
    ]
    lines += ["  why:"] if mutation.notes else []
    lines += [f"    {words}" for words in mutation.notes]
    if writer:
        lines += [f"  written for {writer.title}:", indented(_shown(one, outcome))]
        return "\n".join(lines)
    lines += ["  changed:"] if mutation.changes else ["  nothing left to change"]
    lines += [f"    {words}" for words in mutation.changes]
    return "\n".join(lines)
