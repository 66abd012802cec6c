"""Tables of schema ``ml``: the facts models are made of, which model serves, and what it says of liens.

Numbers are double precision: a model's features are not money (docs/adr/0130).
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import metadata_for

metadata = metadata_for("ml")


class Row(DeclarativeBase):
    """Base of every table of ml."""

    metadata = metadata
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as declared
        str: Text,
        date: Date,
        float: Double,
        int: Integer,
        bool: Boolean,
        datetime: DateTime(timezone=True),
    }


class LienFacts(Row):
    """What models know of a lien: columns and meanings of ``logic.frame``, nothing about people.

    ``version`` is the catalogue's: the highest wins.
    """

    __tablename__ = "liens"

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(CHAR(2))
    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"))
    source: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    parcel_key: Mapped[str] = mapped_column(Text(collation="C"))
    tax_year: Mapped[int | None] = mapped_column(SmallInteger)
    certificate_number: Mapped[str | None]
    sale_date: Mapped[date | None]
    sale_date_basis: Mapped[str | None]
    face_amount: Mapped[float | None]
    bid_rate_pct: Mapped[float | None]
    premium: Mapped[float | None]
    opening_bid: Mapped[float | None]
    winning_bid: Mapped[float | None]
    amount_due: Mapped[float | None]
    bid_count: Mapped[int | None]
    assessed_value: Mapped[float | None]
    market_value: Mapped[float | None]
    property_type: Mapped[str | None]
    acres: Mapped[float | None]
    building_sqft: Mapped[float | None]
    year_built: Mapped[int | None] = mapped_column(SmallInteger)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    homestead: Mapped[bool | None]
    vacant: Mapped[bool | None]
    paid_on: Mapped[date | None]
    redeemed_on: Mapped[date | None]
    interest_paid: Mapped[float | None]
    ended_on: Mapped[date | None]
    synthetic: Mapped[bool]


class Appointment(Row):
    """A version of a model was made champion or challenger; the latest of a name and alias is in office.

    ``artifact`` is the SHA-256 of its manifest in the objects. ``reason``: first, trained, promoted,
    rolled_back. ``synthetic``: liens that were made up taught it.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint("alias IN ('champion', 'challenger')", name="alias"),
        Index("ix_appointments_office", "name", "alias", "number"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    alias: Mapped[str]
    version: Mapped[int]
    run_id: Mapped[str]
    artifact: Mapped[str] = mapped_column(CHAR(64, collation="C"))
    reason: Mapped[str]
    synthetic: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Score(Row):
    """How risky a lien is, one row for each lien of ``liens``.

    ``appointment`` is the number of the champion that was asked, 0 where the lien waits to be scored;
    ``model_version`` its registered version, ``version`` the lien's when it was. ``score`` is null where
    nothing is known, or nothing is open.
    """

    __tablename__ = "scores"
    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 100", name="score"),
        Index("ix_scores_waiting", "appointment", "lien_id"),
    )

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    scored_at: Mapped[datetime | None]
    p_unredeemed: Mapped[float | None]
    version: Mapped[int | None]
    model_version: Mapped[int | None]
    score: Mapped[int | None] = mapped_column(SmallInteger)


class Trial(Row):
    """A share of the users is answered by a challenger until ``ends_at`` or ``stopped_at``.

    ``champion`` and ``challenger`` are registered versions, ``artifact`` the challenger's: a trial whose
    champion left office is over. ``reason`` says why it was stopped.
    """

    __tablename__ = "trials"
    __table_args__ = (
        CheckConstraint("share_pct > 0 AND share_pct <= 100", name="share"),
        Index(
            "uq_trials_running", "name", unique=True, postgresql_where=text("stopped_at IS NULL")
        ),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    champion: Mapped[int]
    challenger: Mapped[int]
    artifact: Mapped[str] = mapped_column(CHAR(64, collation="C"))
    share_pct: Mapped[float]
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ends_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class Exposure(Row):
    """Somebody was answered in a trial on a UTC day. ``person`` is a hash that only this trial makes of a
    user's id; days before yesterday are forgotten."""

    __tablename__ = "exposures"

    trial: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    person: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class TrialMeasure(Row):
    """Count, sum and sum of squares of a metric of one arm, as one process saw it from its start on."""

    __tablename__ = "trial_measures"

    trial: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    process: Mapped[UUID] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[float]
    squares: Mapped[float]


class Check(Row):
    """Whether a champion still fits: ``kind`` features (what it is told), outcomes (what came true) or
    loading (whether processes can load it; written when that changes).

    ``state``: stable, watch, drifted, unfit (cannot be loaded), or unknown where there is too little to
    tell; ``detail`` in words.
    """

    __tablename__ = "checks"
    __table_args__ = (Index("ix_checks_latest", "name", "kind", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    rows: Mapped[int]
    detail: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
