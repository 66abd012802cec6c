"""The catalogue: places, sources, liens, and what was said of them."""

from alembic import op

from taxlien.kit import outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PLACES = """
CREATE TABLE liens.counties (
    fips char(5) COLLATE "C" NOT NULL,
    name text NOT NULL,
    full_name text NOT NULL,
    state char(2) NOT NULL,
    state_fips char(2) NOT NULL,
    time_zone text NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    CONSTRAINT pk_counties PRIMARY KEY (fips)
);
CREATE INDEX ix_counties_state ON liens.counties (state);
CREATE TABLE liens.county_price_index (
    county_fips char(5) COLLATE "C" NOT NULL,
    year smallint NOT NULL,
    index numeric(10, 2),
    change_pct numeric(8, 2),
    index_1990 numeric(10, 2),
    index_2000 numeric(10, 2),
    source_id uuid NOT NULL,
    CONSTRAINT pk_county_price_index PRIMARY KEY (county_fips, year)
);
CREATE TABLE liens.parcels (
    county_fips char(5) COLLATE "C" NOT NULL,
    parcel_key text COLLATE "C" NOT NULL,
    parcel_id text NOT NULL,
    situs_address text,
    city text,
    zip_code text,
    property_type text,
    acres numeric(14, 4),
    building_sqft numeric(14, 4),
    year_built smallint,
    latitude double precision,
    longitude double precision,
    first_seen_at timestamptz NOT NULL,
    CONSTRAINT pk_parcels PRIMARY KEY (county_fips, parcel_key)
);
CREATE TABLE liens.sales (
    id uuid NOT NULL,
    county_fips char(5) COLLATE "C" NOT NULL,
    sale_date date NOT NULL,
    kind text NOT NULL,
    label text,
    tax_year smallint,
    source_id uuid NOT NULL,
    CONSTRAINT pk_sales PRIMARY KEY (id)
);
CREATE UNIQUE INDEX uq_sales_key ON liens.sales
    (county_fips, sale_date, kind, tax_year) NULLS NOT DISTINCT;
"""

SOURCES = """
CREATE TABLE liens.sources (
    id uuid NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    county_fips char(5) COLLATE "C",
    legal_status text NOT NULL,
    platform text,
    url text,
    synthetic boolean NOT NULL,
    CONSTRAINT pk_sources PRIMARY KEY (id),
    CONSTRAINT uq_sources_name UNIQUE (name)
);
CREATE TABLE liens.imports (
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    file_name text NOT NULL,
    sha256 bytea NOT NULL,
    size_bytes bigint NOT NULL,
    mapping_name text NOT NULL,
    mapping_version text NOT NULL,
    status text NOT NULL,
    reason text,
    counts jsonb NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    CONSTRAINT pk_imports PRIMARY KEY (id)
);
"""

LIENS = """
CREATE TABLE liens.liens (
    lien_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    state char(2) NOT NULL,
    county_fips char(5) COLLATE "C" NOT NULL,
    county text NOT NULL,
    parcel_id text NOT NULL,
    parcel_key text COLLATE "C" NOT NULL,
    certificate_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS
        (COALESCE(certificate_number, 'adv ' || advertising_number, '')) STORED,
    source text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_changed_at timestamptz NOT NULL,
    tax_year smallint,
    certificate_number text COLLATE "C",
    advertising_number text COLLATE "C",
    sale_date date,
    sale_date_basis text,
    face_amount numeric(14, 2),
    bid_rate_pct numeric(7, 4),
    premium numeric(14, 2),
    opening_bid numeric(14, 2),
    winning_bid numeric(14, 2),
    amount_due numeric(14, 2),
    bid_count integer,
    assessed_value numeric(14, 2),
    market_value numeric(14, 2),
    situs_address text,
    city text,
    zip_code text,
    property_type text,
    acres numeric(14, 4),
    building_sqft numeric(14, 4),
    year_built smallint,
    latitude double precision,
    longitude double precision,
    homestead boolean,
    vacant boolean,
    paid_on date,
    redeemed_on date,
    interest_paid numeric(14, 2),
    synthetic boolean NOT NULL,
    CONSTRAINT pk_liens PRIMARY KEY (lien_id)
);
CREATE UNIQUE INDEX uq_liens_key ON liens.liens
    (county_fips, parcel_key, tax_year, certificate_key) NULLS NOT DISTINCT;
CREATE INDEX ix_liens_county_fips_lien_id ON liens.liens (county_fips, lien_id);
CREATE INDEX ix_liens_last_changed_at_lien_id ON liens.liens (last_changed_at, lien_id);
"""

HISTORY = """
CREATE TABLE liens.observations (
    lien_id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    source_id uuid NOT NULL,
    import_id uuid,
    line integer,
    url text,
    fetched_at timestamptz NOT NULL,
    parser_version text NOT NULL,
    content_sha256 bytea NOT NULL,
    values jsonb NOT NULL,
    CONSTRAINT pk_observations PRIMARY KEY (lien_id, number)
);
CREATE TABLE liens.status_history (
    lien_id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    status text NOT NULL,
    seen_on date,
    observed_at timestamptz NOT NULL,
    source_id uuid NOT NULL,
    CONSTRAINT pk_status_history PRIMARY KEY (lien_id, number)
);
CREATE FUNCTION liens.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table %.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER observations_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON liens.observations
    FOR EACH STATEMENT EXECUTE FUNCTION liens.refuse_change();
CREATE TRIGGER status_history_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON liens.status_history
    FOR EACH STATEMENT EXECUTE FUNCTION liens.refuse_change();
"""


def upgrade() -> None:
    outbox.create_tables(op)
    for statements in (PLACES, SOURCES, LIENS, HISTORY):
        op.execute(statements)


def downgrade() -> None:
    for table in ("status_history", "observations"):
        op.execute(f"DROP TABLE liens.{table}")
    op.execute("DROP FUNCTION liens.refuse_change()")
    op.execute("DROP TABLE liens.liens, liens.imports, liens.sources, liens.sales, liens.parcels")
    op.execute("DROP TABLE liens.county_price_index, liens.counties")
    outbox.drop_tables(op)
