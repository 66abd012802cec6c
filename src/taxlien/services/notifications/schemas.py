"""Bodies of notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
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
