"""Writes into the pages of docs/ what the code says: ``python -m tests.docs``."""

from pathlib import Path

from tests.docs.making.every import MAKERS
from tests.docs.making.page import remade

DOCS = Path(__file__).parents[2] / "docs"


def main() -> None:
    """Make every page anew, and name those that changed."""
    for page in sorted(DOCS.glob("*.md")):
        before = page.read_text("utf-8")
        after = remade(before, MAKERS)
        if after != before:
            page.write_text(after, "utf-8")
            print(page.name)


if __name__ == "__main__":
    main()
