"""What collecting adds to the catalogue: parcels observed, lists that wait, coverage, duplicates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from .catalogue import Code, Fips, Moment, Money, Row, Size, Year


class ParcelObservation(Row):
    """What one page said of one parcel at one time. Append-only: the database refuses all else.

    ``facts`` holds single values by the names of ``Parcel``, ``values``, ``taxes`` and ``transfers``
    the lists as they were read. ``page_sha256`` is that of the page as kept in the raw store.
    """

    __tablename__ = "parcel_observations"

    county_fips: Mapped[Fips] = mapped_column(primary_key=True)
    parcel_key: Mapped[str] = mapped_column(Code, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID]
    url: Mapped[str]
    fetched_at: Mapped[Moment]
    parser_version: Mapped[str]
    content_sha256: Mapped[bytes]
    page_sha256: Mapped[bytes]
    parcel_id: Mapped[str]
    facts: Mapped[dict[str, Any]]
    values: Mapped[list[Any]] = mapped_column(JSONB)
    taxes: Mapped[list[Any]] = mapped_column(JSONB)
    transfers: Mapped[list[Any]] = mapped_column(JSONB)


class Repetition(Row):
    """When a source last said again of a lien what an observation of its holds: late news are older."""

    __tablename__ = "repetitions"

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    content_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    fetched_at: Mapped[Moment]


class ParcelOtherId(Row):
    """A further number of a parcel (alternate key, account) and what its source calls it."""

    __tablename__ = "parcel_other_ids"
    __table_args__ = (
        Index("ix_parcel_other_ids_number", "county_fips", text("ltrim(id_key, '0'::text)")),
    )

    county_fips: Mapped[Fips] = mapped_column(primary_key=True)
    id_key: Mapped[str] = mapped_column(Code, primary_key=True)
    parcel_key: Mapped[str] = mapped_column(Code, primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)


class FiledNumber(Row):
    """The parcel that items are kept under which name it by this number alone. Decided once."""

    __tablename__ = "filed_numbers"

    county_fips: Mapped[Fips] = mapped_column(primary_key=True)
    id_key: Mapped[str] = mapped_column(Code, primary_key=True)
    label: Mapped[str]
    parcel_key: Mapped[str] = mapped_column(Code)


class PendingImport(Row):
    """A collected list that waits to be imported, and what became of it.

    ``state`` is waiting, imported, unchanged, superseded or refused.
    """

    __tablename__ = "pending_imports"
    __table_args__ = (
        Index("uq_pending_imports_list", "run_id", "sha256", "mapping_name", unique=True),
        Index("ix_pending_imports_waiting", "next_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_pending_imports_source_id", "source_id", "mapping_name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    source_id: Mapped[UUID]
    url: Mapped[str]
    file_name: Mapped[str]
    fetched_at: Mapped[Moment]
    sha256: Mapped[bytes]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mapping_name: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    state: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[Moment]
    reason: Mapped[str | None]
    created_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]


class SourceRun(Row):
    """How the last run of a source ended, when one last succeeded, and whether it stands still."""

    __tablename__ = "source_runs"

    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID | None]
    state: Mapped[str | None]
    reason: Mapped[str | None]
    ended_at: Mapped[Moment | None]
    last_success_at: Mapped[Moment | None]
    complete_pct: Mapped[float | None]
    filled_pct: Mapped[float | None]
    fresh_hours: Mapped[float | None]
    properties: Mapped[int | None] = mapped_column(BigInteger)
    stopped_at: Mapped[Moment | None]
    stop_kind: Mapped[str | None]
    stop_reason: Mapped[str | None]
    resumed_at: Mapped[Moment | None]


class Coverage(Row):
    """How much one source said of one county. Parcels and liens count once, however often told.

    ``not_recorded`` counts items that are no liens or name no parcel that can be read. ``grown_at`` is
    when something new was last recorded.
    """

    __tablename__ = "coverage"

    county_fips: Mapped[Fips] = mapped_column(primary_key=True)
    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    parcels: Mapped[int] = mapped_column(BigInteger)
    liens: Mapped[int] = mapped_column(BigInteger)
    not_recorded: Mapped[int] = mapped_column(BigInteger)
    last_fetched_at: Mapped[Moment | None]
    grown_at: Mapped[Moment | None]


class ParcelMerge(Row):
    """Two parcel keys that are one parcel. Never removed; ``undone_at`` ends it."""

    __tablename__ = "parcel_merges"
    __table_args__ = (
        Index(
            "uq_parcel_merges_active",
            "county_fips",
            "parcel_key",
            "other_key",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_parcel_merges_other_key", "county_fips", "other_key"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    county_fips: Mapped[Fips]
    parcel_key: Mapped[str] = mapped_column(Code)
    other_key: Mapped[str] = mapped_column(Code)
    score: Mapped[Decimal] = mapped_column(Numeric(4, 3))
    evidence: Mapped[dict[str, Any]]
    decided_by: Mapped[str]
    merged_at: Mapped[Moment]
    undone_at: Mapped[Moment | None]


class OwnFacts(Row):
    """What a lien of merged parcels would have without merges, where it has something else.

    ``names`` are the facts that differ; a null among them is one that the lien would not have.
    """

    __tablename__ = "own_facts"

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    situs_address: Mapped[str | None]
    city: Mapped[str | None]
    zip_code: Mapped[str | None]
    property_type: Mapped[str | None]
    acres: Mapped[Size | None]
    building_sqft: Mapped[Size | None]
    year_built: Mapped[Year | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    homestead: Mapped[bool | None]
    market_value: Mapped[Money | None]
    assessed_value: Mapped[Money | None]


class DuplicateCandidate(Row):
    """Two parcel keys that may be one parcel; a person says. ``state``: open, merged, dismissed."""

    __tablename__ = "duplicate_candidates"

    county_fips: Mapped[Fips] = mapped_column(primary_key=True)
    parcel_key: Mapped[str] = mapped_column(Code, primary_key=True)
    other_key: Mapped[str] = mapped_column(Code, primary_key=True)
    score: Mapped[Decimal] = mapped_column(Numeric(4, 3))
    evidence: Mapped[dict[str, Any]]
    state: Mapped[str]
    found_at: Mapped[Moment]


class DuplicateScan(Row):
    """When the parcels of a county were last compared."""

    __tablename__ = "duplicate_scans"

    county_fips: Mapped[Fips] = mapped_column(primary_key=True)
    scanned_at: Mapped[Moment]
