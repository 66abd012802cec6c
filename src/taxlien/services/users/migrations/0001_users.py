"""Kit's tables, people, their checks of identity and their tax residency.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op

from taxlien.kit.outbox import create_tables, drop_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE users.object_removals (
    object_key TEXT NOT NULL,
    due_at timestamptz NOT NULL,
    CONSTRAINT pk_object_removals PRIMARY KEY (object_key)
);
CREATE INDEX ix_object_removals_due_at ON users.object_removals (due_at);
CREATE TABLE users.sanctions_lists (
    list_id UUID NOT NULL,
    name TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    list_date DATE NOT NULL,
    entities INTEGER NOT NULL,
    loaded_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_sanctions_lists PRIMARY KEY (list_id),
    CONSTRAINT uq_sanctions_lists_sha256 UNIQUE (sha256)
);
CREATE TABLE users.users (
    id UUID NOT NULL,
    email VARCHAR(255) NOT NULL,
    full_name VARCHAR(255),
    phone VARCHAR(20),
    created_at timestamptz DEFAULT now() NOT NULL,
    subscription_tier VARCHAR(20) DEFAULT 'free' NOT NULL,
    trial_end_date timestamptz,
    kyc_status VARCHAR(20) DEFAULT 'pending' NOT NULL,
    email_verified_at timestamptz,
    trial_started_at timestamptz,
    synthetic BOOLEAN DEFAULT false NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    erased_at timestamptz,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT ck_users_subscription_tier
        CHECK (subscription_tier IN ('free', 'premium', 'enterprise')),
    CONSTRAINT ck_users_kyc_status
        CHECK (kyc_status IN ('pending', 'submitted', 'in_review', 'approved', 'rejected', 'expired')),
    CONSTRAINT uq_users_email UNIQUE (email)
);
CREATE INDEX ix_users_trial_end_date ON users.users (trial_end_date) WHERE trial_end_date IS NOT NULL;
CREATE TABLE users.avatars (
    user_id UUID NOT NULL,
    avatar_id UUID NOT NULL,
    large_key TEXT NOT NULL,
    small_key TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_avatars PRIMARY KEY (user_id),
    CONSTRAINT fk_avatars_user_id_users FOREIGN KEY(user_id) REFERENCES users.users (id)
);
CREATE TABLE users.kyc_cases (
    case_id UUID NOT NULL,
    user_id UUID NOT NULL,
    number INTEGER NOT NULL,
    status TEXT DEFAULT 'pending' NOT NULL,
    details BYTEA,
    details_key TEXT,
    hit BOOLEAN DEFAULT false NOT NULL,
    cleared_matches JSONB DEFAULT '{}'::jsonb NOT NULL,
    message TEXT,
    submitted_at timestamptz,
    decided_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_kyc_cases PRIMARY KEY (case_id),
    CONSTRAINT ck_kyc_cases_status
        CHECK (status IN ('pending', 'submitted', 'in_review', 'approved', 'rejected', 'expired')),
    CONSTRAINT ck_kyc_cases_details CHECK ((details IS NULL) = (details_key IS NULL)),
    CONSTRAINT fk_kyc_cases_user_id_users FOREIGN KEY(user_id) REFERENCES users.users (id)
);
CREATE INDEX ix_kyc_cases_expires_at ON users.kyc_cases (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX ix_kyc_cases_waiting ON users.kyc_cases (submitted_at, case_id)
    WHERE status IN ('submitted', 'in_review');
CREATE UNIQUE INDEX uq_kyc_cases_user_id_number ON users.kyc_cases (user_id, number);
CREATE TABLE users.tax_residencies (
    user_id UUID NOT NULL,
    country CHAR(2) NOT NULL,
    form_kind TEXT NOT NULL,
    tin_kind TEXT,
    tin BYTEA,
    tin_key TEXT,
    certified_at timestamptz NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_tax_residencies PRIMARY KEY (user_id),
    CONSTRAINT ck_tax_residencies_form_kind CHECK (form_kind IN ('W-9', 'W-8BEN', 'W-8BEN-E')),
    CONSTRAINT ck_tax_residencies_tin_kind CHECK (tin_kind IN ('ssn', 'itin', 'ein', 'foreign')),
    CONSTRAINT ck_tax_residencies_tin
        CHECK ((tin IS NULL) = (tin_kind IS NULL) AND (tin IS NULL) = (tin_key IS NULL)),
    CONSTRAINT fk_tax_residencies_user_id_users FOREIGN KEY(user_id) REFERENCES users.users (id)
);
CREATE INDEX ix_tax_residencies_tin_key ON users.tax_residencies (tin_key);
CREATE TABLE users.uploads (
    upload_id UUID NOT NULL,
    user_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    document_kind TEXT,
    object_key TEXT NOT NULL,
    expires_at timestamptz NOT NULL,
    completed_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_uploads PRIMARY KEY (upload_id),
    CONSTRAINT ck_uploads_purpose CHECK (purpose IN ('avatar', 'kyc_document')),
    CONSTRAINT fk_uploads_user_id_users FOREIGN KEY(user_id) REFERENCES users.users (id)
);
CREATE INDEX ix_uploads_user_id ON users.uploads (user_id);
CREATE TABLE users.user_preferences (
    user_id UUID NOT NULL,
    language VARCHAR(10) DEFAULT 'en' NOT NULL,
    currency VARCHAR(3) DEFAULT 'USD' NOT NULL,
    email_notifications BOOLEAN DEFAULT true NOT NULL,
    push_notifications BOOLEAN DEFAULT true NOT NULL,
    sms_notifications BOOLEAN DEFAULT false NOT NULL,
    time_zone TEXT DEFAULT 'America/New_York' NOT NULL,
    quiet_from time,
    quiet_until time,
    version INTEGER DEFAULT 1 NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_user_preferences PRIMARY KEY (user_id),
    CONSTRAINT ck_user_preferences_quiet_hours CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
    CONSTRAINT fk_user_preferences_user_id_users FOREIGN KEY(user_id) REFERENCES users.users (id)
);
CREATE TABLE users.kyc_documents (
    document_id UUID NOT NULL,
    case_id UUID NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    object_key TEXT NOT NULL,
    key_name TEXT NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_kyc_documents PRIMARY KEY (document_id),
    CONSTRAINT ck_kyc_documents_kind CHECK (kind IN ('passport', 'id_card', 'proof_of_address')),
    CONSTRAINT fk_kyc_documents_case_id_kyc_cases
        FOREIGN KEY(case_id) REFERENCES users.kyc_cases (case_id),
    CONSTRAINT fk_kyc_documents_user_id_users FOREIGN KEY(user_id) REFERENCES users.users (id)
);
CREATE INDEX ix_kyc_documents_case_id ON users.kyc_documents (case_id);
CREATE INDEX ix_kyc_documents_user_id ON users.kyc_documents (user_id);
CREATE TABLE users.kyc_transitions (
    transition_id UUID NOT NULL,
    case_id UUID NOT NULL,
    from_status TEXT NOT NULL,
    to_status TEXT NOT NULL,
    action TEXT NOT NULL,
    actor_id UUID,
    reason TEXT,
    at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_kyc_transitions PRIMARY KEY (transition_id),
    CONSTRAINT fk_kyc_transitions_case_id_kyc_cases
        FOREIGN KEY(case_id) REFERENCES users.kyc_cases (case_id)
);
CREATE INDEX ix_kyc_transitions_case_id ON users.kyc_transitions (case_id);
CREATE TABLE users.screenings (
    screening_id UUID NOT NULL,
    case_id UUID NOT NULL,
    list_id UUID NOT NULL,
    method TEXT NOT NULL,
    outcome TEXT NOT NULL,
    matches JSONB NOT NULL,
    screened_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_screenings PRIMARY KEY (screening_id),
    CONSTRAINT ck_screenings_outcome CHECK (outcome IN ('clear', 'hit')),
    CONSTRAINT fk_screenings_case_id_kyc_cases
        FOREIGN KEY(case_id) REFERENCES users.kyc_cases (case_id),
    CONSTRAINT fk_screenings_list_id_sanctions_lists
        FOREIGN KEY(list_id) REFERENCES users.sanctions_lists (list_id)
);
CREATE UNIQUE INDEX uq_screenings_case_id_list_id ON users.screenings (case_id, list_id);
"""

_DROP = """
DROP TABLE users.screenings;
DROP TABLE users.kyc_transitions;
DROP TABLE users.kyc_documents;
DROP TABLE users.user_preferences;
DROP TABLE users.uploads;
DROP TABLE users.tax_residencies;
DROP TABLE users.kyc_cases;
DROP TABLE users.avatars;
DROP TABLE users.users;
DROP TABLE users.sanctions_lists;
DROP TABLE users.object_removals;
"""


def upgrade() -> None:
    create_tables(op)
    op.execute(_CREATE)


def downgrade() -> None:
    op.execute(_DROP)
    drop_tables(op)
