"""Bodies of profile, preferences and tiers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from taxlien.interfaces.users import KycStatus, Tier

# PostgreSQL keeps every character but this one.
Words = Annotated[StrictStr, Field(pattern=r"^[^\x00]*$")]
Hour = Annotated[StrictStr, Field(max_length=5, description="local time of day as HH:MM")]


class Asked(BaseModel):
    """Base of what callers send: a field that is not named here is refused."""

    model_config = ConfigDict(extra="forbid")


class Profile(BaseModel):
    """Who a user is to the product."""

    id: UUID
    email: str
    email_verified: bool
    full_name: str | None
    phone: str | None = Field(description="E.164, such as +13025550123")
    created_at: datetime
    subscription_tier: Tier
    trial_end_date: datetime | None
    kyc_status: KycStatus
    synthetic: bool


class ProfilePage(BaseModel):
    """One page of users. ``next_cursor`` is null on the last page."""

    items: list[Profile]
    next_cursor: str | None = None


class ProfilePatch(Asked):
    """What to change (RFC 7396): absent stays, null removes."""

    full_name: Annotated[StrictStr, Field(max_length=1000)] | None = None
    phone: Annotated[StrictStr, Field(max_length=100)] | None = None


class Preferences(BaseModel):
    """How a user wants to be met. Quiet hours are local times of ``time_zone``."""

    language: str
    currency: str = Field(description="ISO 4217")
    time_zone: str = Field(description="IANA")
    email_notifications: bool
    push_notifications: bool
    sms_notifications: bool
    quiet_from: str | None
    quiet_until: str | None


class PreferencesPatch(Asked):
    """What to change (RFC 7396): absent stays; null removes quiet hours, which go in pairs."""

    language: Annotated[StrictStr, Field(max_length=10)] = "en"
    currency: Annotated[StrictStr, Field(max_length=3)] = "USD"
    time_zone: Annotated[StrictStr, Field(max_length=64)] = "UTC"
    email_notifications: StrictBool = True
    push_notifications: StrictBool = True
    sms_notifications: StrictBool = False
    quiet_from: Hour | None = None
    quiet_until: Hour | None = None


class TierAsked(Asked):
    """The tier somebody gets, and why."""

    tier: Tier
    reason: Annotated[Words, Field(min_length=3, max_length=500)]


class TierAllowance(BaseModel):
    """What a tier allows; null is no limit."""

    tier: Tier
    requests_per_minute: int
    saved_searches: int | None
    watchlist_liens: int | None
    instant_alerts: bool
    portfolio_optimizer: bool
    export_rows: int | None


class Tiers(BaseModel):
    """What every tier allows, and the trial there is."""

    tiers: list[TierAllowance]
    trial_tier: Literal["premium"] = "premium"
    trial_days: int
