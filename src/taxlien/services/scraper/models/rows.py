"""What the models of this schema share: their metadata, and how kinds of columns are stored."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Double, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from taxlien.kit.database import metadata_for

metadata = metadata_for("scraper")

Code = Text(collation="C")
NOW = text("now()")
ZERO = text("0")
Key = Annotated[str, mapped_column(Code)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Big = Annotated[int, mapped_column(BigInteger)]


class Row(DeclarativeBase):
    """Base of the models of this schema."""

    metadata = metadata
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as declared
        str: Text,
        date: Date,
        UUID: Uuid,
        float: Double,
        int: Integer,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }
