"""The inbox of the product: newest first, mine alone, read once."""

from __future__ import annotations

from taxlien.kit.ids import new_id

INBOX = "/v1/notifications/inbox"


async def told(database, hear, make_due, telling, until, rows, *events) -> None:
    await hear(*events)
    await make_due()

    async def is_told() -> bool:
        return all(row["told_at"] for row in await rows("gathered"))

    async with telling(database):
        await until(is_told)


async def test_what_was_told_is_listed_by_cursor_and_read(
    database, client_of, hear, known, match, make_due, telling, until, rows
) -> None:
    events = [match(known, new_id(), n, name=f"Search {n}") for n in range(3)]
    await told(database, hear, make_due, telling, until, rows, *events, *events)
    client = client_of(known)
    first = (await client.get(INBOX, params={"limit": 2})).json()
    rest = (await client.get(INBOX, params={"cursor": first["next_cursor"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    everything = first["items"] + rest["items"]
    assert {item["title"] for item in everything} == {
        f"A new lien in “Search {n}”" for n in range(3)
    }
    assert everything == sorted(everything, key=lambda item: item["notice_id"], reverse=True)
    assert {item["path"] for item in everything} == {f"/v1/liens/{e.lien.lien_id}" for e in events}
    assert first["unread"] == 3
    one = f"{INBOX}/{everything[0]['notice_id']}/read"
    assert [(await client.post(one)).status_code for _ in range(2)] == [204, 204]
    unread = (await client.get(INBOX, params={"unread": True})).json()
    assert (len(unread["items"]), unread["unread"]) == (2, 2)
    assert (await client.post(f"{INBOX}/read")).json() == {"read": 2}
    assert (await client.post(f"{INBOX}/read")).json() == {"read": 0}


async def test_inbox_of_another_is_empty_and_its_notices_are_not_found(
    database, client_of, hear, known, match, make_due, telling, until, rows
) -> None:
    await told(database, hear, make_due, telling, until, rows, match(known, new_id()))
    [notice] = await rows("notices")
    assert b"Near the lake" not in notice["sealed"]
    stranger = client_of(new_id())
    assert (await stranger.get(INBOX)).json() == {"items": [], "next_cursor": None, "unread": 0}
    assert (await stranger.post(f"{INBOX}/{notice['notice_id']}/read")).status_code == 404
    assert (await client_of().get(INBOX)).status_code == 401
    assert (await stranger.get(INBOX, params={"cursor": "x"})).status_code == 400
