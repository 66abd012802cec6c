"""Access tokens at the gateway: the real Envoy, keys as auth publishes them, and every trick known."""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from typing import Any

import httpx2
import pytest
from joserfc.jwk import OKPKey, RSAKey

from taxlien.services.gateway.logic.envoy import Doors, Upstream
from taxlien.services.gateway.logic.envoy_identity import Tokens
from taxlien.services.gateway.logic.routes import Route

ROUTES = (Route(path="/v1/things", service="things", cache="hour"),)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def assert_refused(response: httpx2.Response) -> None:
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "invalid_token"
    challenge = 'Bearer realm="taxlien", error="invalid_token"'
    assert response.headers["www-authenticate"] == challenge
    assert response.headers["cache-control"] == "no-store"


async def test_a_good_token_says_who_asks(client: Any, backend: Any, signer: Any) -> None:
    claims = signer.claims()
    response = await client.get("/v1/things/1", headers=bearer(signer.token(claims)))
    assert response.status_code == 200
    found = backend.seen[0].headers
    assert found["x-user-id"] == claims["user_id"]
    assert found["x-session-id"] == claims["sid"]
    assert found["x-tier"] == "premium"
    assert found["x-roles"] == "investor,support"


async def test_the_secret_comes_with_every_request_and_the_token_only_to_auth(
    client: Any, backend: Any, signer: Any, gateway_secret: str
) -> None:
    headers = bearer(signer.token())
    await client.get("/v1/things/1", headers=headers)
    await client.get("/v1/auth/me", headers=headers)
    await client.get("/v1/things/1")
    things, auth, stranger = (seen.headers for seen in backend.seen)
    assert {seen.headers["x-gateway-secret"] for seen in backend.seen} == {gateway_secret}
    assert "authorization" not in things
    assert auth["authorization"] == headers["authorization"]
    assert "x-user-id" not in stranger


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_may_be_written_large_or_small(
    client: Any, backend: Any, signer: Any, scheme: str
) -> None:
    headers = {"authorization": f"{scheme} {signer.token()}"}
    assert (await client.get("/v1/things/1", headers=headers)).status_code == 200
    assert "x-user-id" in backend.seen[0].headers


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": int(time.time()) + 3600},
        {"aud": "others"},
        {"aud": None},
        {"aud": ["others", "strangers"]},
        {"iss": "others"},
        {"iss": None},
        {"iss": ["taxlien"]},
    ],
)
async def test_a_token_out_of_time_or_for_or_from_others_is_refused(
    client: Any, backend: Any, signer: Any, claims: dict[str, Any]
) -> None:
    token = signer.token(signer.claims(**claims))
    assert_refused(await client.get("/v1/things/1", headers=bearer(token)))
    assert backend.seen == []


async def test_clocks_may_differ_by_half_a_minute(client: Any, signer: Any) -> None:
    token = signer.token(signer.claims(exp=int(time.time()) - 10))
    assert (await client.get("/v1/things/1", headers=bearer(token))).status_code == 200


def none_of(signer: Any) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{signer.token().split('.')[1]}."


def none_with_a_signature(signer: Any) -> str:
    return none_of(signer) + str(signer.token().rpartition(".")[2])


