"""What liens have by merges of their parcels, and what they would have without."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE liens.observations ADD COLUMN merge_ids uuid[]")
    op.execute(
        """
        CREATE TABLE liens.own_facts (
            lien_id uuid NOT NULL,
            names text[] NOT NULL,
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
            market_value numeric(14, 2),
            assessed_value numeric(14, 2),
            CONSTRAINT pk_own_facts PRIMARY KEY (lien_id)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE liens.own_facts")
    op.execute("ALTER TABLE liens.observations DROP COLUMN merge_ids")
