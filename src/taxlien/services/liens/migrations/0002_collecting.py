"""What collecting adds: parcels observed, lists that wait, coverage, duplicates."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PARCELS = """
ALTER TABLE liens.observations ADD COLUMN page_sha256 bytea;
ALTER TABLE liens.sales ADD COLUMN observed_at timestamptz;
ALTER TABLE liens.parcels
    ADD COLUMN property_class text,
    ADD COLUMN land_use text,
    ADD COLUMN homestead boolean,
    ADD COLUMN flags text[],
    ADD COLUMN market_value numeric(14, 2),
    ADD COLUMN market_value_year smallint,
    ADD COLUMN assessed_value numeric(14, 2),
    ADD COLUMN assessed_value_year smallint,
    ADD COLUMN observed_at timestamptz,
    ADD COLUMN origins jsonb;
CREATE INDEX ix_parcels_assessed ON liens.parcels (county_fips) WHERE observed_at IS NOT NULL;
CREATE TABLE liens.parcel_observations (
    county_fips char(5) COLLATE "C" NOT NULL,
    parcel_key text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    url text NOT NULL,
    fetched_at timestamptz NOT NULL,
    parser_version text NOT NULL,
    content_sha256 bytea NOT NULL,
    page_sha256 bytea NOT NULL,
    parcel_id text NOT NULL,
    facts jsonb NOT NULL,
    values jsonb NOT NULL,
    taxes jsonb NOT NULL,
    transfers jsonb NOT NULL,
    CONSTRAINT pk_parcel_observations PRIMARY KEY (county_fips, parcel_key, id)
);
CREATE TRIGGER parcel_observations_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON liens.parcel_observations
    FOR EACH STATEMENT EXECUTE FUNCTION liens.refuse_change();
CREATE TABLE liens.parcel_other_ids (
    county_fips char(5) COLLATE "C" NOT NULL,
    id_key text COLLATE "C" NOT NULL,
    parcel_key text COLLATE "C" NOT NULL,
    label text NOT NULL,
    CONSTRAINT pk_parcel_other_ids PRIMARY KEY (county_fips, id_key, parcel_key, label)
);
"""

LISTS = """
CREATE TABLE liens.pending_imports (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    source_id uuid NOT NULL,
    url text NOT NULL,
    file_name text NOT NULL,
    fetched_at timestamptz NOT NULL,
    sha256 bytea NOT NULL,
    size_bytes bigint NOT NULL,
    mapping_name text NOT NULL,
    parameters jsonb NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    next_at timestamptz NOT NULL,
    reason text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT pk_pending_imports PRIMARY KEY (id)
);
CREATE UNIQUE INDEX uq_pending_imports_list
    ON liens.pending_imports (run_id, sha256, mapping_name);
CREATE INDEX ix_pending_imports_waiting
    ON liens.pending_imports (next_at) WHERE state = 'waiting';
CREATE INDEX ix_pending_imports_source_id ON liens.pending_imports (source_id, mapping_name);
"""

COVERAGE = """
CREATE TABLE liens.source_runs (
    source_id uuid NOT NULL,
    run_id uuid,
    state text,
    reason text,
    ended_at timestamptz,
    last_success_at timestamptz,
    complete_pct double precision,
    filled_pct double precision,
    fresh_hours double precision,
    properties bigint,
    stopped_at timestamptz,
    stop_kind text,
    stop_reason text,
    resumed_at timestamptz,
    CONSTRAINT pk_source_runs PRIMARY KEY (source_id)
);
CREATE TABLE liens.coverage (
    county_fips char(5) COLLATE "C" NOT NULL,
    source_id uuid NOT NULL,
    parcels bigint NOT NULL,
    liens bigint NOT NULL,
    not_recorded bigint NOT NULL,
    last_fetched_at timestamptz,
    CONSTRAINT pk_coverage PRIMARY KEY (county_fips, source_id)
);
"""

# What was imported before this migration is covered too.
BACKFILL = """
INSERT INTO liens.coverage
    (county_fips, source_id, parcels, liens, not_recorded, last_fetched_at)
