"""What clients send to be taken for others, or to reach what is hidden: the real Envoy lets none in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

CLAIMED = ("x-user-id", "x-tier", "x-roles", "x-session-id", "x-gateway-secret")
SLEEVES = ("x-real-ip", "forwarded", "x-forwarded-host", "x-original-url", "x-rewrite-url",
           "x-http-method-override")  # fmt: skip


async def say(
    gateway: Any, lines: list[bytes], body: bytes = b"", *, hang_up: bool = False
) -> list[bytes]:
    """Send a request byte by byte as written; return the status lines of all answers."""
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    try:
        async with asyncio.timeout(20):
            await writer.drain()
            if hang_up:
                writer.write_eof()
            said = await reader.read()
    except ConnectionError:
        said = b""  # closed in the middle of our words: nothing was answered
    writer.close()
    return [line for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def get(*headers: bytes, path: bytes = b"/v1/things/1") -> list[bytes]:
    return [b"GET " + path + b" HTTP/1.1", b"Host: taxlien.example", *headers, b"Connection: close"]


def post(*headers: bytes) -> list[bytes]:
    return [b"POST /v1/things HTTP/1.1", b"Host: taxlien.example", *headers, b"Connection: close"]


def assert_nobody(backend: Any, secret: str) -> None:
    """Whatever came through came as a stranger's request, with the gateway's own secret alone."""
    for seen in backend.seen:
        assert not set(CLAIMED[:-1]) & set(seen.headers)
        assert seen.headers["x-gateway-secret"] == secret


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title, lambda name: name.replace("-", "_"),
                                   lambda name: name.replace("-", "_", 1)])  # fmt: skip
async def test_nobody_outside_can_say_who_they_are(
    gateway: Any, backend: Any, gateway_secret: str, spell: Any
) -> None:
    forged = [f"{spell(name)}: admin".encode() for name in CLAIMED for _ in range(2)]
    assert await say(gateway, get(*forged, b"X-Kept: 1")) == [b"HTTP/1.1 200 OK"]
    assert_nobody(backend, gateway_secret)
    assert backend.seen[0].headers["x-kept"] == "1"


async def test_nobody_signed_in_can_add_to_what_their_token_says(
    client: Any, backend: Any, signer: Any, gateway_secret: str
) -> None:
    claims = signer.claims(tier="free", roles_text="investor")
    forged = dict.fromkeys(CLAIMED, "admin")
    await client.get(
        "/v1/things/1", headers={**forged, "authorization": f"Bearer {signer.token(claims)}"}
    )
    found = backend.seen[0].headers
    assert {name: found[name] for name in CLAIMED} == {
        "x-user-id": claims["user_id"],
        "x-tier": "free",
        "x-roles": "investor",
        "x-session-id": claims["sid"],
        "x-gateway-secret": gateway_secret,
    }


async def test_over_http2_too(gateway: Any, backend: Any, gateway_secret: str) -> None:
    forged = [part for name in (*CLAIMED, "x_user_id") for part in ("-H", f"{name}: admin")]
    process = await asyncio.create_subprocess_exec(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
        "--http2-prior-knowledge", *forged, f"{gateway.url}/v1/things/1",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert said == b"2 200"
    assert_nobody(backend, gateway_secret)
    assert "x_user_id" not in backend.seen[0].headers


async def test_a_client_cannot_have_headers_of_the_gateway_dropped(
    gateway: Any, backend: Any, gateway_secret: str, signer: Any
) -> None:
    nominated = ", ".join(CLAIMED)
    lines = get(f"Authorization: Bearer {signer.token()}".encode())
    lines[-1] = f"Connection: close, {nominated}".encode()
    assert await say(gateway, lines) == [b"HTTP/1.1 200 OK"]
    found = backend.seen[0].headers
    assert found["x-gateway-secret"] == gateway_secret
    assert "connection" not in found


async def test_words_that_frameworks_believe_do_not_pass(gateway: Any, backend: Any) -> None:
    forged = [f"{name}: 9.9.9.9".encode() for name in (*SLEEVES, "x-forwarded-for")]
    await say(gateway, get(*forged))
    found = backend.seen[0].headers
    assert not set(SLEEVES) & set(found)
    assert found["x-forwarded-for"] == "127.0.0.1"


async def test_clients_cannot_steer_envoy(client: Any, backend: Any) -> None:
    backend.statuses = [422]
    steering = {
        "x-envoy-retry-on": "4xx",
        "x-envoy-max-retries": "9",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-envoy-original-path": "/internal",
        "x-envoy-auth-failure-mode-allowed": "true",
        "x-envoy-expected-rq-timeout-ms": "1",
        "x-envoy-internal": "true",
    }
    assert (await client.get("/v1/things/1", headers=steering)).status_code == 422
    assert len(backend.seen) == 1
    said = set(steering) & set(backend.seen[0].headers)
    assert said <= {"x-envoy-expected-rq-timeout-ms"}
    assert backend.seen[0].headers.get("x-envoy-expected-rq-timeout-ms") != "1"


UNCLEAR: tuple[tuple[list[bytes], bytes], ...] = (
    ([b"Content-Length: 6", b"Transfer-Encoding: chunked"], b"0\r\n\r\nGET /internal HTTP/1.1\r\n\r\n"),
    ([b"Content-Length: 0", b"Content-Length: 5"], b"hello"),
    ([b"Content-Length: 5, 5"], b"hello"),
    ([b"Content-Length: +5"], b"hello"),
    ([b"Content-Length: -5"], b"hello"),
    ([b"Content-Length: 0x5"], b"hello"),
    ([b"Content-Length: 5 5"], b"hello"),
    ([b"Transfer-Encoding: xchunked"], b"0\r\n\r\n"),
    ([b"Transfer-Encoding: identity, chunked"], b"0\r\n\r\n"),
    ([b"Transfer-Encoding: chunked, identity"], b"0\r\n\r\n"),
    ([b"Transfer-Encoding: chunked", b"Transfer-Encoding: cow"], b"0\r\n\r\n"),
    ([b"Transfer-Encoding : chunked"], b"0\r\n\r\n"),
    ([b"Transfer-Encoding: chunked"], b"zz\r\nhello\r\n0\r\n\r\n"),
    ([b"Transfer-Encoding: chunked"], b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    ([b"x-user-id : admin"], b""),
    ([b"x-a: b\x00c"], b""),
    ([b": empty"], b""),

)  # fmt: skip


async def test_a_request_whose_end_or_headers_are_unclear_is_refused(
    gateway: Any, backend: Any
) -> None:
    """Were what followed taken for a second request, there would be a second answer."""
    answers = await asyncio.gather(
        *(say(gateway, post(*headers), body) for headers, body in UNCLEAR)
    )
    for case, statuses in zip(UNCLEAR, answers, strict=True):
        assert len(statuses) <= 1, case
        assert all(status.split()[1] in (b"400", b"501") for status in statuses), case
    assert backend.seen == []


@pytest.mark.parametrize(
    "lines",
    [
        get(b"X-A: b", b" x-user-id: admin", b"\tx-gateway-secret: s"),
        get(b"X-A: b\rx-user-id: admin"),
        get(b"X-A: b\nx-user-id: admin\nx-gateway-secret: s"),
        get(b"X-A: b%0d%0ax-user-id: admin"),
    ],
)
async def test_folded_lines_and_bare_breaks_make_nobody_somebody(
    gateway: Any, backend: Any, gateway_secret: str, lines: list[bytes]
) -> None:
    await say(gateway, lines)
    assert_nobody(backend, gateway_secret)


async def test_a_second_request_in_a_body_stays_in_the_body(gateway: Any, backend: Any) -> None:
    hidden = b"GET /internal/x HTTP/1.1\r\nHost: a\r\nx-user-id: admin\r\n\r\n"
    answers = await say(gateway, post(b"Content-Length: %d" % len(hidden)), hidden)
    assert answers == [b"HTTP/1.1 200 OK"]
    assert [seen.body for seen in backend.seen] == [hidden]


async def test_trailers_say_nothing(gateway: Any, backend: Any, gateway_secret: str) -> None:
    body = b"5\r\nhello\r\n0\r\nx-user-id: admin\r\nx-gateway-secret: s\r\n\r\n"
    await say(gateway, post(b"Transfer-Encoding: chunked", b"Trailer: x-user-id"), body)
    assert_nobody(backend, gateway_secret)


async def test_no_upgrade_and_no_tunnel(gateway: Any, backend: Any) -> None:
    upgrade = get(b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
    upgrade[-1] = b"Connection: close, Upgrade, HTTP2-Settings"
    await say(gateway, upgrade)
    assert all("upgrade" not in seen.headers for seen in backend.seen)
    before = len(backend.seen)
    tunnel = [b"CONNECT 127.0.0.1:80 HTTP/1.1", b"Host: 127.0.0.1:80"]
    answers = await say(gateway, tunnel, hang_up=True)
    assert not [answer for answer in answers if b" 200 " in answer]
    assert len(backend.seen) == before


WAYS_IN = (
    b"/v1/../internal", b"/v1/things/../../internal", b"/v1/things/%2e%2e/%2e%2e/internal",
    b"/v1/things/%2E%2E/%2e./internal", b"/v1/things/..%2f..%2finternal",
    b"/v1/things/..%2F..%2Finternal", b"/v1/things%5c..%5c..%5cinternal", b"/internal%2fx",
    b"\\internal\\x", b"//internal//x", b"///internal", b"/./internal/./x", b"/internal/",
    b"/internal/.", b"/internal/x/..", b"/internal;a=b", b"/internal;/x", b"/INTERNAL/x",
    b"/internal./x", b"/internal..", b"/internal%00", b"/internal%20", b"/%69nternal/x",
    b"/%2569nternal/x", b"/v1/things/..;/..;/internal", b"/metrics/", b"/metrics%20",
    b"/metrics.", b"/metrics;x", b"/Metrics", b"http://taxlien.example/internal/x",
    b"http://127.0.0.1/metrics", b"*", b"/v1/things/%00/internal", b"/v1/things/1#/internal",
    b"/v1/things/\x01", b"/v1/things/\xff/../../internal",
)  # fmt: skip


async def test_no_spelling_of_a_path_leads_inside(gateway: Any, backend: Any) -> None:
    answers = await asyncio.gather(*(say(gateway, get(path=path)) for path in WAYS_IN))
    for path, statuses in zip(WAYS_IN, answers, strict=True):
        assert [status.split()[1] in (b"400", b"404") for status in statuses] == [True], path
    assert backend.seen == []


@pytest.mark.parametrize(
    "path",
    [b"/v1/things/...", b"/v1/things/%252e%252e/%252e%252e/internal",
     b"/v1/things/%c0%ae%c0%ae/internal", b"/v1/things/1?/../../internal",
     b"/v1/things/1%0d%0ax-user-id:admin", b"http://other.example/v1/things/1"],
)  # fmt: skip
async def test_what_only_looks_like_a_way_out_stays_where_it_is(
    gateway: Any, backend: Any, gateway_secret: str, path: bytes
) -> None:
    assert await say(gateway, get(path=path)) == [b"HTTP/1.1 200 OK"]
    assert backend.seen[0].path.startswith("/v1/things/")
    assert ".." not in backend.seen[0].path.split("/")
    assert_nobody(backend, gateway_secret)
