"""What an attacker may try between us, a browser and a provider. Every test is one attack that fails."""

from __future__ import annotations

import asyncio
import io
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from taxlien.interfaces.auth import UserSignedUp
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.services.auth import service

OpenBrowser = Callable[[], Any]
ANN = {"email": "ann@a.example", "email_verified": True, "name": "Ann Google"}


@pytest.fixture
def provider(google: Any) -> Any:
    google.person("ann", **ANN)
    return google


async def come_back(browser: Any, provider: str = "google", sub: str = "ann") -> dict[str, str]:
    """Go to a provider and return its answer, not yet brought back."""
    return dict(await browser.consent(await browser.start(provider), sub))


def is_refused(answer: Any) -> bool:
    return bool(answer.status_code == 403 and answer.json()["code"] == "oauth_answer_refused")


async def test_a_state_that_was_made_up_is_refused(provider: Any, browser: OpenBrowser) -> None:
    ann = browser()
    said = await come_back(ann)
    for state in ("", "x" * 43, said["state"][:-1] + ("A" if said["state"][-1] != "A" else "B")):
        assert is_refused(await ann.return_with("google", {**said, "state": state}))
    assert is_refused(await ann.return_with("google", {"code": said["code"]}))


async def test_login_csrf_an_answer_brought_by_another_browser_is_refused(
    provider: Any, browser: OpenBrowser
) -> None:
    """The attacker begins, signs in as themselves, and makes the victim's browser finish."""
    attacker, victim = browser(), browser()
    said = await come_back(attacker)
    assert is_refused(await victim.return_with("google", said))
    await victim.start("google")  # even one that has a sign-in of its own under way
    assert is_refused(await victim.return_with("google", said))
    assert "code" in attacker.fragment(await attacker.return_with("google", said)), "not used up"


async def test_login_csrf_a_landing_of_another_browser_is_not_exchanged(
    provider: Any, browser: OpenBrowser
) -> None:
    """The attacker finishes, and sends the victim the address with the code in its fragment."""
    attacker, victim = browser(), browser()
    landed = await attacker.land("google", "ann")
    assert is_refused(await victim.exchange(landed["code"]))
    assert (await attacker.exchange(landed["code"])).status_code == 200


async def test_the_cookie_of_one_sign_in_does_not_serve_another(
    provider: Any, browser: OpenBrowser
) -> None:
    ann, mallory = browser(), browser()
    said = await come_back(mallory)
    await ann.start("google")
    [own] = ann.client.cookies.items()
    [foreign] = mallory.client.cookies.items()
    ann.client.cookies.set(foreign[0], own[1], domain="taxlien.test")
    assert is_refused(await ann.return_with("google", said))


async def test_a_callback_is_taken_once(provider: Any, browser: OpenBrowser) -> None:
    ann = browser()
    said = await come_back(ann)
    assert "code" in ann.fragment(await ann.return_with("google", said))
    assert is_refused(await ann.return_with("google", said))


async def test_of_many_callbacks_at_once_one_is_taken(provider: Any, browser: OpenBrowser) -> None:
    ann = browser()
    said = await come_back(ann)
    answers = await asyncio.gather(*(ann.return_with("google", said) for _ in range(6)))
    assert sorted(a.status_code for a in answers) == [303] + [403] * 5


async def test_a_code_of_ours_is_exchanged_once(provider: Any, browser: OpenBrowser) -> None:
    ann = browser()
    code = (await ann.land("google", "ann"))["code"]
    answers = await asyncio.gather(*(ann.exchange(code) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [200] + [403] * 4
    assert is_refused(await ann.exchange("made-up"))


async def test_a_sign_in_grows_too_old(
    provider: Any, browser: OpenBrowser, auth_database: Any
) -> None:
    ann = browser()
    said = await come_back(ann)
    await auth_database.rows("UPDATE auth.oauth_transactions SET expires_at = now()")
    assert is_refused(await ann.return_with("google", said))
    code = (await ann.land("google", "ann"))["code"]
    await auth_database.rows("UPDATE auth.oauth_transactions SET expires_at = now()")
    assert is_refused(await ann.exchange(code))


async def test_mix_up_the_answer_of_one_provider_is_none_of_another(
    provider: Any, apple: Any, browser: OpenBrowser
) -> None:
    """A code that one provider gave must not reach another one's token endpoint."""
    apple.person("ann", email="ann@a.example", email_verified="true")
    ann = browser()
    from_apple = await come_back(ann, "apple")
    assert is_refused(await ann.return_with("google", from_apple))
    assert provider.verifiers == []
    from_google = await come_back(ann)
    mixed = {**from_google, "code": from_apple["code"]}
    assert ann.fragment(await ann.return_with("google", mixed)) == {"error": "provider_failed"}


async def test_mix_up_an_answer_that_names_another_issuer_is_refused(
    provider: Any, browser: OpenBrowser
) -> None:
    ann = browser()
    said = await come_back(ann)
    landed = await ann.return_with("google", {**said, "iss": "https://evil.example"})
    assert ann.fragment(landed) == {"error": "provider_failed"}
    assert provider.verifiers == [], "the code was not sent anywhere"


async def test_a_code_injected_from_another_sign_in_fails_by_pkce(
    provider: Any, browser: OpenBrowser
) -> None:
    """A stolen code in one's own session: the verifier is that of another browser."""
    victim, attacker = browser(), browser()
    stolen = (await come_back(victim))["code"]
    own = await come_back(attacker)
    landed = await attacker.return_with("google", {**own, "code": stolen})
    assert attacker.fragment(landed) == {"error": "provider_failed"}


async def test_a_provider_that_asks_for_pkce_gets_it_every_time_anew(
    provider: Any, browser: OpenBrowser
) -> None:
    for _ in range(2):
        assert (await browser().sign_in("google", "ann")).status_code == 200
    assert len(set(provider.verifiers)) == 2
    assert {len(verifier) for verifier in provider.verifiers} == {43}


async def test_the_provider_of_these_tests_refuses_a_request_without_pkce_or_nonce(
    provider: Any, browser: OpenBrowser
) -> None:
    """Or the test above would show nothing."""
    ann = browser()
    url = urlsplit(await ann.start("google"))
    for missing in ("", "code_challenge", "code_challenge_method", "nonce", "state"):
        query = {n: v[0] for n, v in parse_qs(url.query).items() if n != missing}
        async with httpx2.AsyncClient(trust_env=False) as http:
            address = url._replace(query=urlencode(query)).geturl()
            answer = await http.post(address, data={"sub": "ann"})
        assert ("code=" in answer.headers.get("location", "")) == (missing == "")


def unsigned(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'kid': 'front'})}.{part(claims)}."


def by_public_key(front: Any, claims: dict[str, Any]) -> str:
    """HMAC with the public key as the secret: what it verifies with, if the header may choose."""
    secret = OctKey.import_key(front.key.as_pem(private=False))
    return str(front.sign(claims, secret, alg="HS256"))


FORGERIES: dict[str, Callable[[Any, dict[str, Any]], str]] = {
    "another nonce": lambda front, c: front.sign({**c, "nonce": "n" * 43}),
    "no nonce": lambda front, c: front.sign({k: v for k, v in c.items() if k != "nonce"}),
    "another audience": lambda front, c: front.sign({**c, "aud": "somebody-else"}),
    "no audience": lambda front, c: front.sign({k: v for k, v in c.items() if k != "aud"}),
    "two audiences, party unsaid": lambda front, c: front.sign(
        {**c, "aud": [front.client_id, "somebody-else"]}
    ),
    "another party": lambda front, c: front.sign({**c, "azp": "somebody-else"}),
    "another issuer": lambda front, c: front.sign({**c, "iss": "https://evil.example"}),
    "expired": lambda front, c: front.sign({**c, "exp": int(time.time()) - 120}),
    "no expiry": lambda front, c: front.sign({k: v for k, v in c.items() if k != "exp"}),
    "expiry of another kind": lambda front, c: front.sign({**c, "exp": "9999999999"}),
    "issued tomorrow": lambda front, c: front.sign({**c, "iat": int(time.time()) + 86_400}),
    "no subject": lambda front, c: front.sign({k: v for k, v in c.items() if k != "sub"}),
    "a subject with a NUL": lambda front, c: front.sign({**c, "sub": "ann\0"}),
    "a subject of a thousand letters": lambda front, c: front.sign({**c, "sub": "a" * 1000}),
    "an empty subject": lambda front, c: front.sign({**c, "sub": ""}),
    "alg none": lambda front, c: unsigned(c),
    "alg none with a signature": lambda front, c: unsigned(c) + front.sign(c).split(".")[2],
    "HS256 by the public key": by_public_key,
    "another key of the same name": lambda front, c: front.sign(
        c, RSAKey.generate_key(2048, {"kid": "front"})
    ),
    "an unpublished key": lambda front, c: front.sign(
        c, RSAKey.generate_key(2048, {"kid": "own"}), kid="own"
    ),
    "a key in the header": lambda front, c: front.sign(
        c,
        (own := RSAKey.generate_key(2048, {"kid": "front"})),
        jwk=own.as_dict(private=False),
    ),
    "a signature cut off": lambda front, c: front.sign(c).rpartition(".")[0] + ".",
    "other claims under the signature": lambda front, c: ".".join(
        (
            front.sign(c).split(".")[0],
            front.sign({**c, "sub": "mallory"}).split(".")[1],
            front.sign(c).split(".")[2],
        )
    ),
    "no token": lambda front, c: "",
    "rubbish": lambda front, c: "a.b.c",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_an_id_token_that_does_not_hold_signs_nobody_in(
    provider: Any, browser: OpenBrowser, auth_database: Any, forgery: str
) -> None:
    provider.forge = lambda claims: FORGERIES[forgery](provider, claims)
    landed = await browser().land("google", "ann")
    assert landed == {"error": "provider_failed"}
    assert await auth_database.count("accounts") == 0


async def test_an_id_token_that_the_front_signs_rightly_signs_in(
    provider: Any, browser: OpenBrowser
) -> None:
    """Or the forgeries above would show nothing."""
    provider.forge = provider.sign
    assert (await browser().sign_in("google", "ann")).status_code == 200


async def test_an_id_token_by_an_elliptic_key_signs_in(provider: Any, browser: OpenBrowser) -> None:
    provider.key = ECKey.generate_key("P-256", {"kid": "front"})
    provider.forge = lambda claims: provider.sign(claims, alg="ES256")
    assert (await browser().sign_in("google", "ann")).status_code == 200


async def test_a_name_or_an_address_that_cannot_be_stored_is_left_out(
    provider: Any, browser: OpenBrowser, auth_database: Any
) -> None:
    provider.forge = lambda c: provider.sign({**c, "name": "Ann\0\u202e " + "x" * 999})
    assert (await browser().sign_in("google", "ann")).status_code == 200
    [signed_up] = await auth_database.events_of(UserSignedUp)
    assert signed_up.full_name == ("Ann " + "x" * 999)[:200]
    for email in ("b\0b@a.example", "x" * 300, {"a": 1}, ["bob@a.example"], 7, ""):
        provider.forge = lambda c, e=email: provider.sign({**c, "sub": "bob", "email": e})
        refused = await browser().sign_in("google", "ann")
        assert (refused.status_code, refused.json()["code"]) == (409, "link_needs_sign_in")


async def test_a_stranger_with_an_unverified_address_gets_nobodys_account(
    provider: Any, browser: OpenBrowser, make_account: Any, auth_database: Any
) -> None:
    await make_account("ann@a.example")
    for verified in (False, None, "false", "yes", 1):
        provider.person("mallory", email="ann@a.example", email_verified=verified)
        refused = await browser().sign_in("google", "mallory")
        assert (refused.status_code, refused.json()["code"]) == (409, "link_needs_sign_in")
    assert await auth_database.count("linked_identities") == 0


async def test_an_unverified_address_answers_the_same_with_and_without_an_account(
    provider: Any, browser: OpenBrowser, make_account: Any
) -> None:
    await make_account("ann@a.example")
    seen = []
    for address in ("ann@a.example", "nobody@a.example"):
        provider.person("mallory", email=address, email_verified=False)
        refused = await browser().sign_in("google", "mallory")
        problem = refused.json()
        seen.append((refused.status_code, {**problem, "request_id": ""}))
    assert seen[0] == seen[1]


async def test_an_account_made_in_wait_for_its_owner_gets_nobodys_identity(
    provider: Any, browser: OpenBrowser, app_client: Any, auth_database: Any
) -> None:
    """Mallory signs up with Ann's address and waits; Ann comes with Google."""
    body = {"email": "ann@a.example", "password": "mallory knows this 77"}
    assert (await app_client.post("/v1/auth/signup", json=body)).status_code == 202
    refused = await browser().sign_in("google", "ann")
    assert (refused.status_code, refused.json()["code"]) == (409, "link_needs_sign_in")
    assert await auth_database.count("linked_identities") == 0


async def test_a_second_identity_with_the_same_address_is_not_linked_beside_the_first(
    provider: Any, browser: OpenBrowser
) -> None:
    """The address went to somebody else at the provider: another subject, the same verified address."""
    assert (await browser().sign_in("google", "ann")).status_code == 200
    provider.person("heir", **ANN)
    refused = await browser().sign_in("google", "heir")
    assert (refused.status_code, refused.json()["code"]) == (409, "identity_taken")


async def test_a_link_that_one_began_is_not_finished_by_another(
    provider: Any, browser: OpenBrowser, make_account: Any, auth_database: Any
) -> None:
    """The attacker's identity must not end up on the victim's account, nor the reverse."""
    ann = browser()
    await ann.client.sign_in(await make_account("owner@a.example"))
    for other in (None, await make_account("other@a.example")):
        url = (await ann.client.post("/v1/auth/oauth/google/link", json={})).json()["url"]
        landed = ann.fragment(await ann.return_with("google", await ann.consent(url, "ann")))
        token = ann.client.access_token
        ann.client.access_token = None
        if other is not None:
            await ann.client.sign_in(other)
        assert is_refused(await ann.exchange(landed["code"]))
        ann.client.access_token = token
    assert await auth_database.count("linked_identities") == 0


async def test_linking_takes_a_proof_where_the_sign_in_is_old(
    provider: Any, browser: OpenBrowser, make_account: Any, auth_database: Any
) -> None:
    person = await make_account("owner@a.example")
    ann = browser()
    await ann.client.sign_in(person)
    await auth_database.rows(
        "UPDATE auth.sessions SET created_at = created_at - interval '11 minutes'"
    )
    path = "/v1/auth/oauth/google/link"
    refused = await ann.client.post(path, json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
    assert (await ann.client.post(path, json={"password": person.password})).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/auth/return/../../evil",
        "/auth/return?next=//evil.example",
        "/auth/return#",
        "",
    ],
)
async def test_a_browser_is_sent_on_to_no_address_but_ours(
    provider: Any, browser: OpenBrowser, target: str
) -> None:
    client = browser().client
    refused = await client.get("/v1/auth/oauth/google/start", params={"return_to": target})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "return_to"


