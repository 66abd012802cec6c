"""Bodies of notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from taxlien.services.notifications.logic.kinds import Category, Channel

KindName = Annotated[StrictStr, Field(max_length=64)]


class KindShown(BaseModel):
    """One kind of message: what was chosen for each channel, and by which of them it comes now."""

    kind: str
    title: str
    category: Category
    chosen: dict[Channel, bool]
    comes_by: list[Channel] = Field(description="after the coarse switches and `mail_stopped`")


class Preferences(BaseModel):
    """What a user wants to hear of. Coarse switches, hours of quiet and language are the profile's."""

    kinds: list[KindShown]
    mail_stopped: bool = Field(description="no alerts or digests by mail at all")


class PreferencesAsked(BaseModel):
    """What to choose: for a kind, channels and whether it may come by them."""

    model_config = ConfigDict(extra="forbid")

    kinds: dict[KindName, dict[Channel, StrictBool]] = Field(
        max_length=64, examples=[{"saved_search_matches": {"email": True, "sms": False}}]
    )
    mail_stopped: StrictBool = False


class NoticeShown(BaseModel):
    """One thing a user was told. ``path`` leads to it, below the product's address; null leads nowhere."""

    notice_id: UUID
    kind: str
    category: Category
    title: str
    body: str
    path: str | None
    created_at: datetime
    read_at: datetime | None


class Inbox(BaseModel):
    """One page of what a user was told. ``next_cursor`` is null on the last page."""

    items: list[NoticeShown]
    next_cursor: str | None = None
    unread: int = Field(description="how many of all were not read")


class NoticesRead(BaseModel):
    """How many were marked as read now."""

    read: int


PushToken = Annotated[StrictStr, Field(min_length=8, max_length=4096, pattern=r"^[\x21-\x7e]+$")]


class DeviceNamed(BaseModel):
    """An installation of the app, by its token with FCM."""

    model_config = ConfigDict(extra="forbid")

    token: PushToken


class DeviceAsked(DeviceNamed):
    """An installation that wants push messages."""

    platform: Literal["android", "ios", "web"]


class DeviceShown(BaseModel):
    """An installation that gets push messages; its token is shown to nobody."""

    model_config = ConfigDict(from_attributes=True)

    device_id: UUID
    platform: str
    created_at: datetime
    seen_at: datetime


class Devices(BaseModel):
    """Installations, the longest unseen first."""

    items: list[DeviceShown]


class PhoneAsked(BaseModel):
    """A number for text messages; without `+` it is one of the US."""

    model_config = ConfigDict(extra="forbid")

    phone: Annotated[StrictStr, Field(max_length=40, examples=["+13025550123"])]


class PhoneShown(BaseModel):
    """My number; text messages come once it is `confirmed`."""

    phone: str
    confirmed: bool


class CodeAsked(BaseModel):
    """The code that was sent to the number."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[StrictStr, Field(pattern=r"^[0-9]{6}$")]


class EndpointAsked(BaseModel):
    """An address to call, on the public internet, by TLS."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[StrictStr, Field(max_length=2000, examples=["https://example.com/hook"])]


class EndpointShown(BaseModel):
    """An address that is called."""

    webhook_id: UUID
    url: str
    created_at: datetime | None


class EndpointMade(BaseModel):
    """A new one, with the secret its calls are signed by: shown this once."""

    webhook_id: UUID
    url: str
    secret: str


class Endpoints(BaseModel):
    """Addresses, oldest first."""

    items: list[EndpointShown]