def hs256(signer: Any, secret: bytes) -> str:
    """A token whose signature anybody can make who knows the public key."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"key-1","typ":"JWT"}').decode()
    signed = f"{head.rstrip('=')}.{signer.token().split('.')[1]}"
    mac = hmac.new(secret, signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def hs256_with_public_pem(signer: Any) -> str:
    return hs256(signer, signer.key.as_pem(private=False))


def hs256_with_public_bytes(signer: Any) -> str:
    return hs256(signer, base64.urlsafe_b64decode(signer.key.as_dict(private=False)["x"] + "=="))


def hs256_with_public_text(signer: Any) -> str:
    return hs256(signer, signer.key.as_dict(private=False)["x"].encode())


def stranger_s_key(signer: Any) -> str:
    return str(signer.token(key=OKPKey.generate_key("Ed25519")))


def stranger_s_key_in_the_header(signer: Any) -> str:
    key = OKPKey.generate_key("Ed25519")
    return str(signer.token(key=key, jwk=key.as_dict(private=False)))


def stranger_s_key_at_an_address(signer: Any) -> str:
    key = OKPKey.generate_key("Ed25519")
    return str(signer.token(key=key, jku="http://127.0.0.1:1/keys", x5u="http://127.0.0.1:1/x"))


def rs256(signer: Any) -> str:
    return str(signer.token(alg="RS256", key=RSAKey.generate_key(2048)))


def unknown_kid(signer: Any) -> str:
    return str(signer.token(kid="key-2"))


def kid_with_a_path(signer: Any) -> str:
    return str(signer.token(kid="../../../../dev/null"))


def kid_with_a_query(signer: Any) -> str:
    return str(signer.token(kid="' OR 1=1 --"))


def changed_claims(signer: Any) -> str:
    head, _, signature = signer.token().split(".")
    _, body, _ = signer.token(signer.claims(roles_text="admin")).split(".")
    return f"{head}.{body}.{signature}"


def no_signature(signer: Any) -> str:
    return str(signer.token().rpartition(".")[0]) + "."


def two_parts(signer: Any) -> str:
    return str(signer.token().rpartition(".")[0])


def four_parts(signer: Any) -> str:
    return f"{signer.token()}.e30"


@pytest.mark.parametrize(
    "forge",
    [
        none_of, none_with_a_signature, hs256_with_public_pem, hs256_with_public_text,
        hs256_with_public_bytes, stranger_s_key, stranger_s_key_in_the_header,
        stranger_s_key_at_an_address, rs256, unknown_kid, kid_with_a_path, kid_with_a_query,
        changed_claims, no_signature, two_parts, four_parts,
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/things/1", "/v1/things/public", "/v1/auth/refresh"])
async def test_a_forged_token_is_refused_on_public_routes_too(
    client: Any, backend: Any, signer: Any, forge: Any, path: str
) -> None:
    assert_refused(await client.get(path, headers=bearer(forge(signer))))
    assert backend.seen == []


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Basic amFuZTpzZWNyZXQ=", "Digest x", "Bearer null", "Token {token}",
     "{token}", "Bearer {token} {token}", "Bearer {token},Bearer {token}", "Basic x, Bearer {token}",
     "Bearer  {token}", "Bearer {token};x=y", "bEARER {token}"],
)  # fmt: skip
async def test_an_authorization_that_is_not_one_bearer_token_is_refused(
    client: Any, backend: Any, signer: Any, value: str
) -> None:
    headers = {"authorization": value.format(token=signer.token())}
    assert_refused(await client.get("/v1/things/1", headers=headers))
    assert backend.seen == []


async def test_two_authorizations_are_refused_even_if_both_are_good(
    client: Any, backend: Any, signer: Any
) -> None:
    for second in (signer.token(), "a.b.c"):
        headers = [("authorization", f"Bearer {token}") for token in (signer.token(), second)]
        assert_refused(await client.get("/v1/things/1", headers=headers))
    assert backend.seen == []


async def test_a_token_counts_neither_in_the_query_nor_in_a_cookie(
    client: Any, backend: Any, signer: Any
) -> None:
    token = signer.token()
    params = {"access_token": token, "token": token, "authorization": f"Bearer {token}"}
    cookies = f"access_token={token}; authorization=Bearer {token}; taxlien_refresh={token}"
    headers = {"cookie": cookies, "x-access-token": token, "proxy-authorization": f"Bearer {token}"}
    assert (await client.get("/v1/things/1", params=params, headers=headers)).status_code == 200
    assert not {"x-user-id", "x-roles"} & set(backend.seen[0].headers)


async def test_a_user_without_roles_has_none_and_a_list_is_not_taken_for_roles(
    client: Any, backend: Any, signer: Any
) -> None:
    for roles_text in ("", None):
        token = signer.token(signer.claims(roles_text=roles_text))
        await client.get("/v1/things/1", headers={**bearer(token), "x-roles": "admin"})
    assert ["x-roles" in seen.headers for seen in backend.seen] == [False, False]


async def test_a_page_may_read_why_its_token_was_refused(client: Any) -> None:
    headers = {**bearer("a.b.c"), "origin": "https://app.example.com"}
    response = await client.get("/v1/things/1", headers=headers)
    assert_refused(response)
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    asks = {"origin": "https://app.example.com", "access-control-request-method": "GET",
            "access-control-request-headers": "authorization"}  # fmt: skip
    assert (await client.options("/v1/things/1", headers=asks)).status_code == 200


async def envoy_with_keys(
    run_envoy: Any, backend_port: int, keys_port: int, **tokens: Any
) -> httpx2.AsyncClient:
    upstreams = {
        "things": Upstream("127.0.0.1", backend_port),
        "auth": Upstream("127.0.0.1", keys_port),
    }
    await_keys = tokens.pop("await_keys", True)
    envoy = await run_envoy(
        upstreams=upstreams, routes=ROUTES, doors=Doors(tokens=Tokens(**tokens)),
        await_keys=await_keys,
    )  # fmt: skip
    return httpx2.AsyncClient(base_url=envoy.url, trust_env=False, timeout=20)


async def test_without_keys_a_token_is_a_503_and_strangers_are_served(
    run_envoy: Any, running_backend: Any, unused_port: int, signer: Any
) -> None:
    async with await envoy_with_keys(
        run_envoy, running_backend[1], unused_port, await_keys=False
    ) as client:
        signed_in = await client.get("/v1/things/1", headers=bearer(signer.token()))
        stranger = await client.get("/v1/things/1")
    assert (signed_in.status_code, signed_in.json()["code"]) == (503, "unavailable")
    assert signed_in.headers["retry-after"] == "1"
    assert signed_in.headers["cache-control"] == "no-store"
    assert "www-authenticate" not in signed_in.headers
    assert stranger.status_code == 200


async def test_keys_rotate_with_an_overlap_and_an_old_one_stops_to_count(
    run_envoy: Any, running_backend: Any, serve: Any, sign: Any
) -> None:
    auth = sign()
    new = OKPKey.generate_key("Ed25519", {"kid": "key-2", "alg": "EdDSA", "use": "sig"})
    port = int((await serve(auth)).rpartition(":")[2])
    client = await envoy_with_keys(run_envoy, running_backend[1], port, keys_seconds=1)

    async def until(status: int, token: str) -> None:
        async with asyncio.timeout(20):
            while True:
                answer = await client.get("/v1/things/1", headers=bearer(token))
                if answer.status_code == status:
                    return
                await asyncio.sleep(0.05)

    old_token, new_token = auth.token(), auth.token(key=new, kid="key-2")
    await until(200, old_token)
    await until(401, new_token)
    auth.published.append(new)
    await until(200, new_token)
    await until(200, old_token)
    auth.published.remove(auth.key)
    await until(401, old_token)
    await until(200, new_token)
    await client.aclose()


async def test_issuer_and_audience_are_those_of_the_settings(
    run_envoy: Any, running_backend: Any, running_signer: Any, signer: Any
) -> None:
    tokens = {"issuer": "https://taxlien.example", "audience": "app"}
    async with await envoy_with_keys(
        run_envoy, running_backend[1], running_signer[1], **tokens
    ) as client:
        good = signer.token(signer.claims(iss=tokens["issuer"], aud=tokens["audience"]))
        assert (await client.get("/v1/things/1", headers=bearer(good))).status_code == 200
        assert_refused(await client.get("/v1/things/1", headers=bearer(signer.token())))