async def test_a_browser_is_sent_on_to_an_address_of_the_settings(
    provider: Any, browser: OpenBrowser, auth_settings: pytest.MonkeyPatch
) -> None:
    page = "https://app.taxlien.test/signed-in"
    auth_settings.setenv("TAXLIEN_AUTH_RETURN_PATHS", json.dumps(["/auth/return", page]))
    await service.close()
    for target in ("/auth/return", page):
        ann = browser()
        said = await ann.consent(await ann.start("google", return_to=target), "ann")
        answer = await ann.return_with("google", said)
        assert answer.headers["location"].startswith(f"{target}#code=")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_no_secret_of_a_sign_in_reaches_the_log(provider: Any, browser: OpenBrowser) -> None:
    out = io.StringIO()
    configure_logs(KitSettings(), process="test", stream=out)
    try:
        ann = browser()
        url = await ann.start("google")
        said = await ann.consent(url, "ann")
        landed = ann.fragment(await ann.return_with("google", said))
        answer = (await ann.exchange(landed["code"])).json()
        failed = await come_back(ann)
        await ann.return_with("google", {**failed, "code": "stolen-code-0123456789"})
    finally:
        configure_logs(KitSettings(log_level="warning"), process="tests")
    logged = out.getvalue()
    assert "provider_failed" in logged
    secrets = [said["state"], said["code"], landed["code"], answer["refresh_token"]]
    secrets += ["stolen-code-0123456789", "ann@a.example", *ann.client.cookies.values()]
    secrets += [answer["access_token"], *provider.verifiers]
    assert [text for text in secrets if text in logged] == []
