"""The words by which the chart has pods sent and refused, made of the tables that the webhook uses.

``python -m tests.chart.words`` writes them anew; a test holds them equal.
"""

from pathlib import Path
from typing import Any

import yaml

from tests.chart.programs import CHART
from tranche.dialects import known as dialects
from tranche.dialects.base import Dialect, PodWords
from tranche.vendors import known as vendors
from tranche.words.errors import Refusal

FILE = Path(CHART) / "files/words.yaml"
HEAD = """\
# Made of the tables of tranche/vendors and tranche/dialects by `python -m tests.chart.words`.
# vendors: resources of each maker. dialects: asks are resources that by themselves ask for cards,
# words all that is read, beginnings what such words begin with. HAMi's say nothing by themselves.
"""
NUMBERS = (1, 50, 100, "1Gi")


def words() -> dict[str, Any]:
    """As the file has them."""
    return {
        "vendors": {
            key: sorted(one.names() - one.fixed())
            for key, one in vendors.items()
            if key not in ("nvidia", "innosilicon")
        },
        "dialects": {
            key: {
                "asks": sorted(word for word in kind().claims if _asks(kind(), word)),
                "words": sorted(word for word in kind().claims if not word.endswith("*")),
                "beginnings": sorted(w[:-1] for w in kind().claims if w.endswith("*")),
            }
            for key, kind in sorted(dialects.items())
            if key != "hami"
        },
    }


def _asks(dialect: Dialect, word: str) -> bool:
    """Whether a container that has this resource and nothing else asks for cards, or is refused."""
    if "/" not in word or word.endswith("*"):
        return False
    return all(_heard(dialect, {word: number}) for number in NUMBERS)


def _heard(dialect: Dialect, asked: dict[str, str | int | float]) -> bool:
    try:
        found = dialect.read(PodWords(containers={"main": asked}, default="main"))
    except Refusal:
        return True
    said = found["main"].said if "main" in found else None
    return said is not None and (said.count is not None or said.amount is not None)


def text() -> str:
    """The file's text."""
    return HEAD + yaml.safe_dump(words(), sort_keys=False, default_flow_style=None, width=100)


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
