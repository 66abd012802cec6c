"""Bodies of pictures, checks of identity and tax residency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StrictStr

from taxlien.interfaces.users import KycStatus
from taxlien.services.users.logic.kyc import DocumentKind
from taxlien.services.users.logic.tins import FormKind, TinKind

from .profile import Asked, Words

Country = Annotated[StrictStr, Field(min_length=2, max_length=2, description="ISO 3166 alpha-2")]
EntryId = Annotated[StrictStr, Field(max_length=200)]
Line = Annotated[Words, Field(max_length=2000)]


class UploadPlace(BaseModel):
    """Where to PUT one file, as it is and without any header of ours, until ``expires_at``."""

    upload_id: UUID
    method: Literal["PUT"] = "PUT"
    url: str
    expires_at: datetime
    max_bytes: int


class UploadDone(Asked):
    """Which upload was sent."""

    upload_id: UUID


class AvatarShown(BaseModel):
    """Where a picture can be read, as WebP, until ``expires_at``: 512 and 128 pixels square."""

    avatar_id: UUID
    large_url: str
    small_url: str
    expires_at: datetime
    created_at: datetime


class DetailsAsked(Asked):
    """Who a person says to be, as their documents have it."""

    legal_name: Annotated[StrictStr, Field(max_length=1000)]
    birth_date: date
    citizenship: Country
    residence: Country


class Details(BaseModel):
    """Who a person says to be."""

    legal_name: str
    birth_date: date
    citizenship: str
    residence: str


class DocumentAsked(Asked):
    """What kind of document is to be sent."""

    kind: DocumentKind


class Document(BaseModel):
    """A document that was sent; its content is for reviewers alone."""

    document_id: UUID
    kind: str
    media_type: str
    size_bytes: int
    created_at: datetime


class Documents(BaseModel):
    """Documents, in the order they came."""

    items: list[Document]


class CaseShown(BaseModel):
    """How a check stands, as its person sees it. ``message`` is what the reviewer tells them."""

    status: KycStatus
    details: Details | None
    documents: list[Document]
    submitted_at: datetime | None
    decided_at: datetime | None
    expires_at: datetime | None
    message: str | None


class CaseMove(BaseModel):
    """A move of a case; ``actor_id`` is null for the system."""

    at: datetime
    from_status: str
    to_status: str
    action: str
    actor_id: UUID | None
    reason: str | None


class CaseScreening(BaseModel):
    """What comparing with a list found, and which list that was."""

    screened_at: datetime
    outcome: Literal["clear", "hit"]
    method: str
    list_name: str
    list_date: date
    list_sha256: str
    matches: list[dict[str, Any]]


class CaseReviewed(BaseModel):
    """A case as those see it who look after people; the role support sees its state alone."""

    user_id: UUID
    case_id: UUID
    number: int
    status: KycStatus
    submitted_at: datetime | None
    decided_at: datetime | None
    expires_at: datetime | None
    hit: bool | None = None
    message: str | None = None
    details: Details | None = None
    documents: list[Document] = Field(default_factory=list)
    transitions: list[CaseMove] = Field(default_factory=list)
    screenings: list[CaseScreening] = Field(default_factory=list)
    cleared_matches: dict[str, Any] = Field(default_factory=dict)


class CaseWaiting(BaseModel):
    """A case that waits for a reviewer."""

    user_id: UUID
    case_id: UUID
    status: KycStatus
    hit: bool
    submitted_at: datetime | None


class CaseQueue(BaseModel):
    """One page of waiting cases. ``next_cursor`` is null on the last page."""

    items: list[CaseWaiting]
    next_cursor: str | None = None


class DecisionAsked(Asked):
    """The decision: ``reason`` is for us, ``message`` for the person.

    ``cleared_matches`` names the entries of a list that were found and are somebody else.
    """

    decision: Literal["approve", "reject"]
    reason: Annotated[Words, Field(min_length=3, max_length=2000)]
    message: Line | None = None
    cleared_matches: Annotated[list[EntryId], Field(max_length=50, default_factory=list)]


class ResidencyAsked(Asked):
    """Where a person pays tax; ``tin`` is kept sealed and never shown whole again."""

    country: Country
    form_kind: FormKind
    tin_kind: TinKind | None = None
    tin: Annotated[StrictStr, Field(max_length=40)] | None = None


class Residency(BaseModel):
    """Where a person pays tax; of the number, the last four characters at most."""

    country: str
    form_kind: FormKind
    tin_kind: TinKind | None
    tin_last_four: str | None
    certified_at: datetime
