"""Pages as they came, and the objects their contents lie in.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_RAW = """
CREATE TABLE scraper.raw_contents (
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    object_sha256 bytea NOT NULL,
    start bigint NOT NULL,
    length integer NOT NULL,
    CONSTRAINT pk_raw_contents PRIMARY KEY (sha256)
);
CREATE TABLE scraper.raw_pages (
    id uuid NOT NULL,
    source text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    url text NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    fetched_at timestamptz NOT NULL,
    sha256 bytea NOT NULL,
    parser_version text NOT NULL,
    request jsonb NOT NULL,
    CONSTRAINT pk_raw_pages PRIMARY KEY (id)
);
CREATE INDEX ix_raw_pages_source_key_fetched_at ON scraper.raw_pages (source, key, fetched_at);
CREATE INDEX ix_raw_pages_fetched_at_id ON scraper.raw_pages (fetched_at, id);
CREATE INDEX ix_raw_pages_source_fetched_at_id ON scraper.raw_pages (source, fetched_at, id);
"""


def upgrade() -> None:
    op.execute(_RAW)


def downgrade() -> None:
    op.execute("DROP TABLE scraper.raw_pages, scraper.raw_contents")
