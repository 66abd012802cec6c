"""The tables that kit keeps in every service's schema, made by that service's first migration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from zlib import crc32

if TYPE_CHECKING:  # every process writes to the outbox; only migrations need Alembic
    from alembic.migration import MigrationContext

LANES = 16

KIT_TABLES = frozenset({"outbox", "inbox", "idempotency_keys"})

# The key leads with the lane, so that reading a lane in order is one walk of the only index.
# Rows live for milliseconds: the settings let vacuum come after 20,000 dead rows, without pauses.
_CREATE = """
CREATE TABLE {schema}.outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) NOT NULL,
    lane smallint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_outbox PRIMARY KEY (lane, seq),
    CONSTRAINT ck_outbox_lane CHECK (lane BETWEEN 0 AND 15)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_threshold = -1,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000
);
CREATE FUNCTION {schema}.notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{channel}', '');
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_notify AFTER INSERT ON {schema}.outbox
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.notify_outbox();
CREATE TABLE {schema}.inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
);
CREATE INDEX ix_inbox_seen_at ON {schema}.inbox USING brin (seen_at) WITH (autosummarize = on);
CREATE TABLE {schema}.idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    request_sha256 bytea NOT NULL,
    status int,
    response_headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (scope, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON {schema}.idempotency_keys (created_at);
"""

_DROP = """
DROP TABLE {schema}.idempotency_keys;
DROP TABLE {schema}.inbox;
DROP TABLE {schema}.outbox;
DROP FUNCTION {schema}.notify_outbox();
"""


class MigrationOperations(Protocol):
    """The part of ``alembic.op`` that is needed here."""

    def execute(self, sqltext: str) -> None: ...

    def get_context(self) -> MigrationContext: ...


def create_tables(op: MigrationOperations) -> None:
    """Create outbox, inbox and idempotency_keys; pass ``alembic.op`` from the first migration."""
    schema = _schema(op)
    op.execute(_CREATE.format(schema=schema, channel=channel_of(schema)))


def drop_tables(op: MigrationOperations) -> None:
    """Undo ``create_tables``, for the first migration's downgrade."""
    op.execute(_DROP.format(schema=_schema(op)))


def channel_of(service: str) -> str:
    """Return the channel that is notified when events of ``service`` are committed."""
    return f"outbox_{service}"


def lane_of(key: str) -> int:
    """Return the lane of ``key``, 0 to 15. Rows of one lane leave in the order they were written."""
    return crc32(key.encode()) % LANES


def _schema(op: MigrationOperations) -> str:
    schema: str | None = op.get_context().version_table_schema
    if schema is None:
        raise RuntimeError("run migrations through taxlien.kit.migrations: they need their schema")
    return schema
