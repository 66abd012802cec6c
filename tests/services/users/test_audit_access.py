"""Who looked at my data: shown to its person with roles, to an admin with everything, to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from taxlien.interfaces.auth import AccountAccessed
from taxlien.kit.ids import new_id
from taxlien.services.users import events, service

Client = Callable[..., httpx2.AsyncClient]


async def test_person_sees_roles_and_fields_but_no_name_and_no_reason(
    people: Any, app_client: Client
) -> None:
    user_id, staff = await people.sign_up(), new_id()
    assert (await app_client(staff, "support").get(f"/v1/users/{user_id}")).status_code == 200
    answer = await app_client(user_id).get("/v1/users/me/access-log")
    entry = answer.json()["items"][0]
    assert (entry["by"], entry["roles"], entry["action"]) == ("staff", ["support"], "profile.read")
    assert "email" in entry["fields"]
    assert set(entry) == {"number", "at", "by", "roles", "action", "fields"}
    assert str(staff) not in answer.text


async def test_what_another_service_tells_stands_in_the_log_of_the_person(
    people: Any, app_client: Client
) -> None:
    user_id, staff = await people.sign_up(), new_id()
    told = AccountAccessed(
        user_id=user_id,
        at=datetime.now(UTC),
        actor_id=staff,
        actor_roles=("support",),
        action="account.read",
        fields=("email",),
        request_id="r-1",
    )
    async with people.database.session() as session:
        await events.log_account_access(session, told)
    shown = (await app_client(user_id).get("/v1/users/me/access-log")).json()["items"][0]
    assert (shown["by"], shown["roles"], shown["action"]) == ("staff", ["support"], "account.read")
    path = f"/v1/users/{user_id}/access-log"
    full = (await app_client(new_id(), "admin").get(path)).json()["items"]
    [row] = [row for row in full if row["action"] == "account.read"]
    assert (row["actor_id"], row["request_id"]) == (str(staff), "r-1")
    async with people.database.session() as session:
        assert (await service.audit.verify(session, [], since=1)).broken is None


async def test_admin_sees_who_and_is_seen(people: Any, app_client: Client) -> None:
    user_id, admin = await people.sign_up(), new_id()
    path = f"/v1/users/{user_id}/access-log"
    await app_client(admin, "admin").get(path)
    items = (await app_client(admin, "admin").get(path)).json()["items"]
    assert (items[0]["action"], items[0]["actor_id"]) == ("access_log.read", str(admin))
    assert len(items[0]["hash"]) == 64
    mine = (await app_client(user_id).get("/v1/users/me/access-log")).json()["items"]
    assert [entry["action"] for entry in mine[:2]] == ["access_log.read"] * 2


async def test_looking_at_ones_own_log_adds_nothing_to_it(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    first, second = [(await client.get("/v1/users/me/access-log")).json() for _ in range(2)]
    assert first == second


async def test_log_comes_in_pages_without_gaps(people: Any, app_client: Client) -> None:
    user_id = await people.sign_up()
    client = app_client(user_id)
    for _ in range(6):
        await client.get("/v1/users/me")
    whole = (await client.get("/v1/users/me/access-log")).json()["items"]
    paged: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await client.get(
            "/v1/users/me/access-log", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        )
        paged += page.json()["items"]
        cursor = page.json()["next_cursor"]
    assert paged == whole
    assert len(whole) == 7


async def test_log_of_another_person_is_not_in_mine(people: Any, app_client: Client) -> None:
    await people.sign_up()
    mine = await people.sign_up()
    items = (await app_client(mine).get("/v1/users/me/access-log")).json()["items"]
    assert [entry["action"] for entry in items] == ["profile.created"]


@pytest.mark.parametrize("role", ["support", "developer", "investor", "data_customer"])
async def test_only_an_admin_sees_another_persons_log(
    people: Any, app_client: Client, role: str
) -> None:
    user_id = await people.sign_up()
    answer = await app_client(new_id(), role).get(f"/v1/users/{user_id}/access-log")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "access-log"),
        ("GET", "consents"),
        ("POST", "consents"),
        ("GET", "consents/history"),
        ("POST", "exports"),
        ("GET", "exports"),
        ("GET", f"exports/{UUID(int=1)}"),
        ("GET", f"exports/{UUID(int=1)}/download"),
        ("POST", "deletion"),
        ("DELETE", "deletion"),
        ("GET", "deletion"),
    ],
)
async def test_nothing_of_this_is_for_who_is_not_signed_in(
    people: Any, method: str, path: str
) -> None:
    answer = await people.anonymous.request(method, f"/v1/users/me/{path}")
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["access-log", "consents/history", "exports"])
async def test_cursor_of_another_list_is_refused(
    people: Any, app_client: Client, path: str
) -> None:
    client = app_client(await people.sign_up())
    answer = await client.get(f"/v1/users/me/{path}", params={"cursor": "nonsense"})
    assert answer.status_code == 400
