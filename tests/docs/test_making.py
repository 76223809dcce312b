"""How a page's blocks are found and filled in."""

import pytest

from tests.docs.making.page import Block, pairs, remade, table

PAGE = """\
prose
```yaml
# pod.yaml
kind: Pod
```
<!-- made: shout loud -->
| word | |
|---|---|
| `a` |
| `b` | stale |
<!-- end -->
more prose
"""


def shout(block: Block) -> str:
    assert block.files == {"pod.yaml": "kind: Pod\n"}
    return table(("word", block.words[0]), [(one, one.upper()) for one in block.examples()])


def test_a_block_keeps_its_examples_and_gets_its_answers():
    made = remade(PAGE, {"shout": shout})
    assert "| word | loud |\n|---|---|\n| `a` | `A` |\n| `b` | `B` |\n<!-- end -->" in made
    assert made.startswith("prose\n")
    assert made.endswith("more prose\n")
    assert remade(made, {"shout": shout}) == made


def test_a_maker_that_there_is_not_is_an_error():
    with pytest.raises(KeyError, match="shout"):
        remade(PAGE, {})


def test_a_cell_says_where_each_of_its_words_stands():
    assert pairs("`a.b/c: 1`, label `d: x y`, node selector `e/f: g`, annotation `h: `, `2Gi`") == [
        ("", "a.b/c", "1"),
        ("label", "d", "x y"),
        ("node selector", "e/f", "g"),
        ("annotation", "h", ""),
        ("", "2Gi", ""),
    ]
