"""Signing in at Google, Apple and Facebook, from the first click to tokens of our own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import text

from taxlien.interfaces.auth import IdentityLinked, UserSignedUp
from taxlien.services.auth import service

OpenBrowser = Callable[[], Any]
ANN = {"email": "ann@a.example", "email_verified": True, "name": "Ann Google"}


async def test_a_first_sign_in_makes_a_verified_account(
    google: Any, browser: OpenBrowser, auth_database: Any
) -> None:
    google.person("ann", **ANN)
    ann = browser()
    landed = await ann.land("google", "ann", language="ru")
    answer = await ann.exchange(landed["code"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    ann.client.access_token = answer.json()["access_token"]
    me = (await ann.client.get("/v1/auth/me")).json()
    assert (me["email"], me["email_verified"]) == ("ann@a.example", True)
    assert (me["has_password"], me["roles"], me["language"]) == (False, ["investor"], "ru")
    [signed_up] = await auth_database.events_of(UserSignedUp)
    assert signed_up.method == "google"
    assert signed_up.email_verified
    assert (signed_up.full_name, signed_up.language) == ("Ann Google", "ru")


async def test_the_next_sign_in_finds_the_same_account_though_the_address_changed(
    google: Any, browser: OpenBrowser, auth_database: Any
) -> None:
    google.person("ann", **ANN)
    first = (await browser().sign_in("google", "ann")).json()
    google.person("ann", **{**ANN, "email": "ann@new.example"})
    second = (await browser().sign_in("google", "ann")).json()
    assert first["user_id"] == second["user_id"]
    assert await auth_database.count("accounts") == 1


async def test_the_request_to_the_provider_has_all_that_protects_it(
    google: Any, browser: OpenBrowser
) -> None:
    ann = browser()
    answer = await ann.client.get("/v1/auth/oauth/google/start")
    query = {n: v[0] for n, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert len(query["state"]) == len(query["nonce"]) == 43
    assert query["redirect_uri"] == "https://taxlien.test/v1/auth/oauth/google/callback"
    assert query["scope"].split() == ["openid", "email", "profile"]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-taxlien_oauth_")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} >= {
        "httponly",
        "secure",
        "samesite=lax",
        "path=/",
    }
    secret = cookie.split("=", 1)[1].split(";")[0]
    assert secret not in answer.headers["location"]


async def test_nothing_that_is_stored_of_a_sign_in_under_way_helps_to_finish_it(
    google: Any, browser: OpenBrowser, auth_database: Any
) -> None:
    google.person("ann", **ANN)
    ann = browser()
    answer = await ann.client.get("/v1/auth/oauth/google/start")
    location = answer.headers["location"]
    query = {n: v[0] for n, v in parse_qs(urlsplit(location).query).items()}
    secret = answer.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    landed = ann.fragment(await ann.return_with("google", await ann.consent(location, "ann")))
    rows = await auth_database.rows("SELECT * FROM auth.oauth_transactions")
    stored = b" ".join(bytes(v) if isinstance(v, bytes) else str(v).encode() for v in rows[0])
    hidden = [secret, query["state"], query["nonce"], landed["code"], "ann@a.example"]
    hidden += google.verifiers
    assert [text for text in hidden if text.encode() in stored] == []


async def test_apple_answers_by_form_and_tells_a_name_once(
    apple: Any, browser: OpenBrowser, auth_database: Any
) -> None:
    apple.person("ann", email="ann@a.example", email_verified="true")
    ann = browser()
    start = await ann.client.get("/v1/auth/oauth/apple/start")
    assert "samesite=none" in start.headers["set-cookie"].lower(), "Apple's form comes from afar"
    first = (await browser().sign_in("apple", "ann")).json()
    [signed_up] = await auth_database.events_of(UserSignedUp)
    assert (signed_up.method, signed_up.full_name) == ("apple", "Ann Apple")
    assert signed_up.email == "ann@a.example", "the form's own address is not signed"
    second = (await browser().sign_in("apple", "ann")).json()
    assert first["user_id"] == second["user_id"]


async def test_apple_is_refused_what_is_no_form(apple: Any, browser: OpenBrowser) -> None:
    client = browser().client
    refused = await client.post("/v1/auth/oauth/apple/callback", json={"state": "s"})
    assert refused.status_code == 415
    refused = await client.post("/v1/auth/oauth/apple/callback", data={"state": "s" * 20_000})
    assert refused.status_code == 413


async def test_facebook_makes_no_account_unless_its_addresses_are_believed(
    facebook: Any, browser: OpenBrowser, auth_settings: pytest.MonkeyPatch, auth_database: Any
) -> None:
    facebook.person("7", name="Ann Face", email="ann@a.example")
    refused = await browser().sign_in("facebook", "7")
    assert (refused.status_code, refused.json()["code"]) == (409, "link_needs_sign_in")
    assert await auth_database.count("accounts") == 0
    auth_settings.setenv("TAXLIEN_AUTH_FACEBOOK_EMAIL_VERIFIED", "true")
    await service.close()
    made = await browser().sign_in("facebook", "7")
    assert made.status_code == 200, made.text
    [signed_up] = await auth_database.events_of(UserSignedUp)
    assert (signed_up.method, signed_up.full_name) == ("facebook", "Ann Face")


async def test_facebook_without_an_address_makes_no_account(
    facebook: Any, browser: OpenBrowser, auth_settings: pytest.MonkeyPatch
) -> None:
    auth_settings.setenv("TAXLIEN_AUTH_FACEBOOK_EMAIL_VERIFIED", "true")
    facebook.person("7", name="Ann Face")
    refused = await browser().sign_in("facebook", "7")
    assert (refused.status_code, refused.json()["code"]) == (409, "link_needs_sign_in")


@pytest.mark.parametrize("provider", ["google", "apple", "facebook"])
async def test_who_says_no_at_the_provider_comes_back_with_a_reason(
    provider: str, google: Any, apple: Any, facebook: Any, browser: OpenBrowser
) -> None:
    ann = browser()
    said = await ann.consent(await ann.start(provider), "ann", deny=True)
    said.setdefault("state", parse_qs(urlsplit(await ann.start(provider)).query)["state"][0])
    landed = ann.fragment(await ann.return_with(provider, said))
    assert landed == {"error": "access_denied"}


async def test_an_address_that_both_sides_verified_links_the_account(
    google: Any, browser: OpenBrowser, make_account: Any, auth_database: Any
) -> None:
    person = await make_account("Ann@a.example")
    google.person("ann", **ANN)
    answer = await browser().sign_in("google", "ann")
    assert answer.json()["user_id"] == str(person.user_id)
    [linked] = await auth_database.events_of(IdentityLinked)
    assert (linked.user_id, linked.provider, linked.email) == (
        person.user_id,
        "google",
        "Ann@a.example",
    )


async def test_a_second_factor_is_asked_for_after_the_provider(
    google: Any, browser: OpenBrowser, make_account: Any
) -> None:
    person = await make_account("ann@a.example")
    ann = browser()
    await ann.client.sign_in(person)
    secret = (await ann.client.post("/v1/auth/totp")).json()["secret"]
    otp = pyotp.TOTP(secret)
    await ann.client.post("/v1/auth/totp/confirm", json={"code": otp.now()})
    google.person("ann", **ANN)
    asked = (await browser().sign_in("google", "ann")).json()
    assert "access_token" not in asked
    assert asked["methods"] == ["totp", "recovery_code"]


async def test_tokens_go_into_cookies_where_a_browser_asks_for_that(
    google: Any, browser: OpenBrowser
) -> None:
    google.person("ann", **ANN)
    ann = browser()
    landed = await ann.land("google", "ann")
    assert (await ann.exchange(landed["code"], cookie=True)).status_code == 403
    answer = await ann.client.post(
        "/v1/auth/oauth/exchange",
        json={"code": landed["code"], "cookie": True},
        headers={"x-requested-with": "taxlien"},
    )
    assert answer.json()["refresh_token"] is None
    assert "taxlien_refresh" in answer.headers["set-cookie"]


async def test_a_signed_in_person_links_and_unlinks(
    google: Any, browser: OpenBrowser, make_account: Any
) -> None:
    """The provider's address may be another one: the person is signed in on both sides."""
    person = await make_account("ann@a.example")
    google.person("ann", **{**ANN, "email": "other@b.example", "email_verified": False})
    ann = browser()
    await ann.client.sign_in(person)
    for _ in range(2):  # a second time changes nothing
        begun = await ann.client.post("/v1/auth/oauth/google/link", json={})
        assert begun.status_code == 200, begun.text
        said = await ann.consent(begun.json()["url"], "ann")
        landed = ann.fragment(await ann.return_with("google", said))
        linked = await ann.exchange(landed["code"])
        assert linked.json() == {"linked": "google"}
    shown = (await ann.client.get("/v1/auth/oauth")).json()["providers"]
    assert {"provider": "google", "available": True, "linked": True} in shown
    by_google = await browser().sign_in("google", "ann")
    assert by_google.json()["user_id"] == str(person.user_id)
    assert (await ann.client.delete("/v1/auth/oauth/google")).status_code == 204
    assert (await ann.client.delete("/v1/auth/oauth/google")).status_code == 404
    refused = await browser().sign_in("google", "ann")
    assert refused.json()["code"] == "link_needs_sign_in"


