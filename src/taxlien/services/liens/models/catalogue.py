"""Tables of schema ``liens``. Money is numeric(14,2) US dollars, rates numeric(7,4) percent.

Keys of places are compared byte by byte (collation C): they are codes, and it is twice as fast. Bulk
tables carry no foreign keys: counties are checked in the service before a row is written, rows are
never deleted, and a check per row would cost more than the row.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    CHAR,
    BigInteger,
    Computed,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import metadata_for

metadata = metadata_for("liens")

Code = Text(collation="C")
Fips = Annotated[str, mapped_column(CHAR(5, collation="C"))]
Money = Annotated[Decimal, mapped_column(Numeric(14, 2))]
Rate = Annotated[Decimal, mapped_column(Numeric(7, 4))]
Size = Annotated[Decimal, mapped_column(Numeric(14, 4))]
Year = Annotated[int, mapped_column(SmallInteger)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]


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
    }


class County(Row):
    """A county or county equivalent of the 50 states and DC (docs/adr/0020)."""

    __tablename__ = "counties"

    fips: Mapped[Fips] = mapped_column(primary_key=True)
    name: Mapped[str]
    full_name: Mapped[str]
    state: Mapped[str] = mapped_column(CHAR(2), index=True)
    state_fips: Mapped[str] = mapped_column(CHAR(2))
    time_zone: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]


class Source(Row):
    """Who publishes: a county's list, a platform, an open-data set. ``name`` is how files name it."""

    __tablename__ = "sources"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    county_fips: Mapped[Fips | None]
    legal_status: Mapped[str]
    platform: Mapped[str | None]
    url: Mapped[str | None]
    synthetic: Mapped[bool]


class Import(Row):
    """One attempt to import one file; ``refused`` ones left nothing else behind."""

    __tablename__ = "imports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID]
    file_name: Mapped[str]
    sha256: Mapped[bytes]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mapping_name: Mapped[str]
    mapping_version: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None]
    counts: Mapped[dict[str, Any]]
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment]


class Parcel(Row):
    """A piece of land as a county names it. ``parcel_id`` is the spelling last published.

    ``origins`` names, for every fact that an assessor's page gave, the ``parcel_observations`` row, its
    time and its source; ``observed_at`` is the time of the latest such page. Other facts come from liens.
    """

    __tablename__ = "parcels"
    __table_args__ = (
        Index(
            "ix_parcels_assessed", "county_fips", postgresql_where=text("observed_at IS NOT NULL")
        ),
    )

    county_fips: Mapped[Fips] = mapped_column(primary_key=True)
    parcel_key: Mapped[str] = mapped_column(Code, primary_key=True)
    parcel_id: Mapped[str]
    situs_address: Mapped[str | None]
    city: Mapped[str | None]
    zip_code: Mapped[str | None]
    property_type: Mapped[str | None]
    acres: Mapped[Size | None]
    building_sqft: Mapped[Size | None]
    year_built: Mapped[Year | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    first_seen_at: Mapped[Moment]
    property_class: Mapped[str | None]
    land_use: Mapped[str | None]
    homestead: Mapped[bool | None]
    flags: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    market_value: Mapped[Money | None]
    market_value_year: Mapped[Year | None]
    assessed_value: Mapped[Money | None]
    assessed_value_year: Mapped[Year | None]
    observed_at: Mapped[Moment | None]
    origins: Mapped[dict[str, Any] | None]


class LienRow(Row):
    """The current state of a lien, derived from its observations; fields as ``interfaces`` has them."""

    __tablename__ = "liens"
    __table_args__ = (
        Index(
            "uq_liens_key",
            "county_fips",
            "parcel_key",
            "tax_year",
            "certificate_key",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_liens_county_fips_lien_id", "county_fips", "lien_id"),
        Index("ix_liens_last_changed_at_lien_id", "last_changed_at", "lien_id"),
    )

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]
    state: Mapped[str] = mapped_column(CHAR(2))
    county_fips: Mapped[Fips]
    county: Mapped[str]
    parcel_id: Mapped[str]
    parcel_key: Mapped[str] = mapped_column(Code)
    certificate_key: Mapped[str] = mapped_column(
        Code,
        Computed("COALESCE(certificate_number, 'adv ' || advertising_number, '')", persisted=True),
    )
    source: Mapped[str]
    first_seen_at: Mapped[Moment]
    last_changed_at: Mapped[Moment]
    tax_year: Mapped[Year | None]
    certificate_number: Mapped[str | None] = mapped_column(Code)
    advertising_number: Mapped[str | None] = mapped_column(Code)
    sale_date: Mapped[date | None]
    sale_date_basis: Mapped[str | None]
    face_amount: Mapped[Money | None]
    bid_rate_pct: Mapped[Rate | None]
    premium: Mapped[Money | None]
    opening_bid: Mapped[Money | None]
    winning_bid: Mapped[Money | None]
    amount_due: Mapped[Money | None]
    bid_count: Mapped[int | None]
    assessed_value: Mapped[Money | None]
    market_value: Mapped[Money | None]
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
    vacant: Mapped[bool | None]
    paid_on: Mapped[date | None]
    redeemed_on: Mapped[date | None]
    interest_paid: Mapped[Money | None]
    ended_on: Mapped[date | None]
    synthetic: Mapped[bool]


class Sale(Row):
    """A day on which a county sold; ``kind`` is the source's word."""

    __tablename__ = "sales"
    __table_args__ = (
        Index(
            "uq_sales_key",
            "county_fips",
            "sale_date",
            "kind",
            "tax_year",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    county_fips: Mapped[Fips]
    sale_date: Mapped[date]
    kind: Mapped[str]
    label: Mapped[str | None]
    tax_year: Mapped[Year | None]
    source_id: Mapped[UUID]
    observed_at: Mapped[Moment | None]


class Observation(Row):
    """What one source said of one lien at one time. Append-only: the database refuses all else.

    ``values`` holds only what was said, by the names of ``interfaces.liens.Lien``; columns without a
    name there are in its ``attributes``. ``line`` is the line of the file of ``import_id``;
    ``page_sha256`` names the page as kept in the raw store, where a page said it. ``merge_ids`` are the
    merges by which a page about another parcel speaks of this lien: it does while all are in force.
    """

    __tablename__ = "observations"

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    source_id: Mapped[UUID]
    import_id: Mapped[UUID | None]
    line: Mapped[int | None]
    url: Mapped[str | None]
    fetched_at: Mapped[Moment]
    parser_version: Mapped[str]
    content_sha256: Mapped[bytes]
    values: Mapped[dict[str, Any]]
    page_sha256: Mapped[bytes | None]
    merge_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))


class StatusEntry(Row):
    """A status a lien was seen in. ``seen_on`` is the source's own date, where it gives one."""

    __tablename__ = "status_history"

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    status: Mapped[str]
    seen_on: Mapped[date | None]
    observed_at: Mapped[Moment]
    source_id: Mapped[UUID]


class PriceIndex(Row):
    """FHFA house price index of a county and year; ``index`` is 100 in the county's first year."""

    __tablename__ = "county_price_index"

    county_fips: Mapped[Fips] = mapped_column(primary_key=True)
    year: Mapped[Year] = mapped_column(primary_key=True)
    index: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    change_pct: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    index_1990: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    index_2000: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    source_id: Mapped[UUID]
