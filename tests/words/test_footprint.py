"""What a pod takes of a card is the most of any phase of its life."""

from hypothesis import given
from hypothesis import strategies as st

from tranche.words.assignment import Grant
from tranche.words.pod import Member, Role, Use, footprint, members_of, phases


def grants(**mib: int) -> dict[str, tuple[Grant, ...]]:
    return {name: (Grant("A", amount),) for name, amount in mib.items()}


def test_app_containers_add_up():
    members = (Member("one", Role.APP), Member("two", Role.APP))
    assert footprint(members, grants(one=3000, two=2000)) == {"A": Use(5000, 0, 2)}


def test_an_init_container_gives_back_before_the_next_starts():
    members = (Member("a", Role.INIT), Member("b", Role.INIT), Member("main", Role.APP))
    assert footprint(members, grants(a=4000, b=1000, main=3000))["A"].mib == 4000


def test_a_sidecar_stays_beside_all_that_starts_after_it():
    members = (
        Member("before", Role.INIT),
        Member("proxy", Role.SIDECAR),
        Member("after", Role.INIT),
        Member("main", Role.APP),
    )
    held = footprint(members, grants(before=9000, proxy=500, after=2000, main=1000))
    assert held["A"].mib == 9000
    assert footprint(members, grants(before=100, proxy=500, after=2000, main=1000))["A"].mib == 2500


def test_promised_cores_and_open_holders_are_counted_apart():
    members = (Member("one", Role.APP), Member("two", Role.APP))
    given_ = {"one": (Grant("A", 1, 30),), "two": (Grant("A", 1),)}
    assert footprint(members, given_) == {"A": Use(2, 30, 1)}


def test_a_container_with_two_cards_counts_on_both():
    members = (Member("main", Role.APP),)
    assert footprint(members, {"main": (Grant("A", 5), Grant("B", 5))}) == {
        "A": Use(5, 0, 1),
        "B": Use(5, 0, 1),
    }


def test_roles_are_read_from_a_raw_spec_in_order():
    spec = {
        "initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always"}],
        "containers": [{"name": "c"}],
        "ephemeralContainers": [{"name": "debug"}],
    }
    assert members_of(spec) == (
        Member("i", Role.INIT),
        Member("s", Role.SIDECAR),
        Member("c", Role.APP),
    )


members = st.lists(st.sampled_from(Role), min_size=1, max_size=8).map(
    lambda roles: tuple(Member(f"c{i}", role) for i, role in enumerate(roles))
)


@given(members, st.lists(st.integers(1, 100), min_size=8, max_size=8))
def test_no_phase_takes_more_than_the_footprint(pod: tuple[Member, ...], sizes: list[int]):
    held = {m.name: (Grant("A", size),) for m, size in zip(pod, sizes, strict=False)}
    most = max(sum(held[name][0].mib for name in names) for names in phases(pod))
    assert footprint(pod, held).get("A", Use()).mib == most


@given(members)
def test_every_container_runs_in_some_phase(pod: tuple[Member, ...]):
    assert {name for names in phases(pod) for name in names} == {m.name for m in pod}
