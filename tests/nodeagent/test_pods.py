"""What is read of a pod, and what the book of pods answers."""

from typing import Any

import pytest

from nodeagent.pods import PodBook, read_pod
from tests.nodeagent.machine import raw_pod


def with_status(name: str, **status: Any) -> dict[str, Any]:
    return raw_pod(name, {"main": 1}) | {"status": status}


def test_containers_are_known_by_the_engines_ids_once_they_were_started():
    pod = with_status(
        "one",
        initContainerStatuses=[{"name": "first", "containerID": "containerd://aaa"}],
        containerStatuses=[
            {"name": "main", "containerID": "cri-o://bbb"},
            {"name": "side", "containerID": ""},
            {"name": "late"},
        ],
    )
    assert read_pod(pod).containers == {"aaa": "first", "bbb": "main"}


@pytest.mark.parametrize("status", [{}, {"containerStatuses": None}, {"containerStatuses": []}])
def test_a_pod_that_was_never_started_has_none(status: dict[str, Any]):
    assert read_pod(with_status("one", **status)).containers == {}


def test_the_book_names_the_containers_of_the_pods_that_it_is_asked_for():
    book = PodBook()
    for name in ("one", "two"):
        status = [{"name": "main", "containerID": f"containerd://{name}"}]
        book.put(read_pod(with_status(name, containerStatuses=status)))
    assert book.container_names(["uid-one", "uid-gone"]) == {"one": "main"}
