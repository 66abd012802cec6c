"""What is sent and answered of saved searches."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from taxlien.interfaces.search import AlertPace

Name = Annotated[str, Field(max_length=400, examples=["Polk under 5,000"])]
Value = Annotated[str, Field(max_length=400)]
Query = Annotated[
    dict[Annotated[str, Field(max_length=40)], list[Value]],
    Field(
        max_length=60,
        description="parameters of GET /v1/search without those of a page; a value or a list of them",
        examples=[{"state": ["FL"], "price_max": ["5000"]}],
    ),
]


class _QueryBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @field_validator("query", mode="before", check_fields=False)
    @classmethod
    def _listed(cls, given: object) -> object:
        """Take ``"FL"`` for ``["FL"]``."""
        if not isinstance(given, dict):
            return given
        return {key: [value] if isinstance(value, str) else value for key, value in given.items()}


class SearchToSave(_QueryBody):
    """A search to keep. Without ``pace``: instant where the tier has it, else daily."""

    name: Name
    query: Query = Field(default_factory=dict)
    pace: AlertPace | None = None


class SearchChange(_QueryBody):
    """What is to be changed of a saved search; what is not given stays."""

    name: Name | None = None
    query: Query | None = None
    pace: AlertPace | None = None


class SavedSearch(BaseModel):
    """A saved search. ``paused``: it is above what the tier allows and finds nothing until that changes."""

    search_id: UUID
    name: str
    query: dict[str, list[str]]
    pace: AlertPace
    paused: bool
    shared_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Link(BaseModel):
    """The secret of a link to a saved search. It travels in bodies only, since addresses are logged."""

    token: str = Field(min_length=1, max_length=100)


class SharedSearch(BaseModel):
    """What whoever has a link sees: the name and the question, not whose they are."""

    name: str
    query: dict[str, list[str]]
