"""HTTP bodies of ml. What a case says is read forgivingly: any value is taken, an absurd one is named."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MOST_CASES = 1_000


class Asked(BaseModel):
    """One case, or ``cases``. Money in US dollars. Everything may be missing; null is unknown."""

    model_config = ConfigDict(extra="ignore")

    cases: list[Any] | None = Field(
        default=None, max_length=MOST_CASES, description="many cases, each with the fields of one"
    )
    reasons: bool | None = Field(
        default=None,
        description="false answers without reasons where they cost more than the answer, which is"
        " several times as quick; true tells them of up to 16 cases; unset does so of few cases",
    )
    id: Any = Field(default=None, description="comes back with the answer")
    state: Any = Field(default=None, description="two letters")
    county_fips: Any = Field(default=None, description="five digits")
    sale_date: Any = Field(default=None, description="YYYY-MM-DD, the county's date")
    face_amount: Any = Field(default=None, description="US dollars")
    premium: Any = Field(default=None, description="US dollars bid above the face")
    parcel_id: Any = Field(default=None, description="as the county writes it")
    assessed_value: Any = Field(default=None, description="US dollars")
    market_value: Any = Field(default=None, description="US dollars")
    property_class: Any = Field(default=None, description="such as residential")
    homestead: Any = Field(default=None, description="true or false")


class Predictions(BaseModel):
    """Answers in the order of the cases. Their fields depend on what was asked; null is unknown."""

    predictions: list[dict[str, Any]]


class Model(BaseModel):
    """A version of a model that serves (champion) or may come to (challenger)."""

    name: str
    alias: str
    version: int
    artifact: str = Field(description="SHA-256 of its manifest")
    reason: str = Field(description="first, trained, promoted or rolled_back")
    synthetic: bool = Field(description="liens that were made up taught it: for trying out")
    at: datetime


class Models(BaseModel):
    """Who is in office."""

    models: list[Model]
