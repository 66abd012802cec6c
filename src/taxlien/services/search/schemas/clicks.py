"""What is sent of a hit that somebody opened."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class OpenedHit(BaseModel):
    """A hit of an answer of ``GET /v1/search``: ``position`` counts from 1 over all its pages."""

    model_config = ConfigDict(extra="forbid")

    search_id: Annotated[str, Field(max_length=64, description="as the answer gave it")]
    lien_id: UUID
    position: Annotated[int, Field(ge=1, strict=True)]
