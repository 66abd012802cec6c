"""Consents: appended, never changed, as easy to take back as to give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from taxlien.kit.ids import new_id

Client = Callable[..., httpx2.AsyncClient]
VERSION = "2026-11-01"


def decision(purpose: str, given: bool = True, version: str = VERSION) -> dict[str, Any]:
    return {"purpose": purpose, "given": given, "document_version": version}


async def post(client: httpx2.AsyncClient, *decisions: dict[str, Any]) -> httpx2.Response:
    return await client.post("/v1/users/me/consents", json={"decisions": list(decisions)})


async def test_nothing_is_given_before_it_was_asked_for(people: Any, app_client: Client) -> None:
    user_id = await people.sign_up()
    items = (await app_client(user_id).get("/v1/users/me/consents")).json()["items"]
    assert {item["purpose"] for item in items} == {
        "terms",
        "privacy",
        "marketing_email",
        "marketing_push",
        "analytics",
    }
    assert not any(item["given"] for item in items)


async def test_consent_is_given_taken_back_and_remembered(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    assert (await post(client, decision("marketing_email"), decision("terms"))).status_code == 200
    answer = await post(client, decision("marketing_email", given=False))
    by_purpose = {item["purpose"]: item for item in answer.json()["items"]}
    assert by_purpose["marketing_email"]["given"] is False
    assert by_purpose["terms"]["given"] is True
    history = (await client.get("/v1/users/me/consents/history")).json()["items"]
    assert [(row["purpose"], row["given"]) for row in history] == [
        ("marketing_email", False),
        ("terms", True),
        ("marketing_email", True),
    ]


async def test_same_decision_again_adds_nothing(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    for _ in range(2):
        await post(client, decision("analytics"))
    assert len((await client.get("/v1/users/me/consents/history")).json()["items"]) == 1


async def test_history_comes_in_pages(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    for number in range(5):
        await post(client, decision("analytics", given=number % 2 == 0))
    first = (await client.get("/v1/users/me/consents/history", params={"limit": 3})).json()
    rest = (
        await client.get(
            "/v1/users/me/consents/history", params={"limit": 3, "cursor": first["next_cursor"]}
        )
    ).json()
    numbers = [row["number"] for row in first["items"] + rest["items"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 5
    assert rest["next_cursor"] is None


async def test_required_consent_cannot_be_taken_back(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    await post(client, decision("terms"))
    assert (await post(client, decision("terms", given=False))).status_code == 409


async def test_version_that_is_not_in_force_is_refused(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    answer = await post(client, decision("privacy", version="1999-01-01"))
    assert answer.status_code == 422
    assert (await client.get("/v1/users/me/consents/history")).json()["items"] == []


async def test_new_version_makes_an_old_consent_outdated(
    people: Any, app_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app_client(await people.sign_up())
    await post(client, decision("terms"), decision("privacy"))
    monkeypatch.setenv("TAXLIEN_USERS_TERMS_VERSION", "2027-01-01")
    items = (await client.get("/v1/users/me/consents")).json()["items"]
    outdated = {item["purpose"] for item in items if item["outdated"]}
    assert outdated == {"terms"}


async def test_consents_of_others_are_not_seen(people: Any, app_client: Client) -> None:
    await post(app_client(await people.sign_up()), decision("analytics"))
    other = app_client(await people.sign_up())
    assert (await other.get("/v1/users/me/consents/history")).json()["items"] == []


async def test_decision_without_a_profile_is_not_found(people: Any, app_client: Client) -> None:
    assert (await post(app_client(new_id()), decision("analytics"))).status_code == 404


async def test_decision_leaves_a_row_in_the_audit_log(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    await post(client, decision("analytics"))
    items = (await client.get("/v1/users/me/access-log")).json()["items"]
    assert (items[0]["action"], items[0]["fields"], items[0]["by"]) == (
        "consent.given",
        ["analytics"],
        "yourself",
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users.consents SET given = true",
        "DELETE FROM users.consents",
        "TRUNCATE users.consents",
    ],
)
async def test_consents_refuse_to_be_changed(
    people: Any, app_client: Client, statement: str
) -> None:
    await post(app_client(await people.sign_up()), decision("analytics"))
    with pytest.raises(DBAPIError, match="append-only"):
        await people.rows(statement)
    assert len(await people.rows("SELECT 1 FROM users.consents")) == 1


async def test_old_decision_goes_only_when_a_later_one_replaced_it(people: Any) -> None:
    from datetime import UTC, datetime

    from taxlien.services.users import service

    old, later = await people.sign_up(), await people.sign_up()
    async with people.database.session() as session:
        for user_id, day in ((old, "2010-01-01"), (later, "2010-01-01"), (later, "2026-01-01")):
            await session.execute(
                text(
                    "INSERT INTO users.consents"
                    " (user_id, purpose, document_version, given, source, at) VALUES"
                    " (:user_id, 'analytics', 'v', true, 'settings', cast(:day AS timestamptz))"
                ),
                {"user_id": user_id, "day": day},
            )
    async with people.database.session() as session:
        assert await service.consents.forget_outdated(session, datetime.now(UTC)) == 1
    left = await people.rows("SELECT user_id, extract(year FROM at)::int FROM users.consents")
    assert sorted(left) == sorted([(old, 2010), (later, 2026)])
