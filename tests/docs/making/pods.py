"""Tables whose examples are pods: their words in other systems' languages, and what is refused."""

from typing import Any

import yaml

from tests.docs.making.page import Block, code, pairs, said, table
from tests.docs.making.sentences import answer
from tranche.dialects import make_dialect, read_pod
from tranche.dialects.base import PodWords
from tranche.vendors import make_vendors, read
from tranche.words.errors import Refusal
from tranche.words.request import Whole
from tranche.words.said import NOTHING, Reading, Said, agree, request_of
from tranche.words.sentence import print_sentence
from tranche.words.slices import SLICES_ANNOTATION, load_slices
from webhook.admission import mutate
from webhook.settings import Settings, load_settings

_KINDS = {"annotation": "annotations", "label": "labels", "node selector": "node_selector"}
CONTAINER = "main"


def words(block: Block) -> str:
    """What a pod's words mean in one dialect, which is the first of the block's words.

    The others are its settings, or such as ``vendors.cambricon.memoryUnit=1%``.
    """
    key, *settings = block.words
    own: dict[str, str] = {}
    of_vendors: dict[str, dict[str, str]] = {}
    for one in settings:
        name, _, value = one.partition("=")
        if name.startswith("vendors."):
            _, vendor, setting = name.split(".")
            of_vendors.setdefault(vendor, {})[setting] = value
        else:
            own[name] = value
    dialect, vendors = make_dialect(key, own), make_vendors(of_vendors)
    rows = []
    for cell in block.examples():
        pod = _words_of(cell)
        try:
            heard = read_pod((dialect,), pod)
            resources = read(heard.rest[CONTAINER], vendors)
            found = heard.readings.get(CONTAINER, Reading(NOTHING))
            together = agree(resources.said, found.said, places=("resources", dialect.title))
        except Refusal as refusal:
            rows.append((cell, "refused", answer(refusal)))
            continue
        warnings = (*resources.warnings, *found.warnings)
        rows.append((cell, _sentence(together), "; ".join(warnings).replace("|", "\\|")))
    return table(("written", "as a sentence", "said with it"), rows)


def _words_of(cell: str) -> PodWords:
    parts: dict[str, dict[str, str]] = {"annotations": {}, "labels": {}, "node_selector": {}}
    asked: dict[str, str | int | float] = {}
    for kind, key, value in pairs(cell):
        if kind:
            parts[_KINDS[kind]][key] = value.strip('"')
        else:
            asked[key] = value
    return PodWords(
        annotations=parts["annotations"],
        labels=parts["labels"],
        node_selector=parts["node_selector"],
        containers={CONTAINER: asked},
        default=CONTAINER,
    )


def _sentence(said: Said) -> str:
    if said == NOTHING:
        return "nothing"
    whole = said.amount is None and said.count is not None
    vendor = None if said.vendor == "nvidia" else said.vendor
    filled = Said(**{**_parts(said), "amount": Whole() if whole else said.amount, "vendor": vendor})
    return code(print_sentence(request_of(filled)) or "the default's amount")


def _parts(said: Said) -> dict[str, Any]:
    return {name: getattr(said, name) for name in Said.__dataclass_fields__}


def pods(block: Block) -> str:
    """What admission answers to a pod that asks for 3000Mi and has this in it besides.

    The block's words are the cluster's settings, in YAML.
    """
    settings = load_settings(" ".join(block.words))
    rows = []
    for cell in block.examples():
        try:
            mutation = mutate(_pod(said(cell)), annotations={}, settings=settings)
        except Refusal as refusal:
            where = f"{refusal.where}: " if refusal.where else ""
            rows.append((cell, where + answer(refusal)))
            continue
        raise AssertionError(f"{cell} is not refused: {mutation.requests}")
    return table(("in the pod", "answer"), rows)


def namespaces(block: Block) -> str:
    """What becomes of a pod's sentence where the namespace says something."""
    rows = []
    for cell, *others in block.rows():
        rules = {key: value for _, key, value in pairs(cell)}
        asking = others[0]
        pod = _asking(asking)
        try:
            mutation = mutate(pod, annotations=rules, settings=Settings())
        except Refusal as refusal:
            rows.append((cell, asking, f"refused: {answer(refusal)}"))
            continue
        found = _carried(mutation.patch)
        rows.append((cell, asking, code(found) if found else "left as it is"))
    return table(("the namespace", "the pod", "comes to"), rows)


def _asking(cell: str) -> dict[str, Any]:
    container: dict[str, Any] = {"name": CONTAINER}
    annotations: dict[str, str] = {}
    for kind, key, value in pairs(cell):
        if kind:
            annotations[key] = value
        elif value:
            container.setdefault("resources", {}).setdefault("limits", {})[key] = value
        else:
            annotations["tranche.dev/gpu"] = key
    return {"metadata": {"annotations": annotations}, "spec": {"containers": [container]}}


def _carried(patch: list[Any]) -> str:
    """The sentence that a patch brings to the scheduler; "" where it brings none."""
    for step in patch:
        if step["path"].endswith(SLICES_ANNOTATION.replace("/", "~1")):
            (request,) = load_slices(step["value"]).values()
            return print_sentence(request)
    return ""


def _pod(more: str) -> dict[str, Any]:
    asking = {
        "metadata": {"annotations": {"tranche.dev/gpu": "3000Mi"}},
        "spec": {"containers": [{"name": CONTAINER}]},
    }
    return _merged(asking, yaml.safe_load(more))


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = dict(one)
    for key, value in other.items():
        inner = both.get(key)
        both[key] = _merged(inner, value) if isinstance(inner, dict) else value
    return both
