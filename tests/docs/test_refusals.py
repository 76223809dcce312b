"""Whatever the code refuses on purpose is shown on a page, with its way out."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.making.every import MAKERS
from tests.docs.making.page import remade
from tranche.words import namespace
from tranche.words.errors import Refusal

ROOT = Path(__file__).parents[2]
READERS = ("tranche/words", "tranche/vendors", "tranche/dialects", "webhook/admission")
NOT_SHOWN = (
    # Bounds, whose examples would fill a page.
    *("more than {MOST", "longer than {", "takes more than {LONGEST}", "out of all bounds"),
    "can have so long a name",
    # What no pod of the API server, and no cluster with all vendors, can bring about.
    *("the pod has no container to speak for", "these are not {self.title}", "without this vendor"),
)


def raised() -> Iterator[tuple[Path, range, str]]:
    """Each place that raises a new refusal: its file, lines and words."""
    for file in (file for folder in READERS for file in sorted(ROOT.joinpath(folder).glob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                words = ast.unparse(node.exc)
                if not words.startswith(("Malformed", "ValueError")) and ".at(" not in words:
                    yield file, range(node.lineno, (node.end_lineno or node.lineno) + 1), words


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """File and line of all that stood on the stack when a refusal was made for some page."""
    found: set[tuple[str, int]] = set()
    real = Refusal.__init__

    def noting(self: Refusal, *args, **parts) -> None:
        frame = sys._getframe(1)
        while frame is not None and "docs/making" not in frame.f_code.co_filename:
            found.add((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        real(self, *args, **parts)

    namespace._rules.cache_clear()
    monkeypatch.setattr(Refusal, "__init__", noting)
    for page in ROOT.joinpath("docs").glob("*.md"):
        remade(page.read_text("utf-8"), MAKERS)
    return found


def test_every_refusal_is_shown(made: set[tuple[str, int]]):
    missing = [
        f"{file.relative_to(ROOT)}:{lines.start}: {words}"
        for file, lines, words in raised()
        if not any((str(file), line) in made for line in lines)
        and not any(part in words for part in NOT_SHOWN)
    ]
    assert not missing, "give each an example in docs/words.md, vendors.md or dialects.md"
