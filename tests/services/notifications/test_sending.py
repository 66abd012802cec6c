"""Mail servers that are busy, away or say no; workers that die or compete."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from taxlien.interfaces import auth
from taxlien.kit.database import Database
from taxlien.kit.ids import new_id
from taxlien.services.notifications import service


@pytest.fixture
def changed():
    def make(number: int = 0) -> auth.PasswordChanged:
        at = datetime.now(UTC)
        return auth.PasswordChanged(
            user_id=new_id(), at=at, email=f"u{number}@example.com", language="en"
        )

    return make


async def test_greylisted_mail_goes_out_at_a_later_attempt(
    database, mail_server, sending, until, hear, changed, rows
) -> None:
    mail_server.data_answers = ["451 4.7.1 come back later"] * 2
    mail_server.recipient_answers = ["450 4.2.0 greylisted"]
    await hear(changed())
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    [message] = await rows()
    assert (message["status"], message["attempts"], message["error"]) == ("sent", 4, None)


@pytest.mark.parametrize("where", ["recipient_answers", "data_answers"])
async def test_mail_refused_for_good_is_given_up_at_once(
    database, mail_server, sending, until, hear, changed, rows, where
) -> None:
    getattr(mail_server, where).append("550 5.1.1 no such user u0@example.com")
    await hear(changed())

    async def is_failed() -> bool:
        return (await rows())[0]["status"] == "failed"

    async with sending(database):
        await until(is_failed)
    [message] = await rows()
    assert (message["attempts"], message["sealed"]) == (1, None)
    assert "550" in message["error"]
    assert "u0@" not in message["error"], "the server's words repeat the address"


async def test_mail_is_given_up_after_the_last_attempt(
    database, mail_server, settings_of, sending, until, hear, changed, rows
) -> None:
    settings_of(smtp_url=f"smtp://127.0.0.1:{mail_server.port}", max_attempts=3)
    mail_server.data_answers = ["451 later"] * 10
    await hear(changed())

    async def is_failed() -> bool:
        return (await rows())[0]["status"] == "failed"

    async with sending(database):
        await until(is_failed)
    assert (await rows())[0]["attempts"] == 3
    assert mail_server.mails == []


async def test_mails_wait_for_a_server_that_is_away(
    database, mail_server, sending, until, hear, changed, rows
) -> None:
    await mail_server.stop()
    await hear(*(changed(n) for n in range(3)))

    async def were_tried() -> bool:
        return all(row["attempts"] >= 2 for row in await rows())

    async with sending(database):
        await until(were_tried)
        await mail_server.start()
        await until(lambda: len(mail_server.mails) == 3)


async def test_one_refused_mail_holds_up_no_other(
    database, mail_server, sending, until, hear, changed
) -> None:
    mail_server.recipient_answers = ["550 no"]
    await hear(*(changed(n) for n in range(12)))
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 11)


async def test_without_a_mail_server_in_the_settings_mails_wait(
    database, mail_server, settings_of, sending, until, hear, changed, rows
) -> None:
    settings_of()
    await hear(changed())
    async with sending(database):
        pass
    assert [(row["status"], row["attempts"]) for row in await rows()] == [("queued", 0)]
    settings_of(smtp_url=f"smtp://127.0.0.1:{mail_server.port}")
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)


async def test_what_is_under_way_ends_before_the_job_does(
    database, mail_server, sending, hear, changed, rows
) -> None:
    mail_server.gate = asyncio.Event()
    await hear(changed())
    async with sending(database):
        await mail_server.reached.wait()
        asyncio.get_running_loop().call_later(0.1, mail_server.gate.set)
    assert [row["status"] for row in await rows()] == ["sent"]


async def test_two_workers_never_send_one_message_twice(
    database, mail_server, sending, until, hear, changed
) -> None:
    await hear(*(changed(n) for n in range(60)))
    second = Database(database.engine.url, service="notifications")
    try:
        async with sending(database), sending(second):
            await until(lambda: len(mail_server.mails) >= 60)
    finally:
        await second.close()
    assert set(Counter(mail_server.ids()).values()) == {1}
    assert len(mail_server.mails) == 60


async def test_message_whose_lease_ran_out_is_safe_while_its_worker_lives(
    database, mail_server, settings_of, sending, until, hear, changed
) -> None:
    """A worker that is slower than its lease still holds the row's lock: nobody sends beside it."""
    settings_of(smtp_url=f"smtp://127.0.0.1:{mail_server.port}", lease_seconds=0.05)
    mail_server.gate = asyncio.Event()
    await hear(changed())
    plan = service.open_plan()
    async with sending(database):
        await mail_server.reached.wait()
        await asyncio.wait((asyncio.create_task(mail_server.gate.wait()),), timeout=0.3)
        async with database.session() as session:
            assert await service.claim_due(session, plan, 10) == []
        mail_server.gate.set()
        await until(lambda: len(mail_server.mails) == 1)
    assert len(mail_server.mails) == 1