SELECT lien.county_fips, said.source_id, 0, count(*), 0, max(said.fetched_at)
FROM (SELECT lien_id, source_id, max(fetched_at) AS fetched_at
      FROM liens.observations GROUP BY lien_id, source_id) AS said
JOIN liens.liens AS lien USING (lien_id)
GROUP BY lien.county_fips, said.source_id;
INSERT INTO liens.source_runs (source_id, run_id, state, ended_at, last_success_at, complete_pct)
SELECT DISTINCT ON (source_id) source_id, id, 'published', finished_at, finished_at, NULL
FROM liens.imports WHERE status = 'done' ORDER BY source_id, finished_at DESC;
"""

DUPLICATES = """
CREATE TABLE liens.parcel_merges (
    id uuid NOT NULL,
    county_fips char(5) COLLATE "C" NOT NULL,
    parcel_key text COLLATE "C" NOT NULL,
    other_key text COLLATE "C" NOT NULL,
    score numeric(4, 3) NOT NULL,
    evidence jsonb NOT NULL,
    decided_by text NOT NULL,
    merged_at timestamptz NOT NULL,
    undone_at timestamptz,
    CONSTRAINT pk_parcel_merges PRIMARY KEY (id)
);
CREATE UNIQUE INDEX uq_parcel_merges_active
    ON liens.parcel_merges (county_fips, parcel_key, other_key) WHERE undone_at IS NULL;
CREATE INDEX ix_parcel_merges_other_key ON liens.parcel_merges (county_fips, other_key);
CREATE TRIGGER parcel_merges_stay
    BEFORE DELETE OR TRUNCATE ON liens.parcel_merges
    FOR EACH STATEMENT EXECUTE FUNCTION liens.refuse_change();
CREATE TRIGGER parcel_merges_are_undone_once
    BEFORE UPDATE ON liens.parcel_merges
    FOR EACH ROW WHEN (old.undone_at IS NOT NULL OR new.undone_at IS NULL
        OR (old.id, old.county_fips, old.parcel_key, old.other_key, old.score, old.evidence,
            old.decided_by, old.merged_at)
        IS DISTINCT FROM (new.id, new.county_fips, new.parcel_key, new.other_key, new.score,
            new.evidence, new.decided_by, new.merged_at))
    EXECUTE FUNCTION liens.refuse_change();
CREATE TABLE liens.duplicate_candidates (
    county_fips char(5) COLLATE "C" NOT NULL,
    parcel_key text COLLATE "C" NOT NULL,
    other_key text COLLATE "C" NOT NULL,
    score numeric(4, 3) NOT NULL,
    evidence jsonb NOT NULL,
    state text NOT NULL,
    found_at timestamptz NOT NULL,
    CONSTRAINT pk_duplicate_candidates PRIMARY KEY (county_fips, parcel_key, other_key)
);
CREATE TABLE liens.duplicate_scans (
    county_fips char(5) COLLATE "C" NOT NULL,
    scanned_at timestamptz NOT NULL,
    CONSTRAINT pk_duplicate_scans PRIMARY KEY (county_fips)
);
"""


def upgrade() -> None:
    for statements in (PARCELS, LISTS, COVERAGE, BACKFILL, DUPLICATES):
        op.execute(statements)


def downgrade() -> None:
    op.execute(
        "DROP TABLE liens.duplicate_scans, liens.duplicate_candidates, liens.parcel_merges,"
        " liens.coverage, liens.source_runs, liens.pending_imports, liens.parcel_other_ids,"
        " liens.parcel_observations"
    )
    op.execute("DROP INDEX liens.ix_parcels_assessed")
    op.execute(
        "ALTER TABLE liens.parcels DROP COLUMN property_class, DROP COLUMN land_use,"
        " DROP COLUMN homestead, DROP COLUMN flags, DROP COLUMN market_value,"
        " DROP COLUMN market_value_year, DROP COLUMN assessed_value,"
        " DROP COLUMN assessed_value_year, DROP COLUMN observed_at, DROP COLUMN origins"
    )
    op.execute("ALTER TABLE liens.sales DROP COLUMN observed_at")
    op.execute("ALTER TABLE liens.observations DROP COLUMN page_sha256")
