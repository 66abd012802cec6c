"""Items that name their parcel by another number: which parcel each number stands for."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE liens.filed_numbers (
            county_fips char(5) COLLATE "C" NOT NULL,
            id_key text COLLATE "C" NOT NULL,
            label text NOT NULL,
            parcel_key text COLLATE "C" NOT NULL,
            CONSTRAINT pk_filed_numbers PRIMARY KEY (county_fips, id_key)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_parcel_other_ids_number"
        " ON liens.parcel_other_ids (county_fips, ltrim(id_key, '0'))"
    )


def downgrade() -> None:
    op.execute("DROP INDEX liens.ix_parcel_other_ids_number")
    op.execute("DROP TABLE liens.filed_numbers")
