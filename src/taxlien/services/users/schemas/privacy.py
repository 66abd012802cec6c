"""Bodies about privacy: who looked, what was agreed to, exports, deletion."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from taxlien.services.users.logic.consents import Purpose, Source

Version = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")]


class Access(BaseModel):
    """One access to a person's data, as the person may see it."""

    number: int
    at: datetime
    by: Literal["yourself", "staff", "system"]
    roles: list[str] = Field(description="roles of who did it; names are not shown")
    action: str
    fields: list[str] = Field(description="names of what was seen or changed")


class AccessForStaff(Access):
    """The same with who it was and why, for who answers for it."""

    actor_id: UUID | None
    reason: str | None
    request_id: str | None
    hash: str


class Consent(BaseModel):
    """How one purpose stands."""

    purpose: Purpose
    given: bool
    required: bool = Field(description="needed for as long as there is an account")
    outdated: bool = Field(description="agreed to, but the document in force is another")
    current_version: str
    document_version: str | None = Field(description="what the last decision was about")
    decided_at: datetime | None
    source: Source | None


class Consents(BaseModel):
    """How every purpose stands."""

    items: list[Consent]


class ConsentDecision(BaseModel):
    """A decision about one purpose, having seen a version of its document."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    given: bool
    document_version: Version


class ConsentDecisions(BaseModel):
    """Decisions that were made together, and where."""

    model_config = ConfigDict(extra="forbid")

    decisions: Annotated[list[ConsentDecision], Field(min_length=1, max_length=10)]
    source: Literal["sign_up", "settings", "banner"] = "settings"


class PastConsent(BaseModel):
    """A decision as it was made."""

    number: int
    purpose: Purpose
    given: bool
    document_version: str
    source: Source
    at: datetime


class Export(BaseModel):
    """A wish for all one's data. ``missing`` names parts of the product that did not answer in time."""

    export_id: UUID
    status: Literal["collecting", "ready", "partial", "expired"]
    requested_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    size_bytes: int | None
    missing: list[str]


class DeletionRequest(BaseModel):
    """The wish to be forgotten. ``confirm`` is one's own e-mail address."""

    model_config = ConfigDict(extra="forbid")

    confirm: Annotated[str, Field(min_length=3, max_length=320, pattern=r"^[^\x00]*$")]


class Deletion(BaseModel):
    """How far being forgotten came."""

    status: Literal["waiting", "cancelled", "erasing", "erased"]
    requested_at: datetime
    erase_after: datetime
    finished_at: datetime | None


class ErasureAnswer(BaseModel):
    """One service erased what it had."""

    service: str
    rows: int
    kept: list[str]
    at: datetime


class DeletionForStaff(Deletion):
    """The same with what each service answered."""

    erasure_id: UUID
    answers: list[ErasureAnswer]
    waiting_for: list[str]
    kept_until: datetime | None
    proof: str | None = Field(description="hash of the row of the audit log that says it is done")
