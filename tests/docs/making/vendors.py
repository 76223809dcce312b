"""What the tables of `tranche.vendors` say of each maker."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from tests.docs.making.docstrings import paragraphs
from tests.docs.making.page import Block, code, codes, table
from tests.docs.making.settings import choices_of, settings_of
from tranche.vendors import kinds
from tranche.vendors.chips import Chips
from tranche.vendors.names import Names
from tranche.vendors.nvidia import Nvidia
from tranche.vendors.shares import Shared
from tranche.vendors.sizes import Card, Profiles, sizes
from tranche.vendors.stack import Stack, either
from tranche.words.catalogue import table as catalogue
from tranche.words.errors import Refusal
from tranche.words.quantity import MAX_PERCENT
from tranche.words.said import request_of
from tranche.words.sentence import parse_sentence, print_sentence

_ASKED = ("1Gi and 10% cores", "50% and 10% cores", "10% cores", "whole", "2 x whole")
_MOST = 8
_PROBE = parse_sentence("1Gi")
_STEPS = {16: "sixteenths of a card's compute", MAX_PERCENT: "percent of a card's compute"}


def vendors(_: Block) -> str:
    """All of them, one a row."""
    rows = [
        (
            f"[{kind.title}](vendors.md#{_anchor(kind.title)})",
            code(catalogue().makers[key].words[0]),
            _slices(kind()),
            _held(kind()),
            code(kind.published_class) if kind.published_class else "",
        )
        for key, kind in kinds.items()
    ]
    head = ("maker", "behind `on`", "slices", "held to their size by", "runtime class it names")
    return table(head, rows)


def vendor(block: Block) -> str:
    """One of them, by its key."""
    (key,) = block.words
    one = kinds[key]()
    about, *more = paragraphs(sys.modules[type(one).__module__])
    parts = ["", about, "", *(line for text in more for line in (text, ""))]
    parts += [f"- {fact}" for fact in _facts(one)]
    tables: dict[tuple[str, ...], Sequence[Sequence[str]]] = {
        ("resource", "counts", ""): list(_resources(one)),
        ("of", "card has", "slices: name, MiB, compute with it"): [
            _fixed(card) for card in sizes().cards if card.vendor == key
        ],
        ("of", "partitions"): [_profiles(p) for p in sizes().profiles if key == Nvidia.key],
        (f"`settings.vendors.{key}`", "values", "default", "means"): settings_of(
            type(one), leaving=tuple(Stack.__struct_fields__)
        ),
    }
    for head, rows in tables.items():
        parts += ["", table(head, rows)] if rows else []
    return "\n".join([*parts, ""])


def _facts(one: Stack) -> Iterator[str]:
    maker = catalogue().makers[one.key]
    models = [row.word for row in catalogue().models if row.vendor == one.key]
    yield f"Asked for by {codes(f'on {word}' for word in maker.words)}" + (
        f", or by a model: {', '.join(models)}." if models else "."
    )
    yield f"Slices: {_slices(one)}."
    if one.counts:
        yield f"Whole cards: {either(one.counts)} to a container."
    if one.all_cores:
        yield "Who says no cores gets all of them, and a warning: the stack has it so."
    if _held(one):
        yield f"Held to their size by {_held(one)}."
    if one.published_class:
        yield f"The vendor's own documents name the RuntimeClass {code(one.published_class)}."


def _slices(one: Stack) -> str:
    if isinstance(one, Shared):
        return f"{either([str(share.of_card) for share in one.shares()])} of a card, of one card"
    if not isinstance(one, Chips) and one.slices_of(_PROBE) is None:
        return "none, cards are whole" if one.names() else "none, nor cards"
    fixed = [card for card in sizes().cards if card.vendor == one.key]
    every = "of fixed sizes" if fixed else "of any size"
    return f"{every}, {'of several cards' if one.several else 'of one card'}"


def _held(one: Stack) -> str:
    if one.interposed:
        return "Tranche's library, in the container"
    return "" if _slices(one).startswith("none") else "its own stack"


def _resources(one: Stack) -> Iterator[tuple[str, str, str]]:
    counted = {name: (name, counts) for f in one.families() for name, counts in _counts(f)}
    for family in one.families():
        counted |= {n: (_general(n, family), counted[n][1]) for n in family.all}
    partitions = {name: (name, "partitions of this kind") for name in one.partitions.resources}
    if len(partitions) > _MOST:
        partitions = dict.fromkeys(partitions, (f"{one.partitions.prefix}…", "partitions"))
    others = {name: (name, _read(one, name)) for name in sorted(one.names() - counted.keys())}
    written = _written(type(one))
    every = others | partitions | counted
    told = dict(every.values())
    spoken = {shown for name, (shown, _) in every.items() if name in written}
    for shown in sorted(told, key=lambda name: (name not in spoken, name)):
        yield code(shown), told[shown], "" if shown in spoken else "read, not written"


def _read(one: Stack, name: str) -> str:
    """What one of a resource means, in a sentence."""
    said = one.read({name: 1}).said
    return f"1 is {code(print_sentence(replace(request_of(said), vendor=None)))}"


@cache
def _written(kind: type[Stack]) -> frozenset[str]:
    """All resources that are ever written, as is seen by asking for much."""
    words = [kind.key, *(row.word for row in catalogue().models if row.vendor == kind.key)]
    partitions = [*kind.partitions.names]
    found: set[str] = set()
    for settings in _settings(kind):
        one = kind(**settings)
        for asking in (*_ASKED, *partitions):
            for word in words:
                try:
                    fitted, _ = one.fit(parse_sentence(f"{asking} on {word}"))
                except Refusal:
                    continue
                found |= one.write(fitted).resources.keys()
    return frozenset(found)


def _settings(kind: type[Stack]) -> Iterator[dict[str, Any]]:
    """Each setting of few values at each of these."""
    yield {}
    for name, values in choices_of(kind).items():
        yield from ({name: value} for value in values)


def _counts(names: Names) -> Iterator[tuple[str, str]]:
    of = "of all the cards together" if names.total else "of each card"
    model = ", of that model" if names.models else ""
    if names.count:
        yield names.count, f"{'whole ' if names.whole else ''}cards{model}"
    if names.memory and names.suffixes:
        yield names.memory, f"GiB {of}, or bytes with a suffix, such as `2048Mi`"
    elif names.memory and names.unit is None:
        yield names.memory, "what the cluster's setting says"
    elif names.memory:
        yield names.memory, f"{'MiB' if names.unit == 1 else f'units of {names.unit} MiB'} {of}"
    if names.percent:
        yield names.percent, f"percent of the memory {of}"
    if names.cores:
        yield names.cores, _STEPS[names.steps] + (f", {of}" if names.total else "")


def _general(name: str, names: Names) -> str:
    """A name that holds the model's, for all models."""
    for model in names.models:
        name = name.replace(model, "<model>")
    return name


def _fixed(card: Card) -> tuple[str, str, str]:
    listed = [
        " ".join(
            filter(None, [size.name and code(size.name), f"{size.mib}", _share(card, size.parts)])
        )
        for size in card.sizes
    ]
    variants = [f"{code(name)} as {code(size)}" for name, size in card.variants]
    every = "; ".join([*listed, *variants])
    of = (
        ", ".join(card.models)
        if card.models
        else "any other"
        if card.vendor == "mthreads"
        else "all"
    )
    return of, f"{card.mib} MiB" if card.mib else "", every


def _share(card: Card, parts: int) -> str:
    return f"{parts}/{card.parts}" if card.parts and parts else ""


def _profiles(row: Profiles) -> tuple[str, str]:
    return ", ".join(row.models), codes(row.names)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
