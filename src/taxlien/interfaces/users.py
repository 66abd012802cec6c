"""What services may know of users: tier, language, verification, and the wish to leave or take along."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple
from uuid import UUID

from taxlien.kit.errors import Forbidden
from taxlien.kit.events import Event

Tier = Literal["free", "premium", "enterprise"]
AlertPace = Literal["instant", "daily", "weekly", "off"]
KycStatus = Literal["pending", "submitted", "in_review", "approved", "rejected", "expired"]

PERSONAL_DATA_SERVICES = ("auth", "notifications", "portfolio", "search", "users")
"""Services that keep personal data: each answers an export and an erasure."""

EXPORT_CONTEXT = "users.export_part"
"""Context of a sealed export part, followed by ``:export_id:service``."""


def part_context(export_id: UUID, service: str) -> str:
    """Return what the part of one service is bound to when it is sealed."""
    return f"{EXPORT_CONTEXT}:{export_id}:{service}"


class Allowance(NamedTuple):
    """What a tier allows. Counts are of things kept at one time, None is no limit; requests a minute.

    The portfolio optimizer is enterprise's; the data interface has subscriptions of its own. Nothing
    that the law says of a lien, and no warning of a risk, is ever behind a tier.
    """

    tier: Tier
    requests_per_minute: int
    saved_searches: int | None
    watchlist_liens: int | None
    instant_alerts: bool
    portfolio_optimizer: bool
    export_rows: int | None


ALLOWANCES: tuple[Allowance, ...] = (
    Allowance("free", 600, 3, 25, False, False, 0),
    Allowance("premium", 3_000, 100, 1_000, True, False, 10_000),
    Allowance("enterprise", 12_000, None, None, True, True, None),
)


def allowance_of(tier: str) -> Allowance:
    """Return what ``tier`` allows; a word that is no tier allows what free does."""
    return next((found for found in ALLOWANCES if found.tier == tier), ALLOWANCES[0])


class TierAllowsLess(Forbidden):
    """What is asked is more than somebody's tier allows; the message names the limit and the tier."""


def checked_pace(pace: AlertPace, tier: str) -> AlertPace:
    """Return a pace that ``tier`` has. Raises ``TierAllowsLess``."""
    if pace_in_force(pace, tier) != pace:
        raise TierAllowsLess(
            f"The {tier} tier has no instant alerts: take daily, weekly or off, or another tier."
        )
    return pace


def usual_pace(tier: str) -> AlertPace:
    """Return how soon somebody hears who did not say: at once where their tier has that."""
    return "instant" if allowance_of(tier).instant_alerts else "daily"


def pace_in_force(pace: AlertPace, tier: str) -> AlertPace:
    """Return how soon somebody hears: what they chose, but instant only where their tier has it."""
    return usual_pace(tier) if pace == "instant" else pace


class UserEvent(Event, frozen=True, kw_only=True):
    """What all events about one user have. ``at`` is UTC; order holds per user."""

    user_id: UUID
    at: datetime

    def key(self) -> str:
        return str(self.user_id)


class TierChanged(UserEvent, frozen=True, kw_only=True):
    """What a user may use changed: by a subscription, a trial that began or ended, or an admin."""

    type: ClassVar[str] = "user.tier_changed"

    tier: Tier
    previous_tier: Tier
    reason: Literal["subscription", "trial_started", "trial_ended", "admin"]
    trial_end_date: datetime | None = None


class PreferencesChanged(UserEvent, frozen=True, kw_only=True):
    """How a user wants to be met. ``quiet_from`` and ``quiet_until`` are ``HH:MM`` in ``time_zone``."""

    type: ClassVar[str] = "user.preferences_changed"

    language: str
    currency: str
    time_zone: str
    email_notifications: bool
    push_notifications: bool
    sms_notifications: bool
    quiet_from: str | None = None
    quiet_until: str | None = None


class KycStatusChanged(UserEvent, frozen=True, kw_only=True):
    """A check of identity moved on."""

    type: ClassVar[str] = "user.kyc_status_changed"

    status: KycStatus
    previous_status: KycStatus


class UserExportRequested(UserEvent, frozen=True, kw_only=True):
    """A user wants all data about them; each of ``PERSONAL_DATA_SERVICES`` answers ``UserDataExported``."""

    type: ClassVar[str] = "user.export_requested"

    export_id: UUID

    def answer(self, service: str, at: datetime) -> dict[str, Any]:
        """Return what ``UserDataExported`` says beside the part itself."""
        return {
            "user_id": self.user_id,
            "at": at,
            "export_id": self.export_id,
            "service": service,
        }


class UserDataExported(UserEvent, frozen=True, kw_only=True):
    """One service's part of an export: JSON ``{"<table>": [rows]}``, sealed with ``EXPORT_CONTEXT``.

    ``sha256`` names the sealed object in the object store.
    """

    type: ClassVar[str] = "user.data_exported"

    export_id: UUID
    service: str
    sha256: str
    rows: int


class UserExportReady(UserEvent, frozen=True, kw_only=True):
    """The ZIP of an export can be fetched by its user until ``expires_at``."""

    type: ClassVar[str] = "user.export_ready"

    export_id: UUID
    expires_at: datetime


class UserDeletionRequested(UserEvent, frozen=True, kw_only=True):
    """A user wants to be forgotten; nothing is erased before ``erase_after``."""

    type: ClassVar[str] = "user.deletion_requested"

    erase_after: datetime


class UserDeletionCancelled(UserEvent, frozen=True, kw_only=True):
    """A user changed their mind in time."""

    type: ClassVar[str] = "user.deletion_cancelled"


class UserErasureDue(UserEvent, frozen=True, kw_only=True):
    """The time to change one's mind is over; each of ``PERSONAL_DATA_SERVICES`` erases and answers."""

    type: ClassVar[str] = "user.erasure_due"

    erasure_id: UUID

    def answer(self, service: str, at: datetime) -> dict[str, Any]:
        """Return what ``UserDataErased`` says beside what went and what is kept."""
        return {
            "user_id": self.user_id,
            "at": at,
            "erasure_id": self.erasure_id,
            "service": service,
        }


class UserDataErased(UserEvent, frozen=True, kw_only=True):
    """One service erased what it had. ``rows`` counts what is gone, ``kept`` names what law makes it keep."""

    type: ClassVar[str] = "user.data_erased"

    erasure_id: UUID
    service: str
    rows: int
    kept: tuple[str, ...] = ()


class UserErased(UserEvent, frozen=True, kw_only=True):
    """Every service answered: the user is forgotten. ``proof`` is the audit log's hash of it."""

    type: ClassVar[str] = "user.erased"

    erasure_id: UUID
    proof: str
