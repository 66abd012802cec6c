"""Devices: looked through, renamed and signed out by their owner alone."""

from __future__ import annotations

from typing import Any

from taxlien.kit.ids import new_id

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit Safari/605"


async def devices(client: Any) -> list[dict[str, Any]]:
    answer = await client.get("/v1/auth/devices")
    assert answer.status_code == 200
    return list(answer.json()["devices"])


async def test_devices_are_listed_with_name_last_seen_and_which_one_asks(
    new_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    laptop, phone = new_client(), new_client()
    phone.headers["user-agent"] = PHONE
    await laptop.sign_in(person)
    await phone.sign_in(person)
    first, second = await devices(phone)
    assert (first["name"], first["current"], first["signed_in"]) == ("Safari on iPhone", True, True)
    assert (second["current"], second["signed_in"]) == (False, True)
    assert first["last_address"] == phone.address
    assert first["last_seen_at"] >= second["last_seen_at"]
    assert "token_sha256" not in first


async def test_refresh_moves_last_seen(app_client: Any, auth_database: Any, signed_in: Any) -> None:
    await auth_database.rows("UPDATE auth.devices SET last_seen_at = now() - interval '3 days'")
    [before] = await devices(app_client)
    body = {"refresh_token": signed_in.refresh_token}
    await app_client.post("/v1/auth/refresh", json=body)
    [after] = await devices(app_client)
    assert after["last_seen_at"] > before["last_seen_at"]


async def test_device_is_renamed(app_client: Any, signed_in: Any) -> None:
    [device] = await devices(app_client)
    path = f"/v1/auth/devices/{device['device_id']}"
    renamed = await app_client.patch(path, json={"name": " Work\u0000 laptop "})
    assert renamed.status_code == 204
    assert [d["name"] for d in await devices(app_client)] == ["Work laptop"]
    assert (await app_client.patch(path, json={"name": "\u200b\n"})).status_code == 422


async def test_forgotten_device_is_signed_out_at_once(
    new_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    here, there = new_client(), new_client()
    await here.sign_in(person)
    bearer = await there.sign_in(person)
    assert (await there.get("/v1/auth/me")).status_code == 200
    [other] = [d for d in await devices(here) if not d["current"]]
    assert (await here.delete(f"/v1/auth/devices/{other['device_id']}")).status_code == 204
    assert (await there.get("/v1/auth/me")).status_code == 401
    body = {"refresh_token": bearer.refresh_token}
    assert (await there.post("/v1/auth/refresh", json=body)).status_code == 401
    assert len(await devices(here)) == 1


async def test_every_device_but_this_one_is_forgotten(
    new_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    clients = [new_client() for _ in range(3)]
    for client in clients:
        await client.sign_in(person)
    answer = await clients[0].delete("/v1/auth/devices")
    assert answer.json() == {"forgotten": 2}
    statuses = [(await client.get("/v1/auth/me")).status_code for client in clients]
    assert statuses == [200, 401, 401]


async def test_device_of_another_user_cannot_be_seen_renamed_or_removed(
    new_client: Any, sign_up_verified: Any
) -> None:
    owner, stranger = new_client(), new_client()
    await owner.sign_in(await sign_up_verified())
    await stranger.sign_in(await sign_up_verified())
    [device] = await devices(owner)
    assert device["device_id"] not in str(await devices(stranger))
    for device_id in (device["device_id"], str(new_id())):
        path = f"/v1/auth/devices/{device_id}"
        assert (await stranger.patch(path, json={"name": "mine"})).status_code == 404
        assert (await stranger.delete(path)).status_code == 404
    assert (await devices(owner)) == [device]
    assert (await owner.get("/v1/auth/me")).status_code == 200
