"""The makers of blocks by the name that pages call them by."""

from collections.abc import Mapping
from typing import Final

from tests.docs.making.dialects import contested, dialect, dialects
from tests.docs.making.page import Maker
from tests.docs.making.pods import namespaces, pods, words
from tests.docs.making.sentences import asked, labels, refused, sentences, unwritten
from tests.docs.making.shell import console
from tests.docs.making.vendors import vendor, vendors

MAKERS: Final[Mapping[str, Maker]] = {
    "asked": asked,
    "console": console,
    "contested": contested,
    "dialect": dialect,
    "dialects": dialects,
    "labels": labels,
    "namespaces": namespaces,
    "pods": pods,
    "refused": refused,
    "sentences": sentences,
    "unwritten": unwritten,
    "vendor": vendor,
    "vendors": vendors,
    "words": words,
}
