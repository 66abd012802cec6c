"""Trials of challengers, what was seen in them, and checks whether models still fit the world.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CREATE = (
    """
    CREATE TABLE ml.trials (
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        name text NOT NULL,
        champion integer NOT NULL,
        challenger integer NOT NULL,
        artifact char(64) COLLATE "C" NOT NULL,
        share_pct double precision NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        ends_at timestamptz NOT NULL,
        stopped_at timestamptz,
        reason text,
        CONSTRAINT pk_trials PRIMARY KEY (number),
        CONSTRAINT ck_trials_share CHECK (share_pct > 0 AND share_pct <= 100)
    )
    """,
    "CREATE UNIQUE INDEX uq_trials_running ON ml.trials (name) WHERE stopped_at IS NULL",
    """
    CREATE TABLE ml.exposures (
        trial bigint NOT NULL,
        day date NOT NULL,
        person bigint NOT NULL,
        CONSTRAINT pk_exposures PRIMARY KEY (trial, day, person)
    )
    """,
    """
    CREATE TABLE ml.trial_measures (
        trial bigint NOT NULL,
        process uuid NOT NULL,
        arm text NOT NULL,
        metric text NOT NULL,
        count bigint NOT NULL,
        total double precision NOT NULL,
        squares double precision NOT NULL,
        CONSTRAINT pk_trial_measures PRIMARY KEY (trial, process, arm, metric)
    )
    """,
    """
    CREATE TABLE ml.checks (
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        version integer NOT NULL,
        state text NOT NULL,
        rows integer NOT NULL,
        detail text NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_checks PRIMARY KEY (number)
    )
    """,
    "CREATE INDEX ix_checks_latest ON ml.checks (name, kind, number)",
)


def upgrade() -> None:
    for statement in _CREATE:
        op.execute(statement)


def downgrade() -> None:
    for table in ("checks", "trial_measures", "exposures", "trials"):
        op.drop_table(table, schema="ml")
