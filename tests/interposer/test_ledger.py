"""The protocol of region.h holds whichever step of whichever process comes next.

Not a model of it: the ledger's own code, run in every order that a few preemptions and a SIGKILL
can make (`core/explore.h`). And it is shown that this finds what it is for: with any of the
protocol's rules left out, some order breaks it.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.interposer.builds import REPOSITORY, build_unit

CORE = REPOSITORY / "interposer/src/core"
DEEPEST = {
    "processes": [(6, 0), (3, 1)],
    "threads": [(2, 0), (1, 1)],
    "the-dead": [(2, 0), (1, 1)],
    "the-dying": [(2, 0), (1, 1)],
    "no-newcomer": [(2, 0)],
}
"""Preemptions and kills, for each scenario."""

CLEARING = "ledger->self.owner | TRANCHE_OWNER_RECLAIMING"
TAKE_OVER = f"if (!swap(&slot->owner, owner, {CLEARING})) return true;"
RULES = {
    "one reclaims": (TAKE_OVER, f"STORE(slot->owner, {CLEARING});"),
    "a slot being cleared is owned": (TAKE_OVER, TAKE_OVER.replace(CLEARING, "0")),
    "one claims": (
        "if (!swap(&slot->owner, 0, ledger->self.owner)) continue;",
        "STORE(slot->owner, ledger->self.owner);",
    ),
    "add before the sum": (
        "uint64_t own = ADD(*used, bytes) + bytes;",
        "uint64_t own = LOAD(*used) + bytes;",
    ),
    "what was refused is taken back": ("SUBTRACT(*used, bytes);\n    return", "return"),
    "who tries says so": ("ADD(*trying, 1);", "(void)trying;"),
    "a slot is given up last": ("STORE(slot->trying, 0);", "STORE(slot->owner, 0);"),
    "the living are left alone": (
        "return ledger->effects->is_dead(&ledger->self, &other);",
        "return ledger && other.owner;",
    ),
    "who lacks room reclaims": (
        "if (ledger_reclaim(ledger) && try_for_a_while(ledger, card, bytes))",
        "if (0)",
    ),
}
"""What the code says for a rule, and what it says without."""


def explore(program: Path, scenario: str, depth: tuple[int, int]) -> str:
    words = [program, scenario, *map(str, depth)]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=100).stdout


@pytest.mark.parametrize(
    ("scenario", "depth"), [(name, depth) for name in DEEPEST for depth in DEEPEST[name]]
)
def test_no_order_breaks_the_protocol(scenario: str, depth: tuple[int, int]) -> None:
    assert int(explore(build_unit("ledger"), scenario, depth)) > 1000


@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_some_order_breaks_it(tmp_path: Path, rule: str) -> None:
    shutil.copytree(CORE, tmp_path / "core")
    file = tmp_path / "core/ledger.c"
    there, without = RULES[rule]
    assert there in file.read_text()
    file.write_text(file.read_text().replace(there, without))
    program = build_unit("ledger", name="ledger-without", source=tmp_path)
    tries = (explore(program, name, depths[0]) for name, depths in DEEPEST.items())
    assert any("choices:" in each for each in tries)


def test_a_slot_judged_before_its_process_called_exec_is_not_taken_from_what_came_after() -> None:
    program = build_unit("exec", "core/ledger.c")
    done = subprocess.run([program], check=True, capture_output=True, text=True)
    assert done.stdout == "kept\n"
