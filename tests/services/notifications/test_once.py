"""Every event makes one mail, however often it comes, to whom and in the language it should."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from taxlien.interfaces import auth, users
from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.events import Event, encode, wrap
from taxlien.kit.ids import new_id
from taxlien.kit.migrations import pending_changes
from taxlien.services.notifications import events, models
from taxlien.services.notifications.logic.kinds import KINDS

ACCOUNT = [k for k in KINDS.values() if k.category == "security" or k.name == "welcome"]
MAILS = len(ACCOUNT) - 1  # the farewell has a test of its own


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def test_every_event_delivered_twice_makes_one_mail(
    database, mail_server, sending, until, every_event, bus_url
) -> None:
    bus = connect_bus(bus_url)
    stop = asyncio.Event()
    consumer = Consumer(database, bus, events.take_note, service="notifications")
    running = asyncio.create_task(consumer.run(stop))
    heard = every_event()
    envelopes = [wrap(event, source="auth") for event in heard]
    # The same envelopes again (a relay that crashed), and the same facts in new ones.
    envelopes += [*envelopes, *(wrap(event, source="auth") for event in heard)]
    last = auth.PasswordChanged(user_id=new_id(), at=heard[0].at, email="z@e.com", language="en")
    try:
        await bus.publish([Outgoing(e.id, e.type, e.subject, encode(e)) for e in envelopes])
        tail = wrap(last, source="auth")
        await bus.publish([Outgoing(tail.id, tail.type, tail.subject, encode(tail))])
        async with sending(database):
            await until(lambda: len(mail_server.mails) >= MAILS + 1)
    finally:
        stop.set()
        await running
        await bus.close()
    assert len(mail_server.mails) == MAILS + 1
    assert len(set(mail_server.ids())) == MAILS + 1
    assert mail_server.recipients.count("ann@example.com") == MAILS
    assert await bus_is_clean(bus_url)


async def bus_is_clean(bus_url: str) -> bool:
    bus = connect_bus(bus_url)
    try:
        return await bus.dead_letters() == []
    finally:
        await bus.close()


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "Your password"), ("ru-RU", "Ваш пароль")]
)
async def test_mail_is_in_the_language_of_its_reader(
    database, mail_server, sending, until, hear, language, subject
) -> None:
    who = {"user_id": new_id(), "at": datetime.now(UTC), "email": "ann@example.com"}
    await hear(auth.PasswordChanged(**who, language=language))
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    [mail] = mail_server.mails
    assert subject in mail["Subject"]
    assert mail["Content-Language"] == language[:2]
    assert subject in text_of(mail)
    assert subject in text_of(mail, "html")


async def test_chosen_language_wins_over_the_one_an_account_was_made_in(
    database, mail_server, sending, until, hear, every_event
) -> None:
    sign_up, *_ = every_event()
    await hear(
        sign_up,
        users.PreferencesChanged(
            user_id=sign_up.user_id, at=sign_up.at, language="ru", currency="USD",
            time_zone="UTC", email_notifications=True, push_notifications=False,
            sms_notifications=False,
        ),
        users.UserDeletionCancelled(user_id=sign_up.user_id, at=sign_up.at),
    )  # fmt: skip
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    assert mail_server.mails[0]["Subject"] == "Ваш аккаунт остаётся"


async def test_who_wants_no_mail_still_hears_what_concerns_the_account(
    database, mail_server, sending, until, hear, every_event
) -> None:
    sign_up, *rest = every_event()
    await hear(
        sign_up,
        users.PreferencesChanged(
            user_id=sign_up.user_id, at=sign_up.at, language="en", currency="USD",
            time_zone="UTC", email_notifications=False, push_notifications=False,
            sms_notifications=False,
        ),
        *rest,
    )  # fmt: skip
    async with sending(database):
        await until(lambda: len(mail_server.mails) == MAILS - 1)
    assert "Welcome to TAXLIEN.online" not in [str(m["Subject"]) for m in mail_server.mails]
    assert "A sign-in from a new device" in [str(m["Subject"]) for m in mail_server.mails]


async def test_welcome_comes_once_and_only_to_a_verified_address(
    database, mail_server, sending, until, hear, every_event, rows
) -> None:
    sign_up = every_event()[0]
    verified = auth.EmailVerified(user_id=sign_up.user_id, at=sign_up.at, email=sign_up.email)
    await hear(sign_up)
    assert await rows() == []
    await hear(verified, auth.EmailVerified(**{**asdict(verified), "at": later(verified)}))
    assert [row["kind"] for row in await rows()] == ["welcome"]


def asdict(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def later(event):
    return event.at + timedelta(days=1)


async def test_who_comes_from_another_provider_is_welcomed_at_sign_up(hear, rows) -> None:
    who = {"at": datetime.now(UTC), "email": "a@b.com", "email_verified": True, "method": "google"}
    await hear(auth.UserSignedUp(user_id=new_id(), **who))
    await hear(auth.UserSignedUp(user_id=new_id(), synthetic=True, **who))
    assert [row["kind"] for row in await rows()] == ["welcome"]


async def test_mail_to_a_user_whose_sign_up_is_heard_late_waits_for_the_address(
    database, mail_server, sending, until, hear, every_event, rows
) -> None:
    sign_up, *_, cancelled = every_event()
    await hear(cancelled)

    async def was_tried() -> bool:
        [message] = await rows()
        return message["error"] == "no address is known yet"

    async with sending(database):
        await until(was_tried)
        assert mail_server.mails == []
        await hear(sign_up)
        await until(lambda: len(mail_server.mails) == 1)
    assert mail_server.recipients == ["ann@example.com"]


async def test_link_of_a_mail_carries_the_token_in_its_fragment(
    database, mail_server, sending, until, hear, every_event
) -> None:
    await hear(every_event()[1])
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    link = "https://taxlien.example/account/verify-email#token=tok-1_A"
    assert link in text_of(mail_server.mails[0]).splitlines()
    assert f'href="{link}"' in text_of(mail_server.mails[0], "html")


async def test_what_a_mail_said_is_sealed_before_and_gone_after(
    database, mail_server, sending, until, hear, every_event, rows
) -> None:
    await hear(every_event()[1])
    [message] = await rows()
    assert message["sealed"]
    assert b"tok-1" not in message["sealed"]
    assert b"ann@example.com" not in message["sealed"]
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    [message] = await rows()
    assert (message["status"], message["sealed"]) == ("sent", None)
    assert message["sent_at"] is not None


async def test_link_that_expired_is_not_sent(
    database, mail_server, sending, until, hear, every_event, rows
) -> None:
    asked = every_event()[1]
    await hear(
        auth.EmailVerificationRequested(**{**asdict(asked), "expires_at": asked.at}),
        every_event()[5],
    )
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    assert [row["status"] for row in await rows()] == ["suppressed", "sent"]


async def test_migrations_make_the_tables_that_the_models_say(database) -> None:
    assert await pending_changes("notifications", database.engine.url, models.metadata) == []
