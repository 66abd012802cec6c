"""The audit log and its chain, consents, exports, deletions.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_AUDIT = """
CREATE TABLE users.audit_log (
    id bigint NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid,
    actor_roles text[] NOT NULL,
    subject_id uuid NOT NULL,
    action text NOT NULL,
    fields text[] NOT NULL,
    reason text,
    request_id text,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (id)
);
CREATE INDEX ix_audit_log_subject_id_id ON users.audit_log (subject_id, id);
CREATE TABLE users.audit_pending (
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    at timestamptz DEFAULT clock_timestamp() NOT NULL,
    actor_id uuid,
    actor_roles text[] DEFAULT '{}' NOT NULL,
    subject_id uuid NOT NULL,
    action text NOT NULL,
    fields text[] DEFAULT '{}' NOT NULL,
    reason text,
    request_id text,
    CONSTRAINT pk_audit_pending PRIMARY KEY (number)
);
"""

# The bytes that are hashed; logic/chain.py computes the same. Both are frozen: a change is a new format.
_CHAIN = """
CREATE FUNCTION users.audit_part(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN value IS NULL THEN int4send(-1) ELSE int4send(length(value)) || value END
$$;
CREATE FUNCTION users.audit_text(value text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT users.audit_part(convert_to(value, 'UTF8'))
$$;
CREATE FUNCTION users.audit_list(items text[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT int4send(cardinality(items)) || coalesce(
        (SELECT string_agg(users.audit_text(item), ''::bytea ORDER BY place)
         FROM unnest(items) WITH ORDINALITY AS listed(item, place)), ''::bytea)
$$;
CREATE FUNCTION users.chain_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_id bigint;
    last_hash bytea;
BEGIN
    -- Held from here to the end of the commit, which is all that is left of the transaction.
    PERFORM pg_advisory_xact_lock(hashtextextended('users.audit_log', 0));
    SELECT id, hash INTO last_id, last_hash FROM users.audit_log ORDER BY id DESC LIMIT 1;
    last_id := coalesce(last_id, 0) + 1;
    last_hash := coalesce(last_hash, decode(repeat('00', 32), 'hex'));
    INSERT INTO users.audit_log VALUES (
        last_id, NEW.at, NEW.actor_id, NEW.actor_roles, NEW.subject_id, NEW.action, NEW.fields,
        NEW.reason, NEW.request_id, last_hash,
        sha256(last_hash || 'taxlien-audit-1'::bytea || int8send(last_id)
            || int8send((extract(epoch FROM NEW.at) * 1000000)::bigint)
            || users.audit_part(uuid_send(NEW.actor_id)) || users.audit_list(NEW.actor_roles)
            || users.audit_part(uuid_send(NEW.subject_id)) || users.audit_text(NEW.action)
            || users.audit_list(NEW.fields) || users.audit_text(NEW.reason)
            || users.audit_text(NEW.request_id)));
    DELETE FROM users.audit_pending WHERE number = NEW.number;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_pending_chain AFTER INSERT ON users.audit_pending
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION users.chain_audit();
CREATE FUNCTION users.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table %.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON users.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION users.refuse_change();
"""

# A consent is never changed. It goes only with its person, or when it is long outdated: who deletes
# says so in the transaction (set_config), so that no stray statement can.
_CONSENTS = """
CREATE TABLE users.consents (
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    document_version text NOT NULL,
    given boolean NOT NULL,
    source text NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_consents PRIMARY KEY (number)
);
CREATE INDEX ix_consents_user_id_purpose_number ON users.consents (user_id, purpose, number);
CREATE FUNCTION users.refuse_stray_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('taxlien.forgetting', true) IS DISTINCT FROM 'yes' THEN
        RAISE EXCEPTION 'table %.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER consents_append_only BEFORE UPDATE OR TRUNCATE ON users.consents
    FOR EACH STATEMENT EXECUTE FUNCTION users.refuse_change();
CREATE TRIGGER consents_kept BEFORE DELETE ON users.consents
    FOR EACH STATEMENT EXECUTE FUNCTION users.refuse_stray_deletion();
"""

_EXPORTS = """
CREATE TABLE users.exports (
    export_id uuid NOT NULL,
    user_id uuid NOT NULL,
    status text DEFAULT 'collecting' NOT NULL,
    language text NOT NULL,
    requested_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    attempt_after timestamptz NOT NULL,
    finished_at timestamptz,
    expires_at timestamptz,
    object_key text,
    size_bytes integer,
    missing text[] DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_exports PRIMARY KEY (export_id),
    CONSTRAINT ck_exports_status CHECK (status IN ('collecting', 'ready', 'partial', 'expired'))
);
CREATE UNIQUE INDEX uq_exports_collecting ON users.exports (user_id) WHERE status = 'collecting';
CREATE INDEX ix_exports_user_id_export_id ON users.exports (user_id, export_id);
CREATE INDEX ix_exports_expires_at ON users.exports (expires_at)
    WHERE status IN ('ready', 'partial');
CREATE TABLE users.export_parts (
    export_id uuid NOT NULL,
    service text NOT NULL,
    sha256 text,
    rows integer NOT NULL,
    arrived_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_export_parts PRIMARY KEY (export_id, service)
);
"""

_DELETIONS = """
CREATE TABLE users.deletions (
    erasure_id uuid NOT NULL,
    user_id uuid NOT NULL,
    status text DEFAULT 'waiting' NOT NULL,
    requested_at timestamptz NOT NULL,
    erase_after timestamptz NOT NULL,
    asked_at timestamptz,
    finished_at timestamptz,
    kept_until timestamptz,
    proof text,
    CONSTRAINT pk_deletions PRIMARY KEY (erasure_id),
    CONSTRAINT ck_deletions_status CHECK (status IN ('waiting', 'cancelled', 'erasing', 'erased'))
);
CREATE UNIQUE INDEX uq_deletions_user_id ON users.deletions (user_id) WHERE status <> 'cancelled';
CREATE INDEX ix_deletions_erase_after ON users.deletions (erase_after) WHERE status = 'waiting';
CREATE INDEX ix_deletions_kept_until ON users.deletions (kept_until) WHERE kept_until IS NOT NULL;
CREATE TABLE users.erasure_answers (
    erasure_id uuid NOT NULL,
    service text NOT NULL,
    rows integer NOT NULL,
    kept text[] DEFAULT '{}' NOT NULL,
    arrived_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_erasure_answers PRIMARY KEY (erasure_id, service)
);
"""

_DROP = """
DROP TABLE users.erasure_answers, users.deletions, users.export_parts, users.exports;
DROP TABLE users.consents, users.audit_pending, users.audit_log;
DROP FUNCTION users.refuse_stray_deletion(), users.refuse_change(), users.chain_audit();
DROP FUNCTION users.audit_list(text[]), users.audit_text(text), users.audit_part(bytea);
"""


def upgrade() -> None:
    for statements in (_AUDIT, _CHAIN, _CONSENTS, _EXPORTS, _DELETIONS):
        op.execute(statements)


def downgrade() -> None:
    op.execute(_DROP)
