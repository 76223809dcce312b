"""A page of docs/: prose by hand, and blocks that are computed from it and from the code.

A block stands between two comments, which no reader sees::

    <!-- made: sentences -->
    | you write | the container gets |
    |---|---|
    | `3000Mi on A100` | … |
    <!-- end -->

What follows ``made:`` is the name of a maker and the words it is given. Where a block has examples,
they are the first cells of its rows: to add one, write its row, and let `python -m tests.docs` fill
in what the code answers.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

_BLOCK = re.compile(r"(<!-- made: ([^\n]*?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_FILE = re.compile(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        words: behind the maker's name.
        body: as it stands on the page.
        files: of the page, by name: fenced YAML whose first line is a comment that names it.
    """

    words: tuple[str, ...]
    body: str
    files: Mapping[str, str]

    def rows(self) -> list[list[str]]:
        """Cells of the table in it, without its head; those that have not been filled in are ""."""
        lines = [line for line in self.body.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]

    def examples(self) -> list[str]:
        """The first cell of each row."""
        return [cells[0] for cells in self.rows()]


Maker = Callable[[Block], str]


def remade(text: str, makers: Mapping[str, Maker]) -> str:
    """The page with every block as the code has it."""
    files = dict(_FILE.findall(text))

    def made(found: re.Match[str]) -> str:
        name, *words = found[2].split()
        block = Block(tuple(words), found[3], files)
        return f"{found[1]}{makers[name](block)}\n{found[4]}"

    return _BLOCK.sub(made, text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def code(text: object) -> str:
    """As code."""
    return f"`{text}`"


def codes(texts: Iterable[object]) -> str:
    """As a list of code."""
    return ", ".join(map(code, texts))


def said(cell: str) -> str:
    """What stands in the code marks of a cell."""
    found = _CODE.search(cell)
    return found[1] if found else cell


def pairs(cell: str) -> list[tuple[str, str, str]]:
    """``label `a: 1`, `b: 2` `` as kind, key and value; a resource has no kind before it."""
    found = re.findall(r"(annotation|label|node selector|)\s*`([^`:]+)(?:: ([^`]*))?`", cell)
    return [(kind, key, value) for kind, key, value in found]
