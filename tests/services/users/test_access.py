"""Nobody reaches another's data: every address by every role, and every id that belongs to somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest

from taxlien.kit.ids import new_id
from taxlien.kit.reference import reference_text
from taxlien.kit.security.identity import ROLES
from taxlien.kit.security.policy import Policy, Rule

Client = Callable[..., httpx2.AsyncClient]

RULES = [
    rule
    for rule in Policy.parse(reference_text("policy.txt"))
    if rule.path == "/v1/users" or rule.path.startswith("/v1/users/")
]
OF_OTHERS = [rule for rule in RULES if "{user_id}" in rule.path]
CALLERS = ("", *ROLES)
PDF = b"%PDF-1.7\n%%EOF\n"


def name_of(rule: Rule) -> str:
    return f"{rule.method} {rule.path}"


def fill(path: str, user_id: UUID) -> str:
    filled = path.replace("{user_id}", str(user_id))
    while "{" in filled:
        start, end = filled.index("{"), filled.index("}")
        filled = filled[:start] + str(new_id()) + filled[end + 1 :]
    return filled


def test_every_address_has_its_line_and_every_line_an_address(people: Any) -> None:
    described = {
        (method.upper(), path)
        for path, methods in people.app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/v1/users")
    }
    assert described
    assert described == {(rule.method, rule.path) for rule in RULES}


@pytest.mark.parametrize("role", CALLERS)
async def test_every_address_answers_whom_the_policy_names(
    people: Any, app_client: Client, role: str
) -> None:
    """One caller of each role, and nobody, at every address; each role's wrong answers are listed."""
    client = app_client(await people.sign_up(), role) if role else people.anonymous
    victim = await people.sign_up(full_name="Secret Name")
    wrong = {}
    for rule in RULES:
        answer = await client.request(rule.method, fill(rule.path, victim), json={})
        allowed = {"anyone", "service"} | ({role, "signed_in"} if role else set())
        if rule.who.isdisjoint(allowed):
            fits = answer.status_code == (403 if role else 401) and "Secret" not in answer.text
        else:
            fits = answer.status_code not in (401, 403) and answer.status_code < 500
        if not fits:
            wrong[name_of(rule)] = (answer.status_code, answer.text)
    assert wrong == {}


def test_another_person_is_reached_by_the_roles_that_look_after_people_alone() -> None:
    assert OF_OTHERS
    named = {name_of(rule): rule.who - {"admin", "support", "own"} for rule in OF_OTHERS}
    assert {name: who for name, who in named.items() if who} == {}


async def test_headers_without_the_gateways_word_are_nobody(people: Any) -> None:
    victim = await people.sign_up()
    for secret in ({}, {"x-gateway-secret": "wrong" * 10}, {"x-gateway-secret": ""}):
        headers = {"x-user-id": str(victim), "x-roles": "admin", **secret}
        for path in ("/v1/users/me", f"/v1/users/{victim}", "/v1/users/kyc/queue"):
            answer = await people.anonymous.get(path, headers=headers)
            assert answer.status_code == 401


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_another_id_beside_ones_own_changes_nothing(
    people: Any, app_client: Client, method: str
) -> None:
    victim, eve = await people.sign_up(full_name="Victim"), await people.sign_up()
    client = app_client(eve)
    for params in ({"user_id": str(victim)}, {"id": str(victim)}, {"me": str(victim)}):
        body = {"full_name": "Eve"} if method == "PATCH" else None
        answer = await client.request(method, "/v1/users/me", params=params, json=body)
        assert answer.json()["id"] == str(eve)
    mine = await app_client(victim).get("/v1/users/me")
    assert mine.json()["full_name"] == "Victim"


async def test_another_persons_documents_and_uploads_do_not_exist_for_me(
    people: Any, app_client: Client
) -> None:
    victim, eve = await people.sign_up(), await people.sign_up()
    ann, other = app_client(victim), app_client(eve)
    begin = {"kind": "passport"}
    place = (await ann.post("/v1/users/me/kyc/documents/upload", json=begin)).json()
    async with httpx2.AsyncClient(trust_env=False) as browser:
        await browser.put(place["url"], content=PDF)
    use = {"upload_id": place["upload_id"]}
    stolen = await other.post("/v1/users/me/kyc/documents", json=use)
    as_picture = await other.post("/v1/users/me/avatar", json=use)
    assert (stolen.status_code, as_picture.status_code) == (404, 404)
    document = (await ann.post("/v1/users/me/kyc/documents", json=use)).json()
    removed = await other.delete(f"/v1/users/me/kyc/documents/{document['document_id']}")
    assert removed.status_code == 404
    assert len((await ann.get("/v1/users/me/kyc")).json()["documents"]) == 1


async def test_what_two_people_keep_stays_apart(people: Any, app_client: Client) -> None:
    ann, bob = app_client(await people.sign_up()), app_client(await people.sign_up())
    residency = {"country": "US", "form_kind": "W-9", "tin_kind": "ssn", "tin": "123-45-6789"}
    assert (await ann.put("/v1/users/me/tax-residency", json=residency)).status_code == 200
    assert (await ann.post("/v1/users/me/trial")).status_code == 200
    assert (await bob.get("/v1/users/me/tax-residency")).status_code == 404
    assert (await bob.delete("/v1/users/me/tax-residency")).status_code == 404
    assert (await bob.get("/v1/users/me")).json()["subscription_tier"] == "free"
    assert (await ann.get("/v1/users/me/tax-residency")).status_code == 200


async def test_who_has_no_profile_yet_is_told_so_everywhere(
    people: Any, app_client: Client
) -> None:
    client = app_client(new_id())
    details = {
        "legal_name": "Ann Lee", "birth_date": "1990-05-17", "citizenship": "US", "residence": "US",
    }  # fmt: skip
    asked: list[tuple[str, str, Any]] = [
        ("GET", "/v1/users/me", None),
        ("PATCH", "/v1/users/me", {"full_name": "Ann"}),
        ("GET", "/v1/users/me/preferences", None),
        ("PATCH", "/v1/users/me/preferences", {"language": "ru"}),
        ("POST", "/v1/users/me/trial", None),
        ("POST", "/v1/users/me/avatar/upload", None),
        ("GET", "/v1/users/me/kyc", None),
        ("PUT", "/v1/users/me/kyc/details", details),
        ("POST", "/v1/users/me/kyc/submit", None),
        ("PUT", "/v1/users/me/tax-residency", {"country": "DE", "form_kind": "W-8BEN"}),
    ]
    for method, path, body in asked:
        assert (await client.request(method, path, json=body)).status_code == 404, path


@pytest.mark.parametrize("text", ["why\x00not", "\ud800 why", "ab", "x" * 2001])
async def test_words_that_cannot_be_kept_are_refused(
    people: Any, app_client: Client, text: str
) -> None:
    user_id, admin = await people.sign_up(), app_client(new_id(), "admin")
    decision = {"decision": "reject", "reason": text, "message": text}
    for method, path, body in (
        ("PUT", f"/v1/users/{user_id}/tier", {"tier": "premium", "reason": text}),
        ("POST", f"/v1/users/{user_id}/kyc/decision", decision),
        ("PATCH", "/v1/users/me", {"full_name": text + "\x00"}),
    ):
        content = json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        answer = await admin.request(method, path, content=content, headers=headers)
        assert answer.status_code in (400, 404, 422), (path, answer.text)
    assert (await app_client(user_id).get("/v1/users/me")).json()["subscription_tier"] == "free"