async def test_an_identity_signs_in_to_one_account_only(
    google: Any, browser: OpenBrowser, make_account: Any
) -> None:
    google.person("ann", **ANN)
    assert (await browser().sign_in("google", "ann")).status_code == 200
    bob = browser()
    await bob.client.sign_in(await make_account("bob@a.example"))
    url = (await bob.client.post("/v1/auth/oauth/google/link", json={})).json()["url"]
    landed = bob.fragment(await bob.return_with("google", await bob.consent(url, "ann")))
    refused = await bob.exchange(landed["code"])
    assert (refused.status_code, refused.json()["code"]) == (409, "identity_taken")


async def test_the_only_way_to_sign_in_is_not_unlinked(
    google: Any, apple: Any, browser: OpenBrowser
) -> None:
    google.person("ann", **ANN)
    ann = browser()
    ann.client.access_token = (await ann.sign_in("google", "ann")).json()["access_token"]
    refused = await ann.client.delete("/v1/auth/oauth/google")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_way_to_sign_in")
    apple.person("ann", email="ann@a.example", email_verified="true")
    assert (await browser().sign_in("apple", "ann")).status_code == 200
    assert (await ann.client.delete("/v1/auth/oauth/google")).status_code == 204
    refused = await ann.client.delete("/v1/auth/oauth/apple")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_way_to_sign_in")


