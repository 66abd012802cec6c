"""Collecting: sources, their runs and frontiers, what pages said, and what waits for a person.

Revision ID: 0001
Revises:
"""

from alembic import op

from taxlien.kit.outbox import create_tables, drop_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SOURCES = """
CREATE TABLE scraper.sources (
    name text COLLATE "C" NOT NULL,
    platform text NOT NULL,
    county_fips char(5) COLLATE "C" NOT NULL,
    legal_status text NOT NULL,
    site jsonb NOT NULL,
    shipped boolean NOT NULL,
    status text NOT NULL,
    reason text,
    robots jsonb,
    priority smallint NOT NULL DEFAULT 5,
    next_due_at timestamptz NOT NULL DEFAULT now(),
    failures integer NOT NULL DEFAULT 0,
    last_run_at timestamptz,
    last_success_at timestamptz,
    rows bigint NOT NULL DEFAULT 0,
    error_share double precision,
    figures jsonb,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_sources PRIMARY KEY (name),
    CONSTRAINT ck_sources_status
        CHECK (status IN ('active', 'stopped', 'quarantined', 'paused', 'off'))
);
CREATE INDEX ix_sources_due ON scraper.sources (next_due_at) WHERE status = 'active';
CREATE TABLE scraper.demand (
    county_fips char(5) COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    amount double precision NOT NULL,
    day date NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_demand PRIMARY KEY (county_fips, kind, day)
);
"""

RUNS = """
CREATE TABLE scraper.runs (
    id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    source text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    stage text NOT NULL,
    partial boolean NOT NULL,
    scope jsonb NOT NULL,
    parser_version text NOT NULL,
    figures jsonb,
    bytes_read bigint NOT NULL DEFAULT 0,
    seconds double precision NOT NULL DEFAULT 0,
    changed integer NOT NULL DEFAULT 0,
    gone integer NOT NULL DEFAULT 0,
    unchanged_pages integer NOT NULL DEFAULT 0,
    findings jsonb,
    diff text,
    reason text,
    traceparent text,
    holder uuid,
    leased_until timestamptz,
    sent_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CONSTRAINT pk_runs PRIMARY KEY (id),
    CONSTRAINT uq_runs_number UNIQUE (number),
    CONSTRAINT ck_runs_kind CHECK (kind IN ('collect', 'reparse')),
    CONSTRAINT ck_runs_state
        CHECK (state IN ('open', 'published', 'quarantined', 'stopped', 'failed', 'discarded')),
    CONSTRAINT ck_runs_stage CHECK (stage IN ('pages', 'publishing', 'over'))
);
CREATE UNIQUE INDEX uq_runs_open ON scraper.runs (source) WHERE state IN ('open', 'quarantined');
CREATE INDEX ix_runs_source_started_at ON scraper.runs (source, started_at);
CREATE INDEX ix_runs_working ON scraper.runs (leased_until) WHERE state = 'open';
CREATE TABLE scraper.run_pages (
    run_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    request jsonb NOT NULL,
    raw_id uuid,
    state text NOT NULL DEFAULT 'waiting',
    due_at timestamptz NOT NULL DEFAULT now(),
    holder uuid,
    attempts smallint NOT NULL DEFAULT 0,
    error_kind text,
    error text,
    card jsonb,
    memory jsonb,
    CONSTRAINT pk_run_pages PRIMARY KEY (run_id, key),
    CONSTRAINT ck_run_pages_state CHECK (state IN ('waiting', 'read', 'unchanged', 'failed'))
);
CREATE INDEX ix_run_pages_waiting ON scraper.run_pages (run_id, number) WHERE state = 'waiting';
CREATE INDEX ix_run_pages_done ON scraper.run_pages (run_id, number)
    WHERE state IN ('read', 'unchanged');
"""

SAID = """
CREATE TABLE scraper.pages (
    source text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    content_sha256 bytea NOT NULL,
    parser_version text NOT NULL,
    etag text,
    last_modified text,
    memory jsonb NOT NULL,
    run_id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT pk_pages PRIMARY KEY (source, key)
);
CREATE TABLE scraper.staged (
    run_id uuid NOT NULL,
    page text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    key text COLLATE "C" NOT NULL,
    sha256 bytea NOT NULL,
    said jsonb NOT NULL,
    CONSTRAINT pk_staged PRIMARY KEY (run_id, page, kind, key)
);
CREATE TABLE scraper.facts (
    source text COLLATE "C" NOT NULL,
    page text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    key text COLLATE "C" NOT NULL,
    sha256 bytea NOT NULL,
    said jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    gone_at timestamptz,
    CONSTRAINT pk_facts PRIMARY KEY (source, page, kind, key)
);
CREATE INDEX ix_facts_source_key ON scraper.facts (source, key);
CREATE TABLE scraper.operations_tasks (
    id uuid NOT NULL,
    kind text NOT NULL,
    source text COLLATE "C" NOT NULL,
    run_id uuid,
    summary text NOT NULL,
    detail jsonb NOT NULL,
    raised_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    resolution text,
    CONSTRAINT pk_operations_tasks PRIMARY KEY (id)
);
CREATE UNIQUE INDEX uq_operations_tasks_open ON scraper.operations_tasks (source, kind)
    WHERE resolved_at IS NULL;
"""


def upgrade() -> None:
    create_tables(op)
    for statements in (SOURCES, RUNS, SAID):
        op.execute(statements)


def downgrade() -> None:
    for table in (
        "operations_tasks", "facts", "staged", "pages", "run_pages", "runs", "demand", "sources",
    ):  # fmt: skip
        op.execute(f"DROP TABLE scraper.{table}")
    drop_tables(op)
