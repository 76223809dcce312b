"""What the tables of `tranche.dialects` say of each system."""

import sys
from typing import Any

from tests.docs.making.docstrings import paragraphs
from tests.docs.making.page import Block, code, codes, table
from tests.docs.making.settings import settings_of
from tranche.dialects import collisions, known, make_dialect, writers

_MOST = 12


def dialects(_: Block) -> str:
    """All of them, one a row."""
    rows = [
        (
            f"[{kind.title}](dialects.md#{_anchor(kind.title)})",
            code(key),
            codes(sorted(kind.schedulers)),
            "yes" if key in writers else "",
            "yes" if key == "hami" else "",
        )
        for key, kind in known.items()
    ]
    head = (
        "system",
        "`settings.dialects.<key>`",
        "its scheduler",
        "can be written",
        "on by default",
    )
    return table(head, rows)


def dialect(block: Block) -> str:
    """One of them, by its key."""
    (key,) = block.words
    kind: Any = known[key]
    about, *more = paragraphs(sys.modules[kind.__module__])
    claims = sorted(make_dialect(key, {}).claims)
    listed = f"Reads {codes(claims)}."
    if len(claims) > _MOST:
        summary = f"<summary>Reads {len(claims)} words</summary>"
        listed = f"<details>{summary}\n\n{codes(claims)}\n\n</details>"
    parts = ["", about, "", *(line for text in more for line in (text, "")), listed]
    if kind.schedulers:
        parts += [
            "",
            f"Of `schedulerName`s it takes {codes(sorted(kind.schedulers))} for Tranche's.",
        ]
    if key in writers:
        parts += [
            "",
            f"Can be written: `tranche explain --to {key}`, and `settings.backend: {key}`.",
        ]
    settings = settings_of(kind)
    if settings:
        parts += ["", table((f"`settings.dialects.{key}`", "values", "default", "means"), settings)]
    return "\n".join([*parts, ""])


def contested(_: Block) -> str:
    """Words that several of them claim, each in a sense of its own."""
    every = tuple(make_dialect(key, {}) for key in known)
    rows = [
        (code(word), ", ".join(code(one.key) for one in owners))
        for word, owners in collisions(every).items()
    ]
    return table(("word", "claimed by"), rows)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
