"""Where a namespace's words come from when a pod arrives."""

import pytest

from webhook.cluster.errors import ApiError
from webhook.namespaces import Namespaces


def raw(name, **annotations):
    return {
        "metadata": {
            "name": name,
            "annotations": {f"tranche.dev/{key}": value for key, value in annotations.items()},
        }
    }


class Api:
    def __init__(self):
        self.answers = {}
        self.asked = []

    async def __call__(self, name):
        self.asked.append(name)
        answer = self.answers.get(name)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def told():
    return {}


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def namespaces(api, told):
    return Namespaces(api, told.__setitem__, told.__delitem__)


def test_only_our_own_annotations_are_kept_and_passed_on(namespaces, told):
    team = raw("team", default="2Gi")
    team["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied"] = "x" * 9999
    namespaces.put(team)
    assert namespaces.get("team") == told["team"] == {"tranche.dev/default": "2Gi"}


def test_a_namespace_that_says_nothing_is_known_all_the_same(namespaces):
    namespaces.put({"metadata": {"name": "plain"}})
    assert namespaces.get("plain") == {}
    assert namespaces.get("unseen") is None


def test_a_deleted_namespace_is_forgotten(namespaces, told):
    namespaces.put(raw("team", default="2Gi"))
    namespaces.gone("team")
    namespaces.gone("never seen")
    assert namespaces.get("team") is None
    assert told == {}


async def test_one_that_the_watch_has_not_shown_is_asked_for(namespaces, api):
    api.answers["new"] = raw("new", max="4Gi")
    assert await namespaces.ask("new") == {"tranche.dev/max": "4Gi"}


async def test_one_that_does_not_exist_says_nothing(namespaces):
    assert await namespaces.ask("absent") == {}


@pytest.mark.parametrize("error", [ApiError(0, "refused"), TimeoutError()])
async def test_without_an_answer_nothing_is_assumed(namespaces, api, error):
    api.answers["new"] = error
    assert await namespaces.ask("new") is None


@pytest.mark.parametrize("name", ["../pods", "a/b", "", "UPPER", "a" * 64, "a\n"])
async def test_what_cannot_be_a_name_never_reaches_a_path(namespaces, api, name):
    assert await namespaces.ask(name) == {}
    assert api.asked == []
