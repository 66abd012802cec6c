"""A taxpayer's number is kept sealed, bound to its person, and never shown whole again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from taxlien.kit.ids import new_id
from taxlien.kit.security.sealing import SealBroken
from taxlien.services.users import service

Client = Callable[..., httpx2.AsyncClient]

PATH = "/v1/users/me/tax-residency"
SSN = {"country": "us", "form_kind": "W-9", "tin_kind": "ssn", "tin": "123-45-6789"}
ABROAD = {"country": "DE", "form_kind": "W-8BEN", "tin_kind": "foreign", "tin": "65 929 970 489"}


async def test_only_the_last_four_characters_are_ever_shown(
    people: Any, app_client: Client
) -> None:
    user_id = await people.sign_up()
    client, admin = app_client(user_id), app_client(new_id(), "admin")
    answers = [
        await client.put(PATH, json=SSN),
        await client.get(PATH),
        await admin.get(f"/v1/users/{user_id}/tax-residency"),
    ]
    for answer in answers:
        assert answer.status_code == 200
        body = answer.json()
        assert (body["country"], body["tin_last_four"]) == ("US", "6789")
        assert "12345" not in answer.text
        assert "123-45" not in answer.text


async def test_the_number_lies_nowhere_plain(people: Any, app_client: Client) -> None:
    await app_client(await people.sign_up()).put(PATH, json=SSN)
    tables = await people.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'users'"
    )
    for (table,) in tables:
        for (row,) in await people.rows(f"SELECT t::text FROM users.{table} t"):
            assert "123456789" not in row
            assert "123-45-6789" not in row
            assert "6789" not in row or table == "schema_version"
    [(sealed,)] = await people.rows("SELECT tin FROM users.tax_residencies")
    assert b"123456789" not in bytes(sealed)


async def test_a_number_moved_to_another_person_does_not_open(
    people: Any, app_client: Client, caller: Any
) -> None:
    ann, eve = await people.sign_up(), await people.sign_up()
    await app_client(ann).put(PATH, json=SSN)
    await app_client(eve).put(PATH, json=ABROAD)
    await people.rows(
        "UPDATE users.tax_residencies SET tin = (SELECT tin FROM users.tax_residencies"
        " WHERE user_id = :ann) WHERE user_id = :eve RETURNING 1",
        ann=ann,
        eve=eve,
    )
    async with people.database.session() as session:
        with pytest.raises(SealBroken):
            await service.my_residency(session, caller(eve))


async def test_somebody_abroad_may_have_no_number(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    answer = await client.put(PATH, json={"country": "DE", "form_kind": "W-8BEN"})
    assert answer.status_code == 200
    assert (answer.json()["tin_kind"], answer.json()["tin_last_four"]) == (None, None)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"tin": "000-12-3456"}, "tin"),
        ({"tin": "987-65-4321"}, "tin"),
        ({"tin": None}, "tin"),
        ({"tin_kind": None}, "tin"),
        ({"tin_kind": "foreign"}, "tin_kind"),
        ({"tin_kind": "passport"}, "tin_kind"),
        ({"form_kind": "W-8BEN"}, "form_kind"),
        ({"form_kind": "W-4"}, "form_kind"),
        ({"country": "ZZ"}, "country"),
        ({"tin_last_four": "1111"}, "tin_last_four"),
        ({"user_id": str(new_id())}, "user_id"),
        ({"certified_at": "2020-01-01T00:00:00Z"}, "certified_at"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field_and_not_repeated(
    people: Any, app_client: Client, changed: dict[str, Any], field: str
) -> None:
    client = app_client(await people.sign_up())
    answer = await client.put(PATH, json=SSN | changed)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "4321" not in answer.text
    assert (await client.get(PATH)).status_code == 404


async def test_of_two_changes_of_one_version_only_one_is_made(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    tag = (await client.put(PATH, json=SSN)).headers["etag"]
    answers = await asyncio.gather(
        *(client.put(PATH, json=body, headers={"if-match": tag}) for body in (SSN, ABROAD))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_two_first_writes_at_once_are_both_answered(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    answers = await asyncio.gather(*(client.put(PATH, json=body) for body in (SSN, ABROAD)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert await people.rows("SELECT version FROM users.tax_residencies") == [(2,)]


async def test_it_can_be_removed_and_every_look_is_written_down(
    people: Any, app_client: Client, access_of: Any
) -> None:
    user_id, admin = await people.sign_up(), new_id()
    client = app_client(user_id)
    await client.put(PATH, json=SSN)
    await app_client(admin, "admin").get(f"/v1/users/{user_id}/tax-residency")
    assert (await client.delete(PATH)).status_code == 204
    assert (await client.delete(PATH)).status_code == 404
    actions = [(entry.actor_id, entry.action) for entry in await access_of(user_id)]
    assert actions[1:] == [
        (user_id, "tax_residency.changed"),
        (admin, "tax_residency.read"),
        (user_id, "tax_residency.removed"),
    ]
