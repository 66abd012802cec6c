"""Kit's tables; the facts models are made of, and which model serves.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op

from taxlien.kit.outbox import create_tables, drop_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CREATE = (
    """
    CREATE TABLE ml.liens (
        lien_id uuid NOT NULL,
        version integer NOT NULL,
        state char(2) NOT NULL,
        county_fips char(5) COLLATE "C" NOT NULL,
        source text NOT NULL,
        kind text NOT NULL,
        status text NOT NULL,
        parcel_key text COLLATE "C" NOT NULL,
        tax_year smallint,
        certificate_number text,
        sale_date date,
        sale_date_basis text,
        face_amount double precision,
        bid_rate_pct double precision,
        premium double precision,
        opening_bid double precision,
        winning_bid double precision,
        amount_due double precision,
        bid_count integer,
        assessed_value double precision,
        market_value double precision,
        property_type text,
        acres double precision,
        building_sqft double precision,
        year_built smallint,
        latitude double precision,
        longitude double precision,
        homestead boolean,
        vacant boolean,
        paid_on date,
        redeemed_on date,
        interest_paid double precision,
        ended_on date,
        synthetic boolean NOT NULL,
        CONSTRAINT pk_liens PRIMARY KEY (lien_id)
    )
    """,
    """
    CREATE TABLE ml.appointments (
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        name text NOT NULL,
        alias text NOT NULL,
        version integer NOT NULL,
        run_id text NOT NULL,
        artifact char(64) COLLATE "C" NOT NULL,
        reason text NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_appointments PRIMARY KEY (number),
        CONSTRAINT ck_appointments_alias CHECK (alias IN ('champion', 'challenger'))
    )
    """,
    "CREATE INDEX ix_appointments_office ON ml.appointments (name, alias, number)",
)


def upgrade() -> None:
    create_tables(op)
    for statement in _CREATE:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("appointments", schema="ml")
    op.drop_table("liens", schema="ml")
    drop_tables(op)
