"""What docstrings say, as Markdown."""

import inspect
import re
from types import ModuleType

_ATTRIBUTES = re.compile(r"Attributes:\n(.*)", re.DOTALL)
_FIELD = re.compile(r"^ {4}(\w+): (.*?)(?=^ {4}\w+: |\Z)", re.DOTALL | re.MULTILINE)


def paragraphs(module: ModuleType) -> list[str]:
    """Of a module, each on one line."""
    return [_flat(one) for one in (inspect.getdoc(module) or "").split("\n\n")]


def attributes(kind: type) -> dict[str, str]:
    """What each field of a class is for; those of its bases are theirs to say."""
    found = _ATTRIBUTES.search(inspect.getdoc(kind) or "")
    return {name: _flat(words) for name, words in _FIELD.findall(found[1])} if found else {}


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")
