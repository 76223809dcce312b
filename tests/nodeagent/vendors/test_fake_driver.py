"""The real `pynvml` on the project's fake driver, found under a root of its own."""

import shutil
from pathlib import Path

import pytest

from nodeagent.vendors.nvidia import Nvidia
from tranche.words.cards import Card

REPOSITORY = Path(__file__).parents[3]
LIBRARY = REPOSITORY / "build" / "fakes" / "lib" / "libnvidia-ml.so.1"
CARDS = REPOSITORY / "interposer" / "fakes" / "cards" / "A100-80"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A driver of two A100s; `make native` builds it."""
    folder = tmp_path / "usr" / "lib" / "x86_64-linux-gnu"
    folder.mkdir(parents=True)
    shutil.copy(LIBRARY, folder)
    (tmp_path / "etc" / "fakegpu").mkdir(parents=True)
    shutil.copy(CARDS, tmp_path / "etc" / "fakegpu" / "cards")
    (tmp_path / "dev").mkdir()
    for minor in (0, 1):
        (tmp_path / "dev" / f"nvidia{minor}").touch()
    return tmp_path


def test_its_cards_are_found_and_well(root: Path):
    vendor = Nvidia(root)
    try:
        cards = [found.card for found in vendor.look()]
    finally:
        vendor.close()
    assert cards == [
        Card(
            uuid=f"GPU-a180000{number}-1111-2222-3333-00000000000{number}",
            vendor="nvidia",
            model="NVIDIA A100-SXM4-80GB",
            mib=81920,
            numa=number,
            holds=("interposer",),
        )
        for number in (0, 1)
    ]


def test_a_driver_that_is_taken_away_leaves_its_cards_listed_and_not_healthy(root: Path):
    vendor = Nvidia(root)
    try:
        assert [found.card.healthy for found in vendor.look()] == [True, True]
        vendor.close()
        (root / "usr/lib/x86_64-linux-gnu" / LIBRARY.name).unlink()
        assert [found.card.healthy for found in vendor.look()] == [False, False]
    finally:
        vendor.close()


@pytest.fixture
def faults(root: Path) -> Path:
    """The driver's faults, none yet; see `interposer/fakes/faults.h`."""
    path = root / "etc/fakegpu/faults"
    path.write_text("")
    return path


@pytest.mark.parametrize(
    ("fault", "ailment"),
    [
        ("xid GPU-a1800001-1111-2222-3333-000000000001 79", "XID 79"),
        ("lost GPU-a1800001-1111-2222-3333-000000000001", "no longer lists"),
    ],
)
def test_a_card_that_falls_ill_is_not_healthy_and_its_neighbour_is(
    root: Path, faults: Path, fault: str, ailment: str
):
    vendor = Nvidia(root)
    try:
        assert [found.card.healthy for found in vendor.look()] == [True, True]
        faults.write_text(fault)
        well, ill = vendor.look()
        assert (well.card.healthy, ill.card.healthy) == (True, False)
        assert ailment in ill.ailment
    finally:
        vendor.close()


def test_a_program_s_own_fault_is_not_the_cards(root: Path, faults: Path):
    vendor = Nvidia(root)
    try:
        vendor.look()
        faults.write_text("xid GPU-a1800001-1111-2222-3333-000000000001 43")
        assert all(found.card.healthy for found in vendor.look())
    finally:
        vendor.close()
