"""Each read and write as it stands on the wire, and each way the server says no."""

import base64

import pytest

from webhook.cluster.client import Cluster
from webhook.cluster.errors import ApiError
from webhook.cluster.objects import Configuration, Secret, get_or_none, post_binding

SECRET = "/api/v1/namespaces/tranche-system/secrets/tls"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tranche"
VALIDATING = CONFIGURATION.replace("mutating", "validating")


async def test_a_binding_is_one_post_with_its_annotations(api, cluster):
    path = "/api/v1/namespaces/team/pods/p/binding"
    api.answers["POST", path] = (201, {"status": "Success"})
    binding = {
        "metadata": {"name": "p", "namespace": "team", "uid": "u", "annotations": {"a": "b"}},
        "target": {"kind": "Node", "name": "n"},
    }
    await post_binding(cluster, binding)
    assert api.requests == [("POST", path, binding, "application/json")]


async def test_a_conflict_carries_the_servers_words(api, cluster):
    path = "/api/v1/namespaces/team/pods/p/binding"
    api.answers["POST", path] = (409, {"message": 'pod "p" is already assigned to node "m"'})
    with pytest.raises(ApiError, match="already assigned") as caught:
        await post_binding(cluster, {"metadata": {"name": "p", "namespace": "team"}})
    assert caught.value.status == 409


async def test_a_name_cannot_leave_its_place_in_the_path(api, cluster):
    with pytest.raises(ApiError):
        await post_binding(cluster, {"metadata": {"name": "../../x", "namespace": "a/b"}})
    assert api.requests[0][1].count("binding") == 1
    assert not api.requests[0][1].startswith("/api/v1/namespaces/x")


async def test_a_secret_is_read_with_its_version(api, cluster):
    data = {"tls.crt": base64.b64encode(b"pem").decode(), "odd": "%%%"}
    api.single[SECRET] = {"metadata": {"resourceVersion": "5"}, "data": data}
    stored = await Secret(cluster, "tranche-system", "tls").read()
    assert (stored.data, stored.version) == ({"tls.crt": b"pem"}, "5")


async def test_no_secret_is_none(cluster):
    assert await Secret(cluster, "tranche-system", "tls").read() is None


async def test_a_secret_is_replaced_only_at_the_version_seen(api, cluster):
    api.answers["PUT", SECRET] = (200, {})
    await Secret(cluster, "tranche-system", "tls").replace({"tls.crt": b"x"}, "5")
    manifest = api.requests[0][2]
    assert manifest["metadata"]["resourceVersion"] == "5"
    assert manifest["data"] == {"tls.crt": "eA=="}
    assert manifest["type"] == "kubernetes.io/tls"


async def test_a_bundle_goes_into_every_webhook_of_the_configuration_and_nowhere_else(api, cluster):
    api.single[CONFIGURATION] = {
        "metadata": {"resourceVersion": "9"},
        "webhooks": [
            {"name": "one", "clientConfig": {"service": {}}},
            {"name": "two", "clientConfig": {"caBundle": "b2xk"}},
        ],
    }
    api.answers["PATCH", CONFIGURATION] = (200, {})
    configuration = Configuration(cluster, "tranche")
    seen = await configuration.read()
    assert seen.bundles == (b"", b"old")
    await configuration.write(b"new", seen)
    _, _, patch, content_type = api.requests[-1]
    assert content_type == "application/json-patch+json"
    assert [(op["op"], op["path"], op["value"]) for op in patch] == [
        ("test", "/metadata/resourceVersion", "9"),
        ("test", "/webhooks/0/name", "one"),
        ("add", "/webhooks/0/clientConfig/caBundle", "bmV3"),
        ("test", "/webhooks/1/name", "two"),
        ("add", "/webhooks/1/clientConfig/caBundle", "bmV3"),
    ]


async def test_both_configurations_of_the_name_get_the_bundle(api, cluster):
    for path, version in ((CONFIGURATION, "9"), (VALIDATING, "4")):
        webhooks = [{"name": "one", "clientConfig": {}}]
        api.single[path] = {"metadata": {"resourceVersion": version}, "webhooks": webhooks}
        api.answers["PATCH", path] = (200, {})
    configuration = Configuration(cluster, "tranche")
    seen = await configuration.read()
    assert seen.bundles == (b"", b"")
    await configuration.write(b"new", seen)
    written = [(path, patch[0]["value"]) for method, path, patch, _ in api.requests if patch]
    assert written == [(CONFIGURATION, "9"), (VALIDATING, "4")]


async def test_a_server_that_is_not_there_is_an_api_error_without_status(cluster):
    cluster._api.configuration.host = "http://127.0.0.1:1"
    with pytest.raises(ApiError) as caught:
        await get_or_none(cluster, "/api/v1/namespaces/x")
    assert caught.value.status == 0


async def test_an_answer_that_is_no_object_is_an_api_error(api, cluster):
    api.single["/api/v1/namespaces/x"] = [1, 2]
    with pytest.raises(ApiError, match="not an object"):
        await get_or_none(cluster, "/api/v1/namespaces/x")


async def test_a_refusal_that_is_no_json_is_quoted_in_part(api, cluster):
    api.answers["GET", "/api/v1/x"] = (502, "x" * 5000)
    with pytest.raises(ApiError) as caught:
        await cluster.call("GET", "/api/v1/x")
    assert len(caught.value.reason) <= 500


async def test_outside_a_cluster_and_without_a_kubeconfig_it_says_so(monkeypatch, tmp_path):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ApiError, match="no way to reach"):
        await Cluster.connect()
    with pytest.raises(ApiError, match="no way to reach"):
        await Cluster.connect(tmp_path / "missing")


async def test_a_kubeconfig_names_the_server(api, aiohttp_server_port, tmp_path):
    _, port = aiohttp_server_port
    api.single["/api/v1/namespaces/x"] = {"metadata": {"name": "x"}}
    file = tmp_path / "config"
    file.write_text(f"""
apiVersion: v1
kind: Config
current-context: c
contexts: [{{name: c, context: {{cluster: k, user: u}}}}]
clusters: [{{name: k, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: u, user: {{token: t}}}}]
""")
    cluster = await Cluster.connect(file)
    try:
        assert await get_or_none(cluster, "/api/v1/namespaces/x") == {"metadata": {"name": "x"}}
    finally:
        await cluster.close()


async def test_a_stream_that_falls_silent_ends(api, cluster):
    """Also when the peer sends what is no HTTP, of which aiohttp does not tell its reader."""
    api.page = 1
    async with cluster.stream(
        "/api/v1/things", {"watch": "true", "resourceVersion": "10"}, silence=5
    ) as chunks:
        await api.put("a")
        assert await anext(chunks)
    async with cluster.stream(
        "/api/v1/things", {"watch": "true", "resourceVersion": "11"}, silence=0.05
    ) as chunks:
        assert [chunk async for chunk in chunks] == []
