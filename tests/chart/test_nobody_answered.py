"""With the webhook down, pods that ask for a card are refused and no other.

Asked of a real API server.
"""

from typing import Any

import pytest

from tests.chart.api_server import ApiServer
from tests.chart.objects import pod, pods_path

MESSAGE = (
    "Tranche's webhook did not answer, so this pod cannot get its accelerator: check "
    "`kubectl -n tranche-system get pods -l app.kubernetes.io/component=webhook`; "
    "pods without accelerators are not affected"
)


def limited(**containers: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "image": "x", "resources": {"limits": limits}}
        for name, limits in containers.items()
    ]


@pytest.mark.parametrize(
    "manifest",
    [
        pod(annotations={"tranche.dev/gpu": "3000Mi"}),
        pod(annotations={"tranche.dev/gpu.main": "3000Mi"}),
        pod(annotations={"tranche.dev/gpu.no-such-container": "3000Mi"}),
        *(pod(labels={f"tranche.dev/{word}": "1"}) for word in ("gpu", "memory", "cores", "count")),
        pod(labels={"tranche.dev/model": "A100"}),
        pod(limits={"nvidia.com/gpu": "1"}),
        pod(limits={"nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000"}),
        pod(limits={"nvidia.com/gpumem-percentage": "50"}),
        pod(limits={"nvidia.com/gpucores": "50"}),
        pod(initContainers=limited(first={"nvidia.com/gpu": "1"})),
        pod(containers=limited(a={"cpu": "1"}, b={"nvidia.com/gpu": "2"})),
    ],
)
def test_a_pod_that_asks_is_told_what_is_down(server: ApiServer, manifest: dict[str, Any]):
    answer = server.call("POST", pods_path(), manifest)
    assert answer.status == 403
    assert MESSAGE in answer.message


@pytest.mark.parametrize(
    "manifest",
    [
        pod(),
        pod(annotations={}, labels={}, limits={}),
        pod(annotations={"tranche.dev/note": "asks for nothing"}),
        pod(annotations={"tranche.dev/gpus": "no word of ours"}),
        pod(labels={"tranche.dev/team": "vision"}),
        pod(limits={"cpu": "1", "memory": "1Gi"}),
        pod(limits={"nvidia.com/gpu": "0"}),
        pod(limits={"nvidia.com/mig-1g.10gb": "1"}),
        pod(limits={"amd.com/gpu": "1"}),
        pod(initContainers=[{"name": "i", "image": "x"}], nodeName="somewhere"),
    ],
)
def test_any_other_pod_is_created_as_ever(server: ApiServer, manifest: dict[str, Any]):
    answer = server.call("POST", pods_path(), manifest)
    assert answer.status == 201, answer.message


def test_a_pod_that_the_webhook_read_is_created(server: ApiServer):
    read = pod(
        annotations={"tranche.dev/gpu": "3000Mi", "tranche.dev/slices": '{"main":"3000Mi"}'},
        schedulerName="tranche-scheduler",
        limits={"nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000"},
    )
    answer = server.call("POST", pods_path(), read)
    assert answer.status == 201, answer.message


def test_a_pod_of_very_many_annotations_is_not_held_up(server: ApiServer):
    """The policy must not run out of its budget; by hand it held for all that 256 KiB can hold."""
    annotations = {f"{n:x}": "" for n in range(20_000)}
    answer = server.call("POST", pods_path(), pod(annotations=annotations))
    assert answer.status == 201, answer.message[:500]


def test_a_hundred_containers_do_not_hold_a_pod_up(server: ApiServer):
    limits = {f"example.com/{n}": "1" for n in range(20)}
    containers = limited(**{f"c{n}": limits for n in range(100)})
    answer = server.call("POST", pods_path(), pod(containers=containers))
    assert answer.status == 201, answer.message[:500]
