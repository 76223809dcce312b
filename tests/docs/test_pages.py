"""What the pages of docs/ say is what the code does."""

import re
from pathlib import Path

import pytest

from tests.docs.making.every import MAKERS
from tests.docs.making.page import remade
from tranche.dialects import known as dialects
from tranche.vendors import kinds as vendors
from tranche.words.namespace import KEYS, PREFIX, read_rules

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


def test_the_readme_names_every_maker_whose_cards_can_be_had_and_counts_the_dialects():
    text = DOCS.parent.joinpath("README.md").read_text("utf-8")
    assert len(dialects) == 21
    assert "Words of twenty-one other systems" in text
    for key, kind in vendors.items():
        assert (f" {kind.title}" in text) == (key != "innosilicon")


def test_what_a_namespace_may_set_can_be_read_and_all_of_it_is_told():
    head = "| annotation | example | meaning |\n"
    rows = DOCS.joinpath("words.md").read_text("utf-8").split(head, 1)[1].split("\n\n", 1)[0]
    told = dict(re.findall(r"^\| `tranche\.dev/(\w+)` \| `([^`]+)` \|", rows, re.MULTILINE))
    assert set(told) == set(KEYS)
    for key, example in told.items():
        rules = read_rules({f"{PREFIX}{key}": example})
        assert rules != read_rules({})
        assert not rules.faults


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_link_within_the_pages_leads_somewhere(page: Path):
    for target, anchor in re.findall(r"\]\(([a-z-]*\.md)?(#[\w-]+)?\)", page.read_text("utf-8")):
        other = DOCS / target if target else page
        headings = re.findall(r"^#+ (.*)$", other.read_text("utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert not anchor or anchor[1:] in anchors, f"{page.name}: {target}{anchor}"