async def test_claim_of_a_worker_that_was_overtaken_sends_nothing(
    database, mail_server, settings_of, hear, changed
) -> None:
    settings_of(smtp_url=f"smtp://127.0.0.1:{mail_server.port}", lease_seconds=0.001)
    await hear(changed())
    plan = service.open_plan()
    async with database.session() as session:
        [slow] = await service.claim_due(session, plan, 10)
    async with database.session() as session:
        [quick] = await service.claim_due(session, plan, 10)
    async with database.session() as session:
        assert await service.deliver(session, plan, slow) is None
    async with database.session() as session:
        assert await service.deliver(session, plan, quick) == "sent"
    assert len(mail_server.mails) == 1


@pytest.mark.tough
async def test_killed_worker_s_mails_are_sent_by_the_next_and_repeats_are_recognisable(
    database, start_worker, mail_server, settings_of, sending, until, hear, changed, rows
) -> None:
    """Killed while the server has the mail but has not said yes: nothing is lost, and what comes
    twice has the same Message-ID."""
    settings_of(smtp_url=f"smtp://127.0.0.1:{mail_server.port}", lease_seconds=1)
    await hear(*(changed(n) for n in range(20)))
    mail_server.gate = asyncio.Event()
    for _ in range(3):
        mail_server.reached.clear()
        worker = start_worker("send_messages", database)
        await asyncio.wait_for(mail_server.reached.wait(), 30)
        await asyncio.to_thread(worker.kill)
    mail_server.gate.set()
    async with sending(database):
        await until(lambda: all_sent(rows))
    assert {row["status"] for row in await rows()} == {"sent"}
    assert len(set(mail_server.ids())) == 20
    assert max(Counter(mail_server.ids()).values()) <= 4


async def all_sent(rows) -> bool:
    return all(row["status"] == "sent" for row in await rows())


@pytest.mark.tough
async def test_killed_worker_before_the_server_was_reached_sends_once_in_the_end(
    database, start_worker, mail_server, settings_of, sending, until, hear, changed, rows
) -> None:
    settings_of(smtp_url=f"smtp://127.0.0.1:{mail_server.port}", lease_seconds=0.5)
    await mail_server.stop()
    await hear(*(changed(n) for n in range(10)))

    async def were_tried() -> bool:
        return all(row["attempts"] >= 1 for row in await rows())

    worker = start_worker("send_messages", database)
    await until(were_tried)
    await asyncio.to_thread(worker.kill)
    await mail_server.start()
    async with sending(database):
        await until(lambda: all_sent(rows))
    assert set(Counter(mail_server.ids()).values()) == {1}
    assert len(mail_server.mails) == 10


async def test_old_messages_are_forgotten_and_waiting_ones_never(
    database, mail_server, sending, until, hear, changed, rows
) -> None:
    await hear(changed(1))
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    await hear(changed(2))
    async with database.session() as session:
        await session.execute(
            text("UPDATE notifications.messages SET created_at = now() - interval '1 year'")
        )
    async with database.session() as session:
        assert await service.tidy(session, service.open_plan()) == 1
    assert [row["status"] for row in await rows()] == ["queued"]
