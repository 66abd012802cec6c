"""People have one profile for each account, and change their own without losing anybody's change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.interfaces.auth import EmailVerified, UserSignedUp
from taxlien.interfaces.users import PreferencesChanged
from taxlien.kit.errors import InvalidInput
from taxlien.kit.ids import new_id
from taxlien.services.users import events
from taxlien.services.users.logic.profile import full_name_of, phone_of

Client = Callable[..., httpx2.AsyncClient]

NOW = datetime(2026, 11, 1, tzinfo=UTC)


async def hear(people: Any, *heard: UserSignedUp | EmailVerified) -> None:
    for event in heard:
        async with people.database.session() as session:
            await events.follow_accounts(session, event)


def signed_up(user_id: UUID, **fields: Any) -> UserSignedUp:
    values: dict[str, Any] = {"email": "ann@example.org", "email_verified": False, "at": NOW}
    return UserSignedUp(user_id=user_id, method="password", **(values | fields))


async def test_sign_up_makes_a_profile_with_preferences(people: Any, app_client: Client) -> None:
    user_id = new_id()
    await hear(people, signed_up(user_id, full_name="Ann Lee", language="ru-RU"))
    me = (await app_client(user_id).get("/v1/users/me")).json()
    assert me == {
        "id": str(user_id),
        "email": "ann@example.org",
        "email_verified": False,
        "full_name": "Ann Lee",
        "phone": None,
        "created_at": "2026-11-01T00:00:00Z",
        "subscription_tier": "free",
        "trial_end_date": None,
        "kyc_status": "pending",
        "synthetic": False,
    }
    preferences = (await app_client(user_id).get("/v1/users/me/preferences")).json()
    assert preferences["language"] == "ru"
    assert preferences["currency"] == "USD"
    assert preferences["email_notifications"] is True
    assert preferences["sms_notifications"] is False


async def test_the_same_sign_up_twice_changes_nothing_a_person_wrote(
    people: Any, app_client: Client
) -> None:
    user_id = new_id()
    event = signed_up(user_id, full_name="Ann Lee", language="es")
    await hear(people, event)
    client = app_client(user_id)
    await client.patch("/v1/users/me", json={"full_name": "Ann Smith"})
    await client.patch("/v1/users/me/preferences", json={"language": "en"})
    await hear(people, event)
    assert (await client.get("/v1/users/me")).json()["full_name"] == "Ann Smith"
    assert (await client.get("/v1/users/me/preferences")).json()["language"] == "en"
    assert await people.rows("SELECT count(*) FROM users.users") == [(1,)]


async def test_a_verified_address_may_be_heard_of_before_the_sign_up(
    people: Any, app_client: Client
) -> None:
    user_id = new_id()
    verified = EmailVerified(user_id=user_id, at=NOW, email="ann@example.org")
    await hear(people, verified, signed_up(user_id, full_name="Ann Lee"), verified)
    me = (await app_client(user_id).get("/v1/users/me")).json()
    assert (me["email_verified"], me["full_name"]) == (True, "Ann Lee")


async def test_an_address_given_to_a_new_account_leaves_its_former_user(
    people: Any, app_client: Client
) -> None:
    former, new = new_id(), new_id()
    await hear(people, signed_up(former), signed_up(new, at=NOW + timedelta(days=1)))
    assert (await app_client(new).get("/v1/users/me")).json()["email"] == "ann@example.org"
    assert (await app_client(former).get("/v1/users/me")).json()["email"] != "ann@example.org"


async def test_an_erased_person_does_not_come_back_by_a_late_event(
    people: Any, app_client: Client
) -> None:
    user_id = await people.sign_up()
    await people.rows(
        "UPDATE users.users SET erased_at = now(), email = 'gone' WHERE id = :id RETURNING 1",
        id=user_id,
    )
    await hear(people, signed_up(user_id), EmailVerified(user_id=user_id, at=NOW, email="a@b.org"))
    assert (await app_client(user_id).get("/v1/users/me")).status_code == 404
    assert await people.rows("SELECT email FROM users.users") == [("gone",)]


async def test_absent_stays_and_null_removes(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up(full_name="Ann Lee"))
    added = await client.patch("/v1/users/me", json={"phone": "(302) 442-1234"})
    assert (added.json()["phone"], added.json()["full_name"]) == ("+13024421234", "Ann Lee")
    removed = await client.patch("/v1/users/me", json={"full_name": None})
    assert (removed.json()["phone"], removed.json()["full_name"]) == ("+13024421234", None)
    unchanged = await client.patch("/v1/users/me", json={})
    assert unchanged.json() == removed.json()
    assert unchanged.headers["etag"] == removed.headers["etag"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "00000000-0000-7000-8000-000000000000"),
        ("email", "other@example.org"),
        ("subscription_tier", "enterprise"),
        ("trial_end_date", "2030-01-01T00:00:00Z"),
        ("trial_started_at", None),
        ("kyc_status", "approved"),
        ("email_verified", True),
        ("created_at", "2000-01-01T00:00:00Z"),
        ("synthetic", True),
        ("version", 7),
        ("erased_at", None),
        ("roles", ["admin"]),
    ],
)
async def test_nobody_assigns_what_is_not_theirs_to_write(
    people: Any, app_client: Client, field: str, value: object
) -> None:
    client = app_client(await people.sign_up())
    before = (await client.get("/v1/users/me")).json()
    answer = await client.patch("/v1/users/me", json={field: value, "full_name": "Ann"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await client.get("/v1/users/me")).json() == before


@pytest.mark.parametrize(
    "body",
    [
        {"full_name": ""},
        {"full_name": "   "},
        {"full_name": "x" * 256},
        {"full_name": "Ann\u202eLee"},
        {"full_name": "Ann\x00Lee"},
        {"full_name": "<b>Ann</b>"},
        {"full_name": "visit evil.com now"},
        {"full_name": "https://evil.example"},
        {"full_name": "12345"},
        {"full_name": 5},
        {"phone": "911"},
        {"phone": "+1 302 442"},
        {"phone": "+1 302 442 1234 ext. 5"},
        {"phone": "call me"},
        {"phone": ""},
        {"phone": "1" * 200},
    ],
)
async def test_what_is_no_name_or_number_is_refused_by_its_field(
    people: Any, app_client: Client, body: dict[str, Any]
) -> None:
    answer = await app_client(await people.sign_up()).patch("/v1/users/me", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [*body]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Ann   Lee ", "Ann Lee"),
        ("Jose\u0301 O’Neill-Garci\u0301a, Jr.", "José O’Neill-García, Jr."),
        ("J.R.R. Tolkien", "J.R.R. Tolkien"),
        ("Мария Иванова", "Мария Иванова"),
        ("王小明", "王小明"),
        ("नेहा शर्मा", "नेहा शर्मा"),
        ("Martin Luther King 3rd", "Martin Luther King 3rd"),
    ],
)
def test_names_of_the_world_are_names(written: str, kept: str) -> None:
    assert full_name_of(written) == kept


@given(st.text(max_size=300))
def test_a_name_that_is_kept_is_kept_again(text: str) -> None:
    try:
        kept = full_name_of(text)
    except InvalidInput:
        return
    assert full_name_of(kept) == kept
    assert "\n" not in kept
    assert "<" not in kept


@given(st.text(max_size=60))
def test_a_number_that_is_kept_is_e164(text: str) -> None:
    try:
        kept = phone_of(text)
    except InvalidInput:
        return
    assert kept.startswith("+")
    assert kept[1:].isdecimal()
    assert len(kept) <= 16
    assert phone_of(kept) == kept


async def test_of_two_changes_of_one_version_only_one_is_made(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    tag = (await client.get("/v1/users/me")).headers["etag"]
    answers = await asyncio.gather(
        *(
            client.patch("/v1/users/me", json={"full_name": name}, headers={"if-match": tag})
            for name in ("Ann", "Bob", "Cat", "Dan")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    made = next(answer for answer in answers if answer.status_code == 200)
    assert (await client.get("/v1/users/me")).json() == made.json()
    assert made.headers["etag"] != tag


async def test_changes_of_different_fields_at_once_are_both_kept(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    await asyncio.gather(
        client.patch("/v1/users/me", json={"full_name": "Ann"}),
        client.patch("/v1/users/me", json={"phone": "+13024421234"}),
    )
    me = (await client.get("/v1/users/me")).json()
    assert (me["full_name"], me["phone"]) == ("Ann", "+13024421234")


@pytest.mark.parametrize(
    ("said", "status"),
    [('"1"', 200), ("*", 200), ('"9", "1"', 200), ('"2"', 412), ('W/"1"', 412), ("1", 400)],
)
async def test_if_match_is_read_as_http_says(
    people: Any, app_client: Client, said: str, status: int
) -> None:
    client = app_client(await people.sign_up())
    answer = await client.patch("/v1/users/me", json={"phone": None}, headers={"if-match": said})
    assert answer.status_code == status


async def test_preferences_are_told_only_when_they_changed(people: Any, app_client: Client) -> None:
    user_id = await people.sign_up(language="en")
    client = app_client(user_id)
    body = {
        "language": "ru",
        "time_zone": "America/Chicago",
        "quiet_from": "22:00",
        "quiet_until": "07:30",
        "sms_notifications": True,
    }
    first = await client.patch("/v1/users/me/preferences", json=body)
    again = await client.patch("/v1/users/me/preferences", json=body)
    assert first.status_code == again.status_code == 200
    assert first.headers["etag"] == again.headers["etag"]
    [told] = await people.events()
    assert isinstance(told, PreferencesChanged)
    assert told.user_id == user_id
    assert (told.language, told.currency, told.time_zone) == ("ru", "USD", "America/Chicago")
    assert (told.quiet_from, told.quiet_until) == ("22:00", "07:30")
    assert (told.email_notifications, told.sms_notifications) == (True, True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"language": "de"}, "language"),
        ({"language": None}, "language"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": "usd"}, "currency"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"quiet_from": "25:00", "quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "7:00", "quiet_until": "08:00"}, "quiet_from"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until"),
        ({"email_notifications": "yes"}, "email_notifications"),
        ({"email_notifications": None}, "email_notifications"),
        ({"user_id": "00000000-0000-7000-8000-000000000000"}, "user_id"),
    ],
)
async def test_preferences_that_cannot_be_are_refused_by_their_field(
    people: Any, app_client: Client, body: dict[str, Any], field: str
) -> None:
    client = app_client(await people.sign_up())
    answer = await client.patch("/v1/users/me/preferences", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await people.events() == []


async def test_quiet_hours_are_removed_together(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    path = "/v1/users/me/preferences"
    await client.patch(path, json={"quiet_from": "22:00", "quiet_until": "07:00"})
    assert (await client.patch(path, json={"quiet_from": None})).status_code == 422
    both = await client.patch(path, json={"quiet_from": None, "quiet_until": None})
    assert (both.json()["quiet_from"], both.json()["quiet_until"]) == (None, None)


async def test_of_two_changes_of_preferences_only_one_is_made(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    tag = (await client.get("/v1/users/me/preferences")).headers["etag"]
    answers = await asyncio.gather(
        *(
            client.patch(
                "/v1/users/me/preferences", json={"currency": code}, headers={"if-match": tag}
            )
            for code in ("EUR", "GBP")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len(await people.events()) == 1


async def test_answers_about_people_are_kept_by_no_cache(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    for path in ("/v1/users/me", "/v1/users/me/preferences", "/v1/users/me/kyc"):
        assert (await client.get(path)).headers["cache-control"] == "private, no-store"


async def test_a_look_at_a_profile_is_written_down(
    people: Any, app_client: Client, access_of: Callable[[UUID], Awaitable[list[Any]]]
) -> None:
    user_id, admin = await people.sign_up(), new_id()
    await app_client(user_id).get("/v1/users/me")
    await app_client(admin, "support").get(f"/v1/users/{user_id}")
    await app_client(admin, "admin").get("/v1/users")
    await app_client(user_id).patch("/v1/users/me", json={"full_name": "Ann"})
    assert [(entry.actor_id, entry.action) for entry in await access_of(user_id)] == [
        (None, "profile.created"),
        (user_id, "read.self"),
        (admin, "profile.read"),
        (admin, "profile.listed"),
        (user_id, "profile.changed"),
    ]


async def test_people_are_listed_page_by_page(people: Any, app_client: Client) -> None:
    ids = [str(await people.sign_up()) for _ in range(5)]
    client = app_client(new_id(), "support")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/users", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids
