"""What is sent and answered of watches."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from taxlien.interfaces.liens import LienStatus
from taxlien.interfaces.portfolio import WatchPace, WatchReason, WatchTarget

Label = Annotated[str, Field(max_length=400, examples=["The house at the lake"])]
Fips = Annotated[str, Field(pattern="^[0-9]{5}$", examples=["12105"])]


class ToWatch(BaseModel):
    """What to watch: a lien by `lien_id`; a parcel by `county_fips` and `parcel_id`; a county by
    `county_fips`; a sale by `county_fips` and `auction_on`, the local date. Without `label` it gets a
    name. Without `pace`: weekly for a county; for anything else instant where the tier has it, else daily.
    `off`: nothing is told, and the watch can be looked at."""

    model_config = ConfigDict(extra="forbid")

    target: WatchTarget
    lien_id: UUID | None = None
    county_fips: Fips | None = None
    parcel_id: Annotated[str, Field(max_length=100)] | None = None
    auction_on: date | None = None
    label: Label | None = None
    pace: WatchPace | None = None


class WatchChange(BaseModel):
    """What is to be changed of a watch; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    label: Label | None = None
    pace: WatchPace | None = None


class Watch(BaseModel):
    """A watch. `paused`: it is above what the tier allows, and nothing is told until that changes.
    `untold` counts liens of a county or a sale that were too many to be told of on their day."""

    watch_id: UUID
    target: WatchTarget
    label: str
    county_fips: str
    lien_id: UUID | None
    parcel_id: str | None
    auction_on: date | None
    pace: WatchPace
    paused: bool
    untold: int
    created_at: datetime
    updated_at: datetime


class Happened(BaseModel):
    """What happened to a watched thing. Prices in US dollars by the published facts, null is unknown."""

    lien_id: UUID
    version: int
    reason: WatchReason
    status: LienStatus
    previous_status: LienStatus | None
    price: Decimal | None
    previous_price: Decimal | None
    at: datetime


class WatchBoard(Watch):
    """A watch with the last 50 things that happened, the latest first."""

    happened: list[Happened]