async def test_two_ways_in_are_not_both_removed_at_once(
    google: Any, apple: Any, browser: OpenBrowser, auth_database: Any
) -> None:
    google.person("ann", **ANN)
    apple.person("ann", email="ann@a.example", email_verified="true")
    ann = browser()
    ann.client.access_token = (await ann.sign_in("google", "ann")).json()["access_token"]
    await browser().sign_in("apple", "ann")
    async with auth_database.database.session() as holder:  # so that both are under way together
        await holder.execute(text("SELECT 1 FROM auth.accounts FOR UPDATE"))
        removals = [
            asyncio.create_task(ann.client.delete(f"/v1/auth/oauth/{name}"))
            for name in ("google", "apple")
        ]
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        waiting += " AND datname = current_database()"
        deadline = time.monotonic() + 10
        while (await auth_database.rows(waiting)) != [(2,)]:
            assert time.monotonic() < deadline, "removals do not wait for each other"
            await asyncio.sleep(0.01)
    answers = await asyncio.gather(*removals)
    assert sorted(a.status_code for a in answers) == [204, 409]
    assert await auth_database.count("linked_identities") == 1


async def test_two_tabs_of_a_new_person_make_one_account(
    google: Any, browser: OpenBrowser, auth_database: Any
) -> None:
    google.person("ann", **ANN)
    tabs = [browser() for _ in range(4)]
    landed = await asyncio.gather(*(tab.land("google", "ann") for tab in tabs))
    answers = await asyncio.gather(
        *(tab.exchange(one["code"]) for tab, one in zip(tabs, landed, strict=True))
    )
    assert [a.status_code for a in answers] == [200] * 4
    assert len({a.json()["user_id"] for a in answers}) == 1
    assert len(await auth_database.events_of(UserSignedUp)) == 1


async def test_a_provider_that_is_not_set_up_is_not_there(
    browser: OpenBrowser, auth_database: Any, make_account: Any
) -> None:
    client = browser().client
    shown = (await client.get("/v1/auth/oauth")).json()["providers"]
    assert shown == [
        {"provider": name, "available": False, "linked": None}
        for name in ("google", "apple", "facebook")
    ]
    for path in ("start", "callback"):
        refused = await client.get(f"/v1/auth/oauth/google/{path}")
        assert (refused.status_code, refused.json()["code"]) == (404, "provider_not_configured")
    await client.sign_in(await make_account())
    refused = await client.post("/v1/auth/oauth/google/link", json={})
    assert (refused.status_code, refused.json()["code"]) == (404, "provider_not_configured")
    assert (await client.get("/v1/auth/oauth/myspace/start")).status_code == 422


async def test_a_disabled_account_stays_closed(
    google: Any, browser: OpenBrowser, make_account: Any, auth_database: Any
) -> None:
    await make_account("ann@a.example")
    await auth_database.rows("UPDATE auth.accounts SET status = 'disabled'")
    google.person("ann", **ANN)
    refused = await browser().sign_in("google", "ann")
    assert (refused.status_code, refused.json()["code"]) == (403, "account_disabled")
    assert await auth_database.count("linked_identities") == 0
