"""What docs/words.md says is what happens."""

import re
from pathlib import Path

import pytest

from tranche.cli.describe import describe
from tranche.words.errors import Refusal
from tranche.words.namespace import read_rules
from tranche.words.sentence import parse_sentence
from tranche.words.slices import load_slices
from webhook.admission import mutate
from webhook.settings import Settings

PAGE = Path(__file__).parents[2].joinpath("docs/words.md").read_text("utf-8")


def rows(header: str) -> list[tuple[str, ...]]:
    """The cells of the table under a header, code marks taken off."""
    after = PAGE.split(f"| {header} |\n", 1)[1].split("\n\n", 1)[0]
    lines = after.splitlines()[1:]
    assert lines
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


def code(cell: str) -> str:
    return cell.strip("`")


@pytest.mark.parametrize(("sentence", "gets"), rows("sentence | what the container gets"))
def test_a_sentence_gets(sentence: str, gets: str):
    assert describe(parse_sentence(code(sentence))) == gets


@pytest.mark.parametrize(("label", "sentence"), rows("label | means"))
def test_a_label_means(label: str, sentence: str):
    assert parse_sentence(code(label), label=True) == parse_sentence(code(sentence))


@pytest.mark.parametrize(("written", "answer"), rows("written | answer"))
def test_a_refusal_answers(written: str, answer: str):
    with pytest.raises(Refusal) as refused:
        parse_sentence(code(written))
    assert answer in str(refused.value)


@pytest.mark.parametrize(("words", "sentence"), rows("words | as a sentence"))
def test_hami_s_words_mean(words: str, sentence: str):
    said = dict(one.split(": ", 1) for one in re.findall(r"`([^`]+)`", words))
    annotations = {k: v for k, v in said.items() if "use-" in k or k.startswith("hami.io/")}
    limits = {name: value for name, value in said.items() if name not in annotations}
    pod = {
        "metadata": {"annotations": annotations},
        "spec": {"containers": [{"name": "main", "resources": {"limits": limits}}]},
    }
    patch = mutate(pod, annotations={}, settings=Settings()).patch
    carried = next(step["value"] for step in patch if step["path"].endswith("slices"))
    assert load_slices(carried)["main"] == parse_sentence(code(sentence))
    assert f'"{code(sentence)}"' in carried


@pytest.mark.parametrize(("key", "example", "_"), rows("annotation | example | meaning"))
def test_a_namespace_may_set(key: str, example: str, _: str):
    assert read_rules({code(key): code(example)}) != read_rules({})
    assert not read_rules({code(key): code(example)}).faults
