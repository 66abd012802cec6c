"""Each promise of the gateway, proved by a real Envoy in front of a real app."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from taxlien.services.gateway.logic.envoy import Doors, Upstream, envoy_config
from taxlien.services.gateway.logic.envoy_identity import Tokens
from taxlien.services.gateway.logic.envoy_quotas import Quotas
from taxlien.services.gateway.logic.routes import ROUTES, Route, services_of

ENVOY_ARGUMENTS = ("--mode", "validate", "--disable-hot-restart", "-l", "warning", "-c")
ORIGIN = {"origin": "https://app.example.com"}


def problem_of(response: httpx2.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body["errors"] == []
    assert body["type"] == f"urn:taxlien:problem:{body['code']}"
    assert body["request_id"] == response.headers["x-request-id"]
    return body


@pytest.mark.parametrize("http2", [False, True])
async def test_envoy_accepts_the_product_s_table_without_a_warning(
    tmp_path: Path, envoy_program: str, http2: bool
) -> None:
    config = tmp_path / "envoy.json"
    upstreams = {
        name: Upstream(f"{name}.internal", 8000, http2=http2) for name in services_of(ROUTES)
    }
    doors = Doors(gateway_secret="s" * 32, tokens=Tokens(), quotas=Quotas())
    config.write_text(envoy_config(port=8080, admin_port=9901, upstreams=upstreams, doors=doors))
    process = await asyncio.create_subprocess_exec(
        envoy_program, *ENVOY_ARGUMENTS, str(config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert said.decode().strip().endswith("OK")
    # While it validates, nobody is there to give it keys.
    complaints = [line for line in said.decode().splitlines() if "warning" in line]
    assert all("jwks_async_fetcher" in line for line in complaints), said.decode()


def test_a_service_without_an_address_is_named() -> None:
    known = {name: Upstream("h", 1) for name in services_of(ROUTES) if name != "search"}
    with pytest.raises(KeyError, match="search"):
        envoy_config(port=1, upstreams=known)


async def test_the_gateway_itself_says_that_it_lives(client: Any, backend: Any) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})
    assert response.headers["content-type"] == "application/json"
    assert backend.seen == []


async def test_requests_reach_their_service_with_path_and_query(client: Any, backend: Any) -> None:
    assert (await client.get("/v1/things/7?a=1&b=%20")).json() == {"ok": True}
    assert (await client.get("/")).status_code == 200
    first, second = backend.seen
    assert (first.path, first.query) == ("/v1/things/7", "a=1&b=%20")
    assert second.path == "/"


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/v1", "/v1/thingsandmore", "/internal/liens", "/internal", "/metrics",
     "/v1/things/../../internal/liens", "/v1/things/..//..//internal", "//internal", "/./internal"],
)  # fmt: skip
async def test_unknown_and_internal_paths_are_a_problem_404(
    gateway: Any, client: Any, backend: Any, path: str
) -> None:
    response = await client.get(httpx2.URL(gateway.url).copy_with(raw_path=path.encode()))
    assert problem_of(response)["code"] == "not_found"
    assert backend.seen == []


@pytest.mark.parametrize("path", ["/v1/things/..%2f..%2finternal", "/v1/things%5c..%5cinternal"])
async def test_escaped_slashes_are_refused(
    gateway: Any, client: Any, backend: Any, path: str
) -> None:
    response = await client.get(httpx2.URL(gateway.url).copy_with(raw_path=path.encode()))
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert backend.seen == []


async def test_a_method_the_table_does_not_name_is_a_problem_405(client: Any, backend: Any) -> None:
    response = await client.post("/v1/things/public", json={})
    assert problem_of(response)["code"] == "method_not_allowed"
    assert response.headers["allow"] == "GET, HEAD"
    assert backend.seen == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_idempotent_requests_are_tried_again(client: Any, backend: Any, method: str) -> None:
    backend.statuses = [503, 500]
    assert (await client.request(method, "/v1/things/1")).status_code == 200
    assert len(backend.seen) == 3


async def test_they_are_tried_three_times_and_no_more(client: Any, backend: Any) -> None:
    backend.statuses = [503] * 9
    assert (await client.get("/v1/things/1")).status_code == 503
    assert len(backend.seen) == 3


async def test_a_post_is_sent_once(client: Any, backend: Any) -> None:
    backend.statuses = [503]
    assert (await client.post("/v1/things", json={})).status_code == 503
    assert len(backend.seen) == 1


async def test_a_refusal_of_the_service_is_passed_on_as_it_is(client: Any, backend: Any) -> None:
    backend.statuses = [422]
    backend.media_type = b"application/problem+json"
    backend.body = b'{"code":"invalid_input"}'
    response = await client.get("/v1/things/1")
    assert (response.status_code, response.json()) == (422, {"code": "invalid_input"})
    assert len(backend.seen) == 1


async def test_a_slow_service_is_a_problem_504(client: Any, backend: Any) -> None:
    backend.hang = asyncio.Event()
    response = await client.get("/v1/things/hurried")
    backend.hang.set()
    assert problem_of(response)["code"] == "timeout"


async def test_a_service_that_is_gone_is_a_problem_503(client: Any) -> None:
    response = await client.get("/v1/gone/1?owner=jane")
    body = problem_of(response)
    assert body["code"] == "unavailable"
    assert body["instance"] == "/v1/gone/1"


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_route_s_limit_is_a_problem_413(
    client: Any, backend: Any, declared: bool
) -> None:
    async def pieces() -> Any:
        for _ in range(21):
            yield b"x" * 100

    content = b"x" * 2001 if declared else pieces()
    response = await client.post("/v1/things", content=content)
    assert problem_of(response)["code"] == "body_too_large"
    assert backend.seen == []
    fits = await client.post("/v1/things", content=b"x" * 2000)
    assert fits.status_code == 200
    assert backend.seen[0].body == b"x" * 2000


async def test_a_request_id_is_made_passed_on_and_returned(client: Any, backend: Any) -> None:
    made = await client.get("/v1/things/1")
    given = await client.get("/v1/things/1", headers={"x-request-id": "mine-1"})
    local = await client.get("/nothing", headers={"x-request-id": "mine-2"})
    assert len(made.headers["x-request-id"]) == 36
    assert backend.seen[0].headers["x-request-id"] == made.headers["x-request-id"]
    assert backend.seen[1].headers["x-request-id"] == given.headers["x-request-id"] == "mine-1"
    assert local.headers["x-request-id"] == "mine-2"


async def test_a_trace_passes_through(client: Any, backend: Any) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    backend.headers = [(b"x-trace-id", b"0af7651916cd43dd8448eb211c80319c")]
    response = await client.get("/v1/things/1", headers={"traceparent": parent})
    assert backend.seen[0].headers["traceparent"] == parent
    assert response.headers["x-trace-id"] == "0af7651916cd43dd8448eb211c80319c"


async def test_security_headers_are_on_every_answer_and_the_service_may_say_its_own(
    client: Any, backend: Any
) -> None:
    backend.headers = [
        (b"content-security-policy", b"default-src 'self'"),
        (b"x-powered-by", b"py"),
    ]
    served = await client.get("/v1/things/1")
    refused = await client.get("/nothing")
    for response in (served, refused, await client.get("/healthz")):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["strict-transport-security"].startswith("max-age=")
        assert response.headers["server"] == "taxlien"
        assert not [name for name in response.headers if name.startswith("x-envoy")]
    assert served.headers["content-security-policy"] == "default-src 'self'"
    assert refused.headers["content-security-policy"].startswith("default-src 'none'")
    assert "x-powered-by" not in served.headers


async def test_a_preflight_is_answered_by_the_gateway(client: Any, backend: Any) -> None:
    response = await client.options(
        "/v1/things/1", headers={**ORIGIN, "access-control-request-method": "POST"}
    )
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert "idempotency-key" in response.headers["access-control-allow-headers"]
    assert response.headers["access-control-max-age"] == "600"
    assert backend.seen == []


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        ("/v1/things/1", "https://app.example.com", True),
        ("/v1/things/1", "https://evil.example.com", False),
        ("/v1/own", "https://app.example.com", False),
    ],
)
async def test_only_pages_of_allowed_origins_may_read(
    client: Any, path: str, origin: str, allowed: bool
) -> None:
    response = await client.get(path, headers={"origin": origin})
    assert ("access-control-allow-origin" in response.headers) is allowed
    if allowed:
        assert response.headers["access-control-allow-credentials"] == "true"
        assert "x-request-id" in response.headers["access-control-expose-headers"]


async def test_where_every_page_may_read_none_may_send_cookies(
    run_envoy: Any, running_backend: Any
) -> None:
    route = Route(path="/v1/things", service="things")
    upstreams = {"things": Upstream("127.0.0.1", running_backend[1])}
    for origins in (["*"], ["https://app.example.com", "*"]):
        envoy = await run_envoy(
            upstreams=upstreams, routes=(route,), doors=Doors(cors_origins=origins)
        )
        async with httpx2.AsyncClient(base_url=envoy.url, trust_env=False) as client:
            response = await client.get("/v1/things", headers=ORIGIN)
        assert "access-control-allow-origin" in response.headers
        assert "access-control-allow-credentials" not in response.headers


async def test_a_page_may_send_what_the_refresh_cookie_needs_and_read_what_is_left(
    client: Any,
) -> None:
    asks = {
        **ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-requested-with,content-type",
    }
    answer = await client.options("/v1/auth/refresh", headers=asks)
    assert "x-requested-with" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-credentials"] == "true"
    read = await client.post("/v1/auth/refresh", headers=ORIGIN)
    exposed = read.headers["access-control-expose-headers"]
    assert {"ratelimit", "ratelimit-policy", "retry-after", "etag"} <= set(exposed.split(", "))


@pytest.mark.parametrize("coding", ["gzip", "br"])
@pytest.mark.parametrize("media_type", [b"application/json", b"application/json; charset=utf-8"])
async def test_json_is_compressed(
    client: Any, backend: Any, coding: str, media_type: bytes
) -> None:
    backend.media_type = media_type
    backend.body = json.dumps([{"state": "FL"}] * 500).encode()
    async with client.stream(
        "GET", "/v1/things/1", headers={"accept-encoding": coding}
    ) as response:
        raw = b"".join([piece async for piece in response.aiter_raw()])
    assert response.headers["content-encoding"] == coding
    assert "accept-encoding" in response.headers["vary"].lower()
    assert len(raw) < len(backend.body) / 10
    if coding == "gzip":
        assert gzip.decompress(raw) == backend.body


async def test_small_answers_and_pictures_are_not_compressed(client: Any, backend: Any) -> None:
    small = await client.get("/v1/things/1", headers={"accept-encoding": "gzip"})
    backend.body = b"\x89PNG" * 1000
    backend.media_type = b"image/png"
    picture = await client.get("/v1/things/1", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in small.headers
    assert "content-encoding" not in picture.headers


async def test_the_cache_class_is_said_unless_the_service_says_its_own(
    client: Any, backend: Any
) -> None:
    said = await client.get("/v1/things/public")
    unkept = await client.get("/v1/things/1")
    never = await client.get("/v1/auth/me")
    backend.headers = [(b"cache-control", b"no-store")]
    own = await client.get("/v1/things/public")
    assert said.headers["cache-control"] == "public, max-age=3600"
    assert unkept.headers["cache-control"] == "no-cache"
    assert never.headers["cache-control"] == "no-store"
    assert own.headers["cache-control"] == "no-store"


async def test_an_answer_to_somebody_signed_in_is_never_public(
    client: Any, backend: Any, signer: Any
) -> None:
    backend.headers = [(b"cache-control", b"public, max-age=9")]
    headers = {"authorization": f"Bearer {signer.token()}"}
    answer = await client.get("/v1/things/public", headers=headers)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")


async def test_what_the_gateway_refuses_itself_is_never_kept(client: Any) -> None:
    headers = {"authorization": "Bearer a.b.c"}
    refused = await client.get("/v1/things/public", headers=headers)
    gone = await client.get("/v1/gone")
    assert [refused.status_code, gone.status_code] == [401, 503]
    assert refused.headers["cache-control"] == gone.headers["cache-control"] == "no-store"
    assert gone.headers["retry-after"] == "1"


@pytest.mark.parametrize("path", ["/v1/things/1", "/v1/things/public", "/"])
async def test_head_is_answered_wherever_get_is(client: Any, backend: Any, path: str) -> None:
    response = await client.head(path)
    assert (response.status_code, response.content) == (200, b"")
    assert backend.seen[0].method == "HEAD"


async def test_a_weak_tag_survives_compression(client: Any, backend: Any) -> None:
    backend.headers = [(b"etag", b'W/"abc"')]
    backend.body = b"[" + b"1," * 2000 + b"1]"
    response = await client.get("/v1/things/1", headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["etag"] == 'W/"abc"'


async def test_administration_never_shows_the_secret(
    run_envoy: Any, running_backend: Any, unused_port: int, gateway_secret: str
) -> None:
    await run_envoy(
        upstreams={"things": Upstream("127.0.0.1", running_backend[1])},
        routes=(Route(path="/v1/things", service="things"),),
        doors=Doors(gateway_secret=gateway_secret),
        admin_port=unused_port,
    )
    url = f"http://127.0.0.1:{unused_port}"
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
        assert (await client.get("/ready")).status_code == 200
        assert (await client.get("/server_info")).status_code == 200
        for path in ("/config_dump", "/memory", "/certs", "/clusters", "/logging", "/", "/help"):
            answer = await client.get(path)
            assert answer.status_code == 403, path
            assert gateway_secret not in answer.text
        assert (await client.post("/quitquitquit")).status_code == 403
        assert (await client.get("/ready")).status_code == 200


async def test_the_access_log_is_json_without_queries(gateway: Any, client: Any) -> None:
    before = len(gateway.log_file.read_text().splitlines())
    await client.get("/v1/things/1?owner=Jane+Roe", headers={"x-request-id": "logged-1"})
    line = next(
        line for line in (await gateway.log_lines(before + 1)) if line["request_id"] == "logged-1"
    )
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/things/1", 200)
    assert line["route"] == "GET,HEAD,DELETE /v1/things"
    assert line["attempts"] == 1
    assert "Jane" not in gateway.log_file.read_text()


async def test_http2_is_spoken(gateway: Any) -> None:
    process = await asyncio.create_subprocess_exec(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
        "--http2-prior-knowledge", f"{gateway.url}/v1/things/1",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert said == b"2 200"


def test_every_route_of_a_table_has_its_own_line_of_config() -> None:
    table = (Route(path="/a", service="s"), Route(path="/a/b", service="s", match="exact"))
    config = json.loads(envoy_config(port=1, upstreams={"s": Upstream("h", 2)}, routes=table))
    manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
    hosts = manager["typed_config"]["route_config"]["virtual_hosts"]
    names = [route["name"] for route in hosts[0]["routes"]]
    assert names == [
        "healthz",
        *("GET,HEAD /a/b", "preflight /a/b", "other /a/b"),
        *("GET,HEAD /a", "preflight /a", "other /a"),
        "unknown",
    ]
