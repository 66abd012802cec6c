"""Forty matches are one mail: told once, at the right time, whatever comes twice or is restarted."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from taxlien.interfaces import users
from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.database import Database
from taxlien.kit.events import encode, wrap
from taxlien.kit.ids import new_id
from taxlien.services.notifications import events, service, tasks

NOW = datetime.now(UTC)
SEARCH = new_id()


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def test_forty_matches_are_one_mail_with_the_best_and_how_many_more(
    database, mail_server, sending, telling, until, hear, known, match, make_due, rows
) -> None:
    search = new_id()
    heard = [match(known, search, n) for n in range(1, 41)]
    await hear(*heard, *heard)
    assert len({row["due_at"] for row in await rows("gathered")}) == 1
    await make_due()
    async with telling(database), sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    [mail] = mail_server.mails
    words = plain(mail)
    assert mail["Subject"] == "40 new liens in “Near the lake”"
    assert words.count("/v1/liens/") == 20
    assert f"https://taxlien.example/v1/liens/{heard[-1].lien.lien_id}" in words
    assert "40 Example St: Ocala, Marion, FL, Parcel 12-0040" in words
    assert "$1,040.00, at 18%; $1,220.00 after 12 months" in words
    assert "and 20 more" in words
    told = await rows("gathered")
    assert {(row["sealed"], row["told_at"] is None) for row in told} == {(None, False)}


async def test_what_was_told_is_not_told_again_and_what_comes_later_is(
    database, mail_server, sending, telling, until, hear, known, match, make_due
) -> None:
    search = new_id()
    first = match(known, search, 1)
    await hear(first)
    await make_due()
    async with telling(database), sending(database):
        await until(lambda: len(mail_server.mails) == 1)
        again = match(known, search, 1, lien_id=first.lien.lien_id, price=Decimal(1))
        await hear(first, again, match(known, search, 2))
        await make_due()
        await until(lambda: len(mail_server.mails) == 2)
    assert "2 Example St" in plain(mail_server.mails[1])
    assert " 1 Example St" not in plain(mail_server.mails[1])


async def test_two_workers_tell_once(
    database, mail_server, sending, telling, until, hear, known, match, make_due, rows
) -> None:
    searches = [new_id() for _ in range(5)]
    await hear(*(match(known, search, n) for n, search in enumerate(searches * 3)))
    await make_due()
    second = Database(database.engine.url, service="notifications")
    try:
        async with telling(database), telling(second), sending(database):
            await until(lambda: len(mail_server.mails) >= 5)
    finally:
        await second.close()
    assert len(mail_server.mails) == 5
    assert len(await rows()) == 5


async def test_daily_matches_of_all_searches_are_one_mail_in_the_morning(
    database, mail_server, sending, telling, until, hear, known, match, preferences, make_due, rows
) -> None:
    lake, town = new_id(), new_id()
    await hear(preferences(known, time_zone="America/Chicago"))
    await hear(
        *(match(known, lake, n, pace="daily") for n in range(3)),
        match(known, town, 9, pace="daily", name="In town", payoff=None, rate_pct=None),
    )
    [due] = {row["due_at"] for row in await rows("gathered")}
    assert timedelta() < due - datetime.now(UTC) <= timedelta(hours=25)
    assert (due.astimezone(ZoneInfo("America/Chicago")).hour, due.minute) == (8, 0)
    await make_due()
    async with telling(database), sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    [mail] = mail_server.mails
    assert mail["Subject"] == "4 new liens in 2 saved searches"
    words = plain(mail)
    assert words.index("Near the lake (3)") < words.index("In town (1)")
    assert "payoff not known" in words


async def test_hours_of_quiet_hold_what_was_gathered_until_they_end(
    database, sending, telling, until, hear, known, match, preferences, make_due, rows
) -> None:
    begins = (datetime.now(UTC) - timedelta(hours=1)).strftime("%H:%M")
    ends = datetime.now(UTC) + timedelta(hours=2)
    quiet = preferences(known, quiet_from=begins, quiet_until=ends.strftime("%H:%M"))
    await hear(match(known, new_id(), 1))
    await make_due()
    await hear(quiet, match(known, new_id(), 2))
    held = ends.replace(second=0, microsecond=0)

    async def all_wait() -> bool:
        return {row["due_at"] for row in await rows("gathered")} == {held}

    async with telling(database):
        await until(all_wait)
    assert await rows() == []


async def test_who_is_not_known_yet_is_told_after_the_sign_up_was_heard(
    database, telling, until, hear, user_id, match, make_due, rows
) -> None:
    await hear(match(user_id, new_id(), 1))
    await make_due()

    async def waits() -> bool:
        return (await rows("gathered"))[0]["due_at"] > datetime.now(UTC)

    async with telling(database):
        await until(waits)
    assert await rows() == []


async def test_silence_is_kept_and_nothing_is_gathered_for_the_erased(
    hear, known, match, rows
) -> None:
    await hear(match(known, new_id(), 1, pace="off"))
    assert await rows("gathered") == []
    await hear(match(known, new_id(), 2))
    await hear(users.UserErasureDue(user_id=known, at=NOW, erasure_id=new_id()))
    await hear(match(known, new_id(), 3))
    assert await rows("gathered") == []


async def test_process_that_dies_while_it_tells_has_told_nothing(
    database, mail_server, sending, telling, until, hear, known, match, make_due, rows
) -> None:
    """The message and the marks are one transaction: cut off before its end, all of it is told later."""
    await hear(*(match(known, SEARCH, n) for n in range(3)))
    await make_due()
    with suppress(ConnectionAbortedError):
        async with database.session() as session:
            [gathering] = await service.due_gatherings(session, 10)
            assert await service.tell(session, gathering)
            raise ConnectionAbortedError
    assert await rows() == []
    async with telling(database), sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    assert mail_server.mails[0]["Subject"] == "3 new liens in “Near the lake”"


async def test_gathering_that_cannot_be_told_holds_up_no_other(
    database, mail_server, sending, telling, until, hear, known, match, make_due
) -> None:
    await hear(match(known, SEARCH, 1))
    async with database.session() as session:
        await session.execute(text("UPDATE notifications.gathered SET sealed = 'damaged'"))
    await hear(match(known, new_id(), 2))
    await make_due()
    async with telling(database), sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    assert "2 Example St" in plain(mail_server.mails[0])


async def test_matches_delivered_twice_by_the_bus_are_kept_once(
    database, known, match, bus_url, until, rows
) -> None:
    bus, stop = connect_bus(bus_url), asyncio.Event()
    consumer = Consumer(database, bus, events.gather_news, service="notifications")
    running = asyncio.create_task(consumer.run(stop))
    heard = [match(known, SEARCH, n) for n in range(30)]
    envelopes = [wrap(event, source="search") for event in heard]
    # The same envelopes again, the same facts in new ones, and one of another user at the end.
    envelopes += [*envelopes, *(wrap(event, source="search") for event in heard)]
    envelopes.append(wrap(match(new_id(), SEARCH), source="search"))
    try:
        await bus.publish([Outgoing(e.id, e.type, e.subject, encode(e)) for e in envelopes])

        async def all_came() -> bool:
            return len({row["user_id"] for row in await rows("gathered")}) == 2

        await until(all_came)
        assert await bus.dead_letters() == []
    finally:
        stop.set()
        await running
        await bus.close()
    assert [row["user_id"] for row in await rows("gathered")].count(known) == 30


@pytest.mark.tough
async def test_workers_that_are_killed_while_they_tell_leave_one_message_for_each_gathering(
    database, start_worker, telling, until, hear, known, match, make_due, rows
) -> None:
    searches = [new_id() for _ in range(120)]
    async with database.session() as session:
        await events.gather_news(session, [match(known, s, n) for s in searches for n in range(2)])
    await make_due()
    for told in (1, 40):
        worker = start_worker("tell_gathered", database)

        async def began(least: int = told) -> bool:
            return len(await rows()) >= least

        await until(began)
        await asyncio.to_thread(worker.kill)
    async with telling(database):
        await until(lambda: all_told(rows))
    assert len(await rows()) == len(await rows("notices")) == len(searches)
    assert len({row["event_id"] for row in await rows()}) == len(searches)


async def all_told(rows) -> bool:
    return all(row["told_at"] for row in await rows("gathered"))


async def test_all_that_is_due_is_told_before_the_next_rest(
    database, telling, until, hear, known, match, make_due, rows, monkeypatch
) -> None:
    monkeypatch.setattr(tasks, "GATHERINGS_AT_ONCE", 2)
    monkeypatch.setattr(tasks, "POLL_SECONDS", 600.0)
    await hear(*(match(known, new_id(), n) for n in range(5)))
    await make_due()

    async def all_told() -> bool:
        return all(row["told_at"] for row in await rows("gathered"))

    async with telling(database):
        await until(all_told)


async def test_what_could_never_be_told_is_forgotten_in_time(database, hear, match, rows) -> None:
    """Its user never confirmed an address: it would be looked at every ten minutes for ever."""
    await hear(match(new_id(), new_id(), 1), match(new_id(), new_id(), 2))
    async with database.session() as session:
        await session.execute(
            text(
                "UPDATE notifications.gathered SET created_at = now() - interval '91 days'"
                " WHERE item_id = (SELECT min(item_id::text)::uuid FROM notifications.gathered)"
            )
        )
        await service.tidy(session, service.open_plan())
    assert len(await rows("gathered")) == 1
