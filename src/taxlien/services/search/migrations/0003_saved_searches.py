"""Saved searches, who has them, and which liens were announced to them.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CREATE = (
    """
    CREATE TABLE search.owners (
        user_id uuid NOT NULL,
        tier text,
        tier_at timestamptz,
        erased_at timestamptz,
        CONSTRAINT pk_owners PRIMARY KEY (user_id)
    )
    """,
    """
    CREATE TABLE search.saved_searches (
        search_id uuid NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        user_id uuid NOT NULL,
        name text NOT NULL,
        parameters jsonb NOT NULL,
        pace text NOT NULL,
        paused boolean NOT NULL DEFAULT false,
        changed bigint NOT NULL,
        share_sha256 bytea,
        shared_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_saved_searches PRIMARY KEY (search_id),
        CONSTRAINT uq_saved_searches_number UNIQUE (number),
        CONSTRAINT uq_saved_searches_share_sha256 UNIQUE (share_sha256),
        CONSTRAINT ck_saved_searches_pace CHECK (pace IN ('instant', 'daily', 'weekly', 'off')),
        CONSTRAINT fk_saved_searches_user_id_owners
            FOREIGN KEY (user_id) REFERENCES search.owners (user_id)
    )
    """,
    "CREATE INDEX ix_saved_searches_user_id ON search.saved_searches (user_id, search_id)",
    "CREATE INDEX ix_saved_searches_changed ON search.saved_searches (changed)",
    """
    CREATE TABLE search.matches (
        number bigint NOT NULL,
        lien_id uuid NOT NULL,
        matched_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_matches PRIMARY KEY (number, lien_id),
        CONSTRAINT fk_matches_number_saved_searches FOREIGN KEY (number)
            REFERENCES search.saved_searches (number) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE search.query_set (
        single boolean NOT NULL DEFAULT true,
        version bigint NOT NULL DEFAULT 0,
        removed bigint NOT NULL DEFAULT 0,
        CONSTRAINT pk_query_set PRIMARY KEY (single),
        CONSTRAINT ck_query_set_single CHECK (single)
    )
    """,
    "INSERT INTO search.query_set DEFAULT VALUES",
)


def upgrade() -> None:
    for statement in _CREATE:
        op.execute(statement)


def downgrade() -> None:
    for table in ("query_set", "matches", "saved_searches", "owners"):
        op.drop_table(table, schema="search")
