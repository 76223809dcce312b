"""What a platform team sets: over the cluster's, and wrong only for those who need it."""

import pytest

from tranche.words.errors import Refusal
from tranche.words.limits import check_limits
from tranche.words.namespace import parse_rules, read_rules
from tranche.words.pod import Member, Role
from tranche.words.request import Mebibytes, Model, Placing, Slice
from tranche.words.sentence import parse_sentence

APP = (Member("main", Role.APP),)


def rules(**values: str):
    return read_rules({f"tranche.dev/{key}": value for key, value in values.items()})


def held(ask: str, **values: str) -> str:
    """The refusal, or nothing."""
    try:
        check_limits(rules(**values), APP, {"main": parse_sentence(ask)})
    except Refusal as refusal:
        return str(refusal)
    return ""


def test_each_annotation_is_read():
    read = rules(
        default="3000Mi on A100",
        adopt="true",
        max="40Gi and 50% cores",
        models="A100, V100 or T4",
        policy="spread node-binpack same-numa",
        quota="100Gi",
    )
    assert read.default.amount == Slice(Mebibytes(3000))
    assert read.adopt
    assert (read.max_mib, read.max_cores, read.quota) == (40960, 50, 102400)
    assert read.models == (Model(("a100",)), Model(("v100",)), Model(("t4",)))
    assert read.policy.card_policy is Placing.SPREAD
    assert read.policy.node_policy is Placing.BINPACK
    assert not read.faults


def test_the_namespace_wins_over_the_cluster_and_its_default_is_filled_from_it():
    read = read_rules(
        {"tranche.dev/default": "3000Mi", "tranche.dev/adopt": "false"},
        {"default": "1Gi and 20% cores on A100", "adopt": "true", "max": "8Gi"},
    )
    assert read.default.amount == Slice(Mebibytes(3000), 20)
    assert read.default.models == (Model(("a100",)),)
    assert not read.adopt
    assert read.max_mib == 8192


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("default", "3000", "write 3000Mi or 3000Gi"),
        ("adopt", "yes", "neither true nor false"),
        ("max", "50%", "40Gi and 50% cores"),
        ("max", "40Gi on A100", "a maximum is memory, cores or both"),
        ("models", "6000", "several models"),
        ("models", "A100 spread", '"or" and a model'),
        ("policy", "3000Mi spread", "not a policy"),
        ("policy", "random", "random"),
        ("quota", "100GB", "write 100Gi"),
        ("default", "1Gi " * 200, "longer than 512 characters"),
    ],
)
def test_a_wrong_annotation_is_a_fault_of_its_own_key(key: str, value: str, says: str):
    read = rules(**{key: value})
    read.require(*({"default", "adopt", "max", "models", "policy", "quota"} - {key}))
    with pytest.raises(Refusal) as refused:
        read.require(key)
    assert str(refused.value).startswith(f"namespace annotation tranche.dev/{key}: ")
    assert says in str(refused.value)


def test_those_who_hold_the_law_read_all_that_binds_or_nothing():
    assert parse_rules({"tranche.dev/quota": "1Gi", "tranche.dev/default": "3000"}).quota == 1024
    with pytest.raises(Refusal, match=r"tranche\.dev/quota"):
        parse_rules({"tranche.dev/quota": "1GB"})


def test_the_maximum_counts_all_cards_of_all_containers_that_run_at_one_time():
    members = (Member("first", Role.INIT), Member("main", Role.APP), Member("side", Role.APP))
    limit = rules(max="10Gi")
    asks = {"first": "10Gi", "main": "2 x 4Gi", "side": "2Gi"}
    check_limits(limit, members, {name: parse_sentence(ask) for name, ask in asks.items()})
    asks["side"] = "2049Mi"
    with pytest.raises(Refusal, match="asks 10241 MiB at one time"):
        check_limits(limit, members, {name: parse_sentence(ask) for name, ask in asks.items()})


def test_a_maximum_of_cores_binds_those_who_do_not_say_theirs():
    assert "asks for all that is free" in held("1Gi", max="50% cores")
    assert "asks for 100%" in held("whole", max="50% cores")
    assert "asks for 51%" in held("1Gi and 51% cores", max="50% cores")
    assert held("1Gi and 50% cores", max="50% cores") == ""


def test_only_the_models_allowed_may_be_asked():
    assert held("1Gi on A100", models="A100 or V100") == ""
    assert held("1Gi on A100 80G", models="A100") == ""
    assert 'write "on A100 80G"' in held("1Gi on A100", models="A100 80G")
    assert "asks for H100" in held("1Gi on A100 or H100", models="A100")
    assert "asks for any model" in held("1Gi", models="A100")
