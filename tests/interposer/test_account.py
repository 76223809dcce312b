"""A pool's charge follows the driver's number and is never below it, whoever gets in between."""

import subprocess

import pytest

from tests.interposer.builds import REPOSITORY, build_client


@pytest.fixture(scope="module")
def cases() -> dict[str, tuple[int, ...]]:
    source = REPOSITORY / "interposer/src"
    units = [str(source / "core" / f"{name}.c") for name in ("account", "ledger")]
    include = [f"-I{source}", f"-I{REPOSITORY / 'interposer/include'}"]
    program = build_client("account", *include, *units)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return {line.split()[0]: tuple(map(int, line.split()[1:])) for line in lines.splitlines()}


@pytest.mark.parametrize(
    ("case", "driver", "charged", "used"),
    [
        ("did-not-grow", 0, 0, 0),
        ("grew", 32, 32, 32),
        ("took-more", 96, 96, 96),
        ("gave-back", 0, 0, 0),
        ("others-grew", 64, 64, 64),
    ],
)
def test_what_the_driver_has_is_what_is_charged(
    cases: dict[str, tuple[int, ...]], case: str, driver: int, charged: int, used: int
) -> None:
    assert cases[case] == (driver, charged, used)


def test_growth_that_is_reserved_for_and_not_settled_is_not_charged_twice(
    cases: dict[str, tuple[int, ...]],
) -> None:
    assert cases["in-flight"] == (64, 32, 64)


def test_nothing_is_released_while_somebody_counts_on_it(cases: dict[str, tuple[int, ...]]) -> None:
    assert cases["pinned"] == (0, 64, 64)
    assert cases["unpinned"] == (0, 0, 0)


def test_a_driver_that_does_not_say_keeps_its_charge(cases: dict[str, tuple[int, ...]]) -> None:
    assert cases["silent"] == (32, 32, 32)
