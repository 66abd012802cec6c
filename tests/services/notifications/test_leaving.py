"""What a user may take along, and how a user is forgotten: with one last mail, and then wholly."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import text

from taxlien.interfaces import users
from taxlien.kit.blobs import Blobs
from taxlien.kit.events import decode
from taxlien.kit.ids import new_id
from taxlien.services.notifications import service


@pytest.fixture
def emitted(database):
    """Return the events of one class that wait in the outbox."""

    async def read(kind):
        async with database.session() as session:
            found = await session.execute(
                text("SELECT body FROM notifications.outbox ORDER BY seq")
            )
            envelopes = [decode(bytes(row.body)) for row in found]
        return [e.event(kind) for e in envelopes if e.type == kind.wire_type()]

    return read


def moment(user_id):
    return {"user_id": user_id, "at": datetime.now(UTC)}


async def test_export_has_every_row_sealed_for_its_reader(
    hear, every_event, emitted, kit_settings, keyring
) -> None:
    heard = every_event()
    await hear(*heard, *every_event(email="other@example.com"))
    export_id = new_id()
    await hear(users.UserExportRequested(**moment(heard[0].user_id), export_id=export_id))
    [answer] = await emitted(users.UserDataExported)
    assert (answer.service, answer.export_id) == ("notifications", export_id)
    sealed = await Blobs.from_settings(kit_settings).get(answer.sha256)
    assert b"ann@example.com" not in sealed
    context = f"{users.EXPORT_CONTEXT}:{export_id}:notifications"
    part = msgspec.json.decode(keyring.open(sealed, context))
    assert [row["email"] for row in part["recipients"]] == ["ann@example.com"]
    assert len(part["messages"]) == 12
    assert answer.rows == 13
    assert "sealed" not in part["messages"][0]


async def test_export_of_an_unknown_user_is_empty(hear, emitted) -> None:
    await hear(users.UserExportRequested(**moment(new_id()), export_id=new_id()))
    [answer] = await emitted(users.UserDataExported)
    assert answer.rows == 0


async def test_erased_user_leaves_an_id_and_one_last_mail_that_leaves_nothing(
    database, mail_server, sending, until, hear, every_event, emitted, rows
) -> None:
    heard = every_event(language="ru")
    user_id = heard[0].user_id
    await hear(*heard)
    erasure_id = new_id()
    await hear(users.UserErasureDue(**moment(user_id), erasure_id=erasure_id))
    [answer] = await emitted(users.UserDataErased)
    assert (answer.rows, answer.erasure_id) == (13, erasure_id)
    assert len(answer.kept) == 1
    [recipient] = await rows("recipients")
    kept = {n for n, v in recipient.items() if v not in (None, False)}
    assert kept == {"user_id", "erased_at", "created_at"}
    [held] = await rows()
    assert held["status"] == "held"
    assert b"ann@example.com" not in held["sealed"]
    async with sending(database):
        await hear(users.UserErased(**moment(user_id), erasure_id=erasure_id, proof="ab12cd"))
        await until(lambda: len(mail_server.mails) == 1)
    [mail] = mail_server.mails
    assert mail_server.recipients == ["ann@example.com"]
    assert mail["Subject"] == "Ваш аккаунт удалён"
    assert "ab12cd" in mail.get_body(("plain",)).get_content()
    assert await rows() == []


async def test_erasure_is_answered_again_and_nobody_is_written_to_twice(
    database, mail_server, sending, until, hear, every_event, emitted, rows
) -> None:
    sign_up = every_event()[0]
    due = users.UserErasureDue(**moment(sign_up.user_id), erasure_id=new_id())
    erased = users.UserErased(**moment(sign_up.user_id), erasure_id=due.erasure_id, proof="p")
    await hear(sign_up, due, due)
    assert [(a.rows, len(a.kept)) for a in await emitted(users.UserDataErased)] == [(1, 1), (0, 1)]
    await hear(erased)
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    await hear(erased, due)
    assert await rows() == []
    assert (await emitted(users.UserDataErased))[-1].kept == ()


async def test_events_that_come_late_do_not_bring_an_erased_user_back(
    hear, every_event, rows
) -> None:
    heard = every_event()
    await hear(heard[0], users.UserErasureDue(**moment(heard[0].user_id), erasure_id=new_id()))
    await hear(*heard)
    [recipient] = await rows("recipients")
    assert recipient["email"] is None
    late = [row for row in await rows() if row["status"] != "held"]
    assert late
    assert {row["status"] for row in late} == {"suppressed"}
    assert {row["sealed"] for row in late} == {None}


async def test_farewell_the_server_refuses_is_forgotten_too(
    database, mail_server, sending, until, hear, every_event, rows
) -> None:
    sign_up = every_event()[0]
    erasure_id = new_id()
    mail_server.recipient_answers = ["550 gone"]
    await hear(
        sign_up,
        users.UserErasureDue(**moment(sign_up.user_id), erasure_id=erasure_id),
        users.UserErased(**moment(sign_up.user_id), erasure_id=erasure_id, proof="p"),
    )

    async def is_gone() -> bool:
        return await rows() == []

    async with sending(database):
        await until(is_gone)
    assert mail_server.mails == []


async def test_address_is_not_held_for_ever_when_the_erasure_never_ends(
    database, hear, every_event, rows
) -> None:
    sign_up = every_event()[0]
    await hear(sign_up, users.UserErasureDue(**moment(sign_up.user_id), erasure_id=new_id()))
    async with database.session() as session:
        await session.execute(
            text("UPDATE notifications.messages SET expires_at = now() - interval '1 s'")
        )
    async with database.session() as session:
        assert await service.tidy(session, service.open_plan()) == 1
    assert await rows() == []


async def test_what_was_told_and_chosen_is_taken_along_and_forgotten(
    database, hear, known, match, make_due, telling, until, client_of, emitted, rows, kit_settings,
    keyring,
) -> None:  # fmt: skip
    await hear(match(known, new_id(), 1))
    await make_due()

    async def is_told() -> bool:
        return len(await rows("notices")) == 1

    async with telling(database):
        await until(is_told)
    await hear(match(known, new_id(), 2, name="In town"))
    chosen = {"kinds": {"price_drop": {"email": False}}}
    assert (await client_of(known).put("/v1/notifications/preferences", json=chosen)).is_success
    export_id = new_id()
    await hear(users.UserExportRequested(**moment(known), export_id=export_id))
    [answer] = await emitted(users.UserDataExported)
    sealed = await Blobs.from_settings(kit_settings).get(answer.sha256)
    context = f"{users.EXPORT_CONTEXT}:{export_id}:notifications"
    part = msgspec.json.decode(keyring.open(sealed, context))
    assert [notice["title"] for notice in part["notices"]] == ["A new lien in “Near the lake”"]
    assert [item["facts"].get("search") for item in part["gathered"]] == [None, "In town"]
    assert part["choices"] == [{"kind": "price_drop", "channel": "email", "wanted": False}]
    await hear(users.UserErasureDue(**moment(known), erasure_id=new_id()))
    for table, order in (("notices", "created_at"), ("gathered", "due_at"), ("choices", "kind")):
        assert await rows(table, order) == []
