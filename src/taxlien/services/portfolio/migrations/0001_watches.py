"""Kit's tables; watches, what was told of them, sales that come, and how many watch a county.

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
    CREATE TABLE portfolio.owners (
        user_id uuid NOT NULL,
        tier text,
        tier_at timestamptz,
        erased_at timestamptz,
        CONSTRAINT pk_owners PRIMARY KEY (user_id)
    )
    """,
    """
    CREATE TABLE portfolio.watches (
        watch_id uuid NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        user_id uuid NOT NULL,
        target text NOT NULL,
        key text NOT NULL,
        label text NOT NULL,
        county_fips char(5) COLLATE "C" NOT NULL,
        lien_id uuid,
        parcel_key text,
        parcel_id text,
        auction_on date,
        muted boolean NOT NULL DEFAULT false,
        paused boolean NOT NULL DEFAULT false,
        changed bigint NOT NULL,
        told_on date,
        told integer NOT NULL DEFAULT 0,
        untold bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_watches PRIMARY KEY (watch_id),
        CONSTRAINT uq_watches_number UNIQUE (number),
        CONSTRAINT uq_watches_user_id_key UNIQUE (user_id, key),
        CONSTRAINT ck_watches_target CHECK (target IN ('lien', 'parcel', 'county', 'auction')),
        CONSTRAINT fk_watches_user_id_owners
            FOREIGN KEY (user_id) REFERENCES portfolio.owners (user_id)
    )
    """,
    "CREATE INDEX ix_watches_key ON portfolio.watches (key)",
    "CREATE INDEX ix_watches_changed ON portfolio.watches (changed)",
    "CREATE INDEX ix_watches_county_fips ON portfolio.watches (county_fips)",
    """
    CREATE TABLE portfolio.watched_liens (
        lien_id uuid NOT NULL,
        version integer NOT NULL,
        status text NOT NULL,
        price numeric(14, 2),
        county_fips char(5) COLLATE "C" NOT NULL,
        parcel_key text NOT NULL,
        sale_date date,
        CONSTRAINT pk_watched_liens PRIMARY KEY (lien_id)
    )
    """,
    "CREATE INDEX ix_watched_liens_place ON portfolio.watched_liens (county_fips, sale_date)",
    """
    CREATE TABLE portfolio.triggers (
        number bigint NOT NULL,
        lien_id uuid NOT NULL,
        version integer NOT NULL,
        reason text NOT NULL,
        status text NOT NULL,
        previous_status text,
        price numeric(14, 2),
        previous_price numeric(14, 2),
        at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_triggers PRIMARY KEY (number, lien_id, version),
        CONSTRAINT fk_triggers_number_watches FOREIGN KEY (number)
            REFERENCES portfolio.watches (number) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE portfolio.watch_set (
        single boolean NOT NULL DEFAULT true,
        version bigint NOT NULL DEFAULT 0,
        removed bigint NOT NULL DEFAULT 0,
        CONSTRAINT pk_watch_set PRIMARY KEY (single),
        CONSTRAINT ck_watch_set_single CHECK (single)
    )
    """,
    "INSERT INTO portfolio.watch_set DEFAULT VALUES",
    """
    CREATE TABLE portfolio.auctions (
        county_fips char(5) COLLATE "C" NOT NULL,
        auction_on date NOT NULL,
        hour char(5),
        heard_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_auctions PRIMARY KEY (county_fips, auction_on)
    )
    """,
    "CREATE INDEX ix_auctions_auction_on ON portfolio.auctions (auction_on)",
    """
    CREATE TABLE portfolio.neared (
        user_id uuid NOT NULL,
        county_fips char(5) COLLATE "C" NOT NULL,
        auction_on date NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_neared PRIMARY KEY (user_id, county_fips, auction_on),
        CONSTRAINT fk_neared_user_id_owners
            FOREIGN KEY (user_id) REFERENCES portfolio.owners (user_id)
    )
    """,
    """
    CREATE TABLE portfolio.demand (
        county_fips char(5) COLLATE "C" NOT NULL,
        announced integer NOT NULL DEFAULT 0,
        stale boolean NOT NULL DEFAULT true,
        CONSTRAINT pk_demand PRIMARY KEY (county_fips)
    )
    """,
)
_TABLES = (
    "demand",
    "neared",
    "auctions",
    "watch_set",
    "triggers",
    "watched_liens",
    "watches",
    "owners",
)


def upgrade() -> None:
    create_tables(op)
    for statement in _CREATE:
        op.execute(statement)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table, schema="portfolio")
    drop_tables(op)
