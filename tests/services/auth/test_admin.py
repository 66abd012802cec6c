"""What admins and support may do with others' accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from taxlien.interfaces.auth import AccountAccessed, RolesChanged, UserSignedUp
from taxlien.kit.errors import InvalidInput
from taxlien.kit.ids import new_id
from taxlien.services.auth import service


@pytest.fixture
async def staff(new_client: Callable[[], Any], auth_database: Any, sign_up_verified: Any) -> Any:
    """``await staff("admin")``: a client of somebody with exactly that role."""

    async def make(role: str) -> Any:
        person = await sign_up_verified()
        async with auth_database.database.session() as session:
            await service.set_roles(session, person.user_id, [role], changed_by=None)
        await auth_database.events()
        client = new_client()
        await client.sign_in(person)
        client.user_id = person.user_id
        return client

    return make


async def test_admin_and_support_see_an_account_without_its_secrets(
    staff: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    for role in ("admin", "support"):
        client = await staff(role)
        found = (await client.get(f"/v1/auth/accounts/{person.user_id}")).json()
        assert (found["email"], found["status"]) == (person.email, "active")
        assert not {"password_hash", "email_key"} & set(found)


async def test_every_look_of_staff_is_told_with_who_and_what(
    staff: Any, sign_up_verified: Any, auth_database: Any
) -> None:
    person = await sign_up_verified()
    admin, support = await staff("admin"), await staff("support")
    path = f"/v1/auth/accounts/{person.user_id}"
    await support.get(path)
    await admin.put(f"{path}/roles", json={"roles": ["support"]})
    await admin.post(f"{path}/disable")
    await admin.post(f"{path}/enable")
    told = await auth_database.events_of(AccountAccessed)
    assert [(event.actor_id, event.actor_roles, event.action) for event in told] == [
        (support.user_id, ("support",), "account.read"),
        (admin.user_id, ("admin",), "account.roles_changed"),
        (admin.user_id, ("admin",), "account.disabled"),
        (admin.user_id, ("admin",), "account.enabled"),
    ]
    assert {event.user_id for event in told} == {person.user_id}
    assert "email" in told[0].fields
    assert person.email not in str(told)


@pytest.mark.parametrize("role", ["support", "developer", "investor", "data_customer"])
async def test_nobody_else_changes_accounts(
    staff: Any, sign_up_verified: Any, auth_database: Any, role: str
) -> None:
    person = await sign_up_verified()
    client = await staff(role)
    path = f"/v1/auth/accounts/{person.user_id}"
    answers = [
        await client.put(f"{path}/roles", json={"roles": ["admin"]}),
        await client.post(f"{path}/disable"),
        await client.post(f"{path}/enable"),
    ]
    if role != "support":
        answers.append(await client.get(path))
    assert [a.status_code for a in answers] == [403] * len(answers)
    assert await auth_database.events() == []


async def test_admin_sets_roles_and_everybody_hears_of_it(
    staff: Any, new_client: Any, sign_up_verified: Any, auth_database: Any
) -> None:
    person = await sign_up_verified()
    admin = await staff("admin")
    path = f"/v1/auth/accounts/{person.user_id}/roles"
    answer = await admin.put(path, json={"roles": ["investor", "support", "support"]})
    assert answer.json()["roles"] == ["support", "investor"]
    [event] = await auth_database.events_of(RolesChanged)
    assert event.roles == ("support", "investor")
    assert event.changed_by == admin.user_id
    await admin.put(path, json={"roles": ["support", "investor"]})
    assert await auth_database.events_of(RolesChanged) == []
    client = new_client()
    await client.sign_in(person)
    assert (await client._identity())["x-roles"] == "support,investor"


@pytest.mark.parametrize("roles", [["root"], ["admin", ""], ["\u0000"]])
async def test_role_that_nobody_has_is_refused(
    staff: Any, sign_up_verified: Any, roles: list[str]
) -> None:
    person = await sign_up_verified()
    admin = await staff("admin")
    path = f"/v1/auth/accounts/{person.user_id}/roles"
    answer = await admin.put(path, json={"roles": roles})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "roles")


async def test_disabled_account_is_out_at_once_and_enabled_it_may_come_back(
    staff: Any, new_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    client, admin = new_client(), await staff("admin")
    bearer = await client.sign_in(person)
    assert (await client.get("/v1/auth/me")).status_code == 200
    path = f"/v1/auth/accounts/{person.user_id}"
    assert (await admin.post(f"{path}/disable")).json()["status"] == "disabled"
    assert (await client.get("/v1/auth/me")).status_code == 401
    body = {"refresh_token": bearer.refresh_token}
    assert (await client.post("/v1/auth/refresh", json=body)).status_code == 401
    assert (await admin.post(f"{path}/enable")).json()["status"] == "active"
    assert (await client.get("/v1/auth/me")).status_code == 401
    await client.sign_in(person)


async def test_admins_cannot_shut_themselves_out(staff: Any) -> None:
    admin = await staff("admin")
    path = f"/v1/auth/accounts/{admin.user_id}"
    assert (await admin.post(f"{path}/disable")).status_code == 409
    assert (await admin.put(f"{path}/roles", json={"roles": []})).status_code == 409
    assert (await admin.get("/v1/auth/me")).json()["roles"] == ["admin"]


async def test_account_that_does_not_exist_is_not_found(staff: Any) -> None:
    admin = await staff("admin")
    path = f"/v1/auth/accounts/{new_id()}"
    assert (await admin.get(path)).status_code == 404
    assert (await admin.post(f"{path}/disable")).status_code == 404


async def test_ensured_account_is_made_once_and_keeps_its_password(
    app_client: Any, auth_database: Any
) -> None:
    made: list[UUID] = []
    for password in ("first generated phrase 1", "second generated phrase 2"):
        async with auth_database.database.session() as session:
            found = await service.ensure_account(
                session, "admin@example.com", password, ["admin"], synthetic=True
            )
        made.append(found.user_id)
    assert made[0] == made[1]
    [event, given] = await auth_database.events()
    assert isinstance(event, UserSignedUp)
    assert (event.email_verified, event.synthetic) == (True, True)
    assert isinstance(given, RolesChanged)
    assert (given.user_id, given.roles) == (event.user_id, ("admin",))
    body = {"email": "admin@example.com", "password": "first generated phrase 1"}
    assert (await app_client.post("/v1/auth/login", json=body)).status_code == 200


async def test_ensured_account_has_only_roles_that_exist(auth_database: Any) -> None:
    with pytest.raises(InvalidInput, match="root"):
        async with auth_database.database.session() as session:
            await service.ensure_account(session, "a@example.com", "a generated phrase 1", ["root"])
