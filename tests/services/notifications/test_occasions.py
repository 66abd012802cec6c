"""What is watched, sales, payments and plans: one message each, at its time, in real words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from taxlien.interfaces.payments import PaymentReceived, UserSubscribed
from taxlien.interfaces.portfolio import AuctionNeared, WatchTriggered
from taxlien.interfaces.users import TierChanged
from taxlien.kit.ids import new_id

NOW = datetime.now(UTC)


@pytest.fixture
def watch(match):
    """Make the event of a change of something watched."""

    def make(user_id, watch_id, number=1, **changes) -> WatchTriggered:
        lien = match(user_id, new_id(), number).lien
        told = {
            "user_id": user_id, "watch_id": watch_id, "target": "lien", "label": "Lots by the river",
            "reason": "price_dropped", "lien": lien, "previous_price": Decimal(900),
            "price": Decimal(900 - number), "at": NOW,
        }  # fmt: skip
        return WatchTriggered(**{**told, **changes})

    return make


def sale(user_id, starts_at: datetime, **changes) -> AuctionNeared:
    told = {
        "user_id": user_id, "state": "FL", "county_fips": "12083", "county": "Marion",
        "auction_on": date(2030, 6, 3), "starts_at": starts_at, "time_zone": "America/New_York",
        "hour_known": True, "watched": 3, "at": NOW,
    }  # fmt: skip
    return AuctionNeared(**{**told, **changes})


def text_of(mail) -> str:
    return mail.get_body(("plain",)).get_content()


async def test_changes_of_what_is_watched_are_one_mail_for_each_kind(
    database, mail_server, sending, telling, until, hear, known, watch, make_due
) -> None:
    mine = new_id()
    heard = [
        *(watch(known, mine, n) for n in (1, 2, 3)),
        watch(known, mine, 4, reason="redeemed", previous_status="sold", price=None),
        watch(known, mine, 5, reason="status_changed", previous_status="sold"),
        watch(known, mine, 6, reason="new_lien", target="parcel"),
        watch(
            known, mine, 7, reason="new_lien", target="county", label="Marion, FL", pace="weekly"
        ),
    ]
    await hear(*heard, *heard)
    await make_due()
    async with telling(database), sending(database):
        await until(lambda: len(mail_server.mails) == 4)
    assert sorted(str(mail["Subject"]) for mail in mail_server.mails) == [
        "2 changes of what you watch",
        "3 price drops on what you watch",
        "Redeemed: 4 Example St",
        "Your week: 1 new lien in your watchlist",
    ]
    [drops] = [mail for mail in mail_server.mails if "price drops" in mail["Subject"]]
    words = text_of(drops)
    assert words.index("3 Example St") < words.index("1 Example St"), "the largest drop first"
    assert "$897.00, was $900.00" in words


async def test_each_watch_waits_as_long_as_its_pace_says(
    hear, known, watch, preferences, rows
) -> None:
    mine, chicago = new_id(), ZoneInfo("America/Chicago")
    await hear(preferences(known, time_zone="America/Chicago"))
    heard = [
        watch(known, mine, 1, pace="daily"),
        watch(known, mine, 2, pace="weekly", reason="redeemed"),
        watch(known, mine, 3, pace="weekly", reason="new_lien", target="auction"),
        watch(known, mine, 4, pace="off"),
        watch(known, mine, 5),
    ]
    await hear(*heard, *heard)
    waiting = await rows("gathered")
    assert sorted((row["kind"], row["pace"]) for row in waiting) == [
        ("price_drop", "daily"),
        ("price_drop", "instant"),
        ("redemption_update", "weekly"),
        ("weekly_digest", "weekly"),
    ]
    due = {row["pace"]: row["due_at"].astimezone(chicago) for row in waiting}
    assert due["instant"] - datetime.now(UTC) <= timedelta(minutes=5)
    assert [(due[pace].hour, due[pace].minute) for pace in ("daily", "weekly")] == [(8, 0)] * 2
    assert due["weekly"].weekday() == 0


async def test_reminder_of_a_sale_has_the_county_s_time_and_the_user_s_and_comes_once(
    database, mail_server, sending, until, hear, known, preferences, rows
) -> None:
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=23)
    await hear(preferences(known, time_zone="America/Los_Angeles"))
    await hear(sale(known, starts), sale(known, starts, watched=4))
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    words = text_of(mail_server.mails[0])
    eastern, pacific = (
        starts.astimezone(zone)
        for zone in map(ZoneInfo, ("America/New_York", "America/Los_Angeles"))
    )
    assert f"{eastern:%H:%M} {eastern.tzname()}" in words
    assert f"{pacific:%H:%M} {pacific.tzname()}" in words
    assert [row["expires_at"] for row in await rows()] == [starts]
    assert len(await rows("notices")) == 1


async def test_nothing_is_sent_for_a_sale_that_has_begun(hear, known, rows) -> None:
    await hear(sale(known, datetime.now(UTC) - timedelta(minutes=1)))
    assert await rows() == []


async def test_receipts_are_sent_at_once_whatever_a_user_wishes(
    database, mail_server, sending, until, hear, known, preferences, rows
) -> None:
    begins = (datetime.now(UTC) - timedelta(hours=1)).strftime("%H:%M")
    ends = (datetime.now(UTC) + timedelta(hours=2)).strftime("%H:%M")
    await hear(preferences(known, email_notifications=False, quiet_from=begins, quiet_until=ends))
    paid = PaymentReceived(
        user_id=known, payment_id=new_id(), description="A course", amount=Decimal("49.00"), at=NOW
    )
    begun = UserSubscribed(user_id=known, plan="premium", at=NOW, amount=Decimal(29))
    renewed = UserSubscribed(
        user_id=known, plan="premium", at=NOW, amount=Decimal(29), currency="EUR", renewal=True,
        paid_until=NOW + timedelta(days=31),
    )  # fmt: skip
    await hear(*(event for event in (paid, begun, renewed) for _ in range(2)))
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 3)
    assert sorted(str(mail["Subject"]) for mail in mail_server.mails) == [
        "Your Premium plan has begun",
        "Your Premium plan was renewed",
        "Your receipt: $49.00",
    ]
    assert len(await rows("notices")) == 3


async def test_end_of_a_trial_is_told_three_days_before_unless_a_plan_begins(
    hear, known, rows
) -> None:
    ends = datetime.now(UTC) + timedelta(days=14)
    trial = TierChanged(
        user_id=known, at=NOW, tier="premium", previous_tier="free", reason="trial_started",
        trial_end_date=ends,
    )  # fmt: skip
    await hear(trial, trial)
    [message] = await rows()
    assert message["next_attempt_at"] == ends - timedelta(days=3)
    assert message["expires_at"] == ends
    await hear(
        TierChanged(
            user_id=known, at=NOW, tier="premium", previous_tier="premium", reason="subscription"
        )
    )
    [message] = await rows()
    assert message["status"] == "suppressed"


async def test_offers_come_only_to_who_asked_for_them(hear, known, client_of, rows) -> None:
    ended = {
        "user_id": known, "tier": "free", "previous_tier": "premium", "reason": "trial_ended",
    }  # fmt: skip
    await hear(TierChanged(**ended, at=NOW))
    assert [row["status"] for row in await rows()] == ["suppressed"]
    assert await rows("notices") == []


async def test_wish_for_no_mail_takes_back_what_waits(hear, known, preferences, rows) -> None:
    trial = TierChanged(
        user_id=known, at=NOW, tier="premium", previous_tier="free", reason="trial_started",
        trial_end_date=datetime.now(UTC) + timedelta(days=14),
    )  # fmt: skip
    await hear(trial, preferences(known, email_notifications=False))
    assert [row["status"] for row in await rows()] == ["suppressed"]


async def test_message_is_queued_for_every_channel_with_an_address_and_once_for_each(
    database, hear, known, preferences, rows
) -> None:
    await hear(preferences(known, sms_notifications=True))
    async with database.session() as session:
        for statement in (
            "INSERT INTO notifications.devices (device_id, user_id, token_sha256, platform, sealed)"
            " VALUES (gen_random_uuid(), :user, 'h', 'ios', 's')",
            "INSERT INTO notifications.phones (user_id, sealed, confirmed_at)"
            " VALUES (:user, 's', now())",
        ):
            await session.execute(text(statement), {"user": known})
    starts = datetime.now(UTC) + timedelta(hours=23)
    await hear(sale(known, starts), sale(known, starts, watched=4))
    assert sorted(str(row["channel"]) for row in await rows()) == ["email", "push", "sms"]
    assert len({row["event_id"] for row in await rows()}) == 1
    assert len(await rows("notices")) == 1
    paid = PaymentReceived(
        user_id=known, payment_id=new_id(), description="A course", amount=Decimal(9), at=NOW
    )
    await hear(paid)
    told = [row["channel"] for row in await rows() if row["kind"] == "purchase_confirmation"]
    assert sorted(told) == ["email", "push"], "a receipt never comes as a text message"
