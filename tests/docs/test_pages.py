"""What the pages of docs/ say is what the code does."""

import re
from pathlib import Path

import pytest

from tests.docs.making.every import MAKERS
from tests.docs.making.page import remade
from tranche.dialects import known as dialects
from tranche.vendors import kinds as vendors

DOCS = Path(__file__).parents[2] / "docs"
MADE = sorted(page for page in DOCS.glob("*.md") if "<!-- made:" in page.read_text("utf-8"))


@pytest.mark.parametrize("page", MADE, ids=lambda page: page.name)
def test_a_page_says_what_the_code_answers(page: Path):
    text = page.read_text("utf-8")
    assert text == remade(text, MAKERS), "make docs"


def test_every_vendor_and_every_dialect_has_its_place():
    for page, keys in (("vendors", vendors), ("dialects", dialects)):
        text = DOCS.joinpath(f"{page}.md").read_text("utf-8")
        assert re.findall(rf"<!-- made: {page[:-1]} (\S+) -->", text) == list(keys)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_link_within_the_pages_leads_somewhere(page: Path):
    for target, anchor in re.findall(r"\]\(([a-z-]*\.md)?(#[\w-]+)?\)", page.read_text("utf-8")):
        other = DOCS / target if target else page
        headings = re.findall(r"^#+ (.*)$", other.read_text("utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert not anchor or anchor[1:] in anchors, f"{page.name}: {target}{anchor}"
