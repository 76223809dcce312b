"""Which cards a node has is said by the agent on it and no other; asked of a real API server."""

from collections.abc import Iterator

import pytest

from tests.chart.api_server import ApiServer, As
from tests.chart.objects import node

NODES = "/api/v1/nodes"
CARDS = {"metadata": {"annotations": {"tranche.dev/cards": '{"v":1}'}}}
NO_CARDS = {"metadata": {"annotations": {"tranche.dev/cards": None}}}
ACCOUNT = "system:serviceaccount:tranche-system:tranche"
SAID_BY = "authentication.kubernetes.io/node-name"
AGENT = As(f"{ACCOUNT}-agent", extra={SAID_BY: "n1"})
NEIGHBOUR = As(f"{ACCOUNT}-agent", extra={SAID_BY: "n2"})
ADMIN = As("admin", groups=("system:masters",))
OPERATOR = As("operator")
REFUSED = "only Tranche's agent on that node writes it"


@pytest.fixture
def n1(server: ApiServer) -> Iterator[str]:
    """The path of node n1, whose agent said what it has; an operator may patch nodes."""
    rights = "/apis/rbac.authorization.k8s.io/v1"
    role = {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "patch"]}
    server.call(
        "POST", f"{rights}/clusterroles", {"metadata": {"name": "operator"}, "rules": [role]}
    )
    of = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "operator"}
    users = ("operator", f"{ACCOUNT}-uninstall")
    group = "rbac.authorization.k8s.io"
    server.call(
        "POST",
        f"{rights}/clusterrolebindings",
        {
            "metadata": {"name": "operator"},
            "roleRef": of,
            "subjects": [{"apiGroup": group, "kind": "User", "name": name} for name in users],
        },
    )
    about = {"annotations": {"example.com/rack": "7"}, "labels": {"zone": "a"}}
    server.call("POST", NODES, node("n1", **about))
    path = f"{NODES}/n1"
    answer = server.merge(path, CARDS, who=AGENT)
    assert answer.status == 200, answer.message
    yield path
    server.call("DELETE", path)


def test_the_agent_says_what_its_node_has(server: ApiServer, n1: str):
    for cards in ('{"v":2}', None):
        patch = {"metadata": {"annotations": {"tranche.dev/cards": cards}}}
        answer = server.merge(n1, patch, who=AGENT)
        assert answer.status == 200, answer.message


def test_an_agent_without_a_nodes_name_in_its_token_is_believed(server: ApiServer, n1: str):
    """API servers can be told to leave it out."""
    changed = {"metadata": {"annotations": {"tranche.dev/cards": "2"}}}
    assert server.merge(n1, changed, who=As(f"{ACCOUNT}-agent")).status == 200


@pytest.mark.parametrize("who", [NEIGHBOUR, ADMIN, OPERATOR], ids=lambda who: who.user)
def test_nobody_else_says_it(server: ApiServer, n1: str, who: As):
    changed = {"metadata": {"annotations": {"tranche.dev/cards": "2"}}}
    answer = server.merge(n1, changed, who=who)
    assert answer.status == 403
    assert REFUSED in answer.message


def test_not_by_way_of_the_nodes_status(server: ApiServer, n1: str):
    changed = {"metadata": {"annotations": {"tranche.dev/cards": "2"}}}
    answer = server.merge(f"{n1}/status", changed)
    assert answer.status == 403
    assert REFUSED in answer.message


def test_a_new_node_has_not_said_anything_yet(server: ApiServer):
    answer = server.call("POST", NODES, node("n3", annotations={"tranche.dev/cards": "{}"}))
    assert answer.status == 403
    assert REFUSED in answer.message


@pytest.mark.parametrize(
    ("who", "status"),
    [(As(f"{ACCOUNT}-uninstall"), 200), (ADMIN, 200), (OPERATOR, 403), (NEIGHBOUR, 403)],
    ids=lambda value: getattr(value, "user", value),
)
def test_who_may_take_it_off(server: ApiServer, n1: str, who: As, status: int):
    """Uninstalling may, and whoever may delete the node."""
    assert server.merge(n1, NO_CARDS, who=who).status == status


def test_uninstalling_takes_off_and_does_not_put_on(server: ApiServer, n1: str):
    changed = {"metadata": {"annotations": {"tranche.dev/cards": "2"}}}
    assert server.merge(n1, changed, who=As(f"{ACCOUNT}-uninstall")).status == 403


@pytest.mark.parametrize(
    "patch",
    [
        {"metadata": {"labels": {"zone": "b"}}},
        {"metadata": {"labels": {"new": "b"}}},
        {"metadata": {"annotations": {"example.com/rack": "8"}}},
        {"metadata": {"annotations": {"example.com/rack": None}}},
        {"metadata": {"annotations": {"example.com/new": "1"}}},
        {"metadata": {"finalizers": ["example.com/held"]}},
        {"spec": {"unschedulable": True}},
        {"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}},
    ],
    ids=str,
)
def test_the_agent_changes_nothing_else(server: ApiServer, n1: str, patch: dict[str, object]):
    answer = server.merge(n1, patch, who=AGENT)
    assert answer.status == 403
    assert "may change nothing of a node but the annotation tranche.dev/cards" in answer.message


def test_everybody_else_goes_on_as_before(server: ApiServer, n1: str):
    for patch in (
        {"metadata": {"labels": {"zone": "b"}, "annotations": {"example.com/new": "1"}}},
        {"spec": {"unschedulable": True}},
    ):
        for who in (OPERATOR, ADMIN):
            answer = server.merge(n1, patch, who=who)
            assert answer.status == 200, answer.message
    beat = {"status": {"allocatable": {"nvidia.com/gpu": "100"}}}
    assert server.merge(f"{n1}/status", beat).status == 200
    assert server.call("POST", NODES, node("n4")).status == 201
    assert server.call("DELETE", f"{NODES}/n4").status == 200
