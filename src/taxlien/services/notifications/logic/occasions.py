"""Single messages about sales, payments and plans: which event becomes which, and what makes it the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from taxlien.interfaces.payments import PaymentReceived, UserSubscribed
from taxlien.interfaces.portfolio import AuctionNeared
from taxlien.interfaces.users import TierChanged

from .gathering import fact_id
from .letters import Letter, event_id_of
from .pacing import zone_named
from .wording import harmless

Occasion = AuctionNeared | UserSubscribed | PaymentReceived | TierChanged
BEFORE_TRIAL_ENDS = timedelta(days=3)


class Dated(NamedTuple):
    """A letter with the id of the fact it tells of."""

    letter: Letter
    event_id: UUID


def occasion_of(event: Occasion, *, now: datetime, user_zone: str) -> Dated | None:
    """Return the message about ``event``; None where there is nothing to say, or it is too late to."""
    match event:
        case AuctionNeared():
            return _sale(event, user_zone) if event.starts_at > now else None
        case UserSubscribed():
            kind = "subscription_renewed" if event.renewal else "subscription_started"
            return Dated(Letter(kind, parameters=_plan(event)), event_id_of(event, kind))
        case PaymentReceived():
            told = {
                "at": event.at.isoformat(),
                "description": harmless(event.description),
                "amount": str(event.amount),
                "currency": event.currency,
                "receipt_number": event.receipt_number,
            }
            paid = fact_id("payment", event.payment_id)
            return Dated(Letter("purchase_confirmation", parameters=told), paid)
        case TierChanged():
            return _tier(event, now)


def ends_trial(event: TierChanged) -> bool:
    """Say whether a change of tier makes a reminder of the trial's end pointless."""
    return event.reason != "trial_started"


def _sale(event: AuctionNeared, user_zone: str) -> Dated:
    told = {
        "county": harmless(event.county),
        "state": event.state,
        "auction_on": event.auction_on.isoformat(),
        "starts_at": event.starts_at.isoformat(),
        "time_zone": zone_named(event.time_zone).key,
        "hour_known": event.hour_known,
        "watched": event.watched,
        "user_zone": zone_named(user_zone).key,
    }
    sale = fact_id("sale", event.user_id, event.county_fips, event.auction_on)
    return Dated(Letter("auction_reminder", parameters=told, expires_at=event.starts_at), sale)


def _plan(event: UserSubscribed) -> dict[str, str | None]:
    return {
        "plan": harmless(event.plan),
        "amount": None if event.amount is None else str(event.amount),
        "currency": event.currency,
        "paid_until": event.paid_until.isoformat() if event.paid_until else None,
        "receipt_number": event.receipt_number,
    }


def _tier(event: TierChanged, now: datetime) -> Dated | None:
    ends_at = event.trial_end_date
    if event.reason == "trial_started" and ends_at is not None and ends_at > now:
        letter = Letter(
            "trial_ending",
            parameters={"ends_at": ends_at.isoformat()},
            expires_at=ends_at,
            not_before=ends_at - BEFORE_TRIAL_ENDS,
        )
        return Dated(letter, fact_id("trial", event.user_id, ends_at.isoformat()))
    if event.reason == "trial_ended":
        return Dated(Letter("premium_teaser"), fact_id("teaser", event.user_id))
    return None
