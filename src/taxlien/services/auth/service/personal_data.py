"""What auth keeps about a person: handed over when they ask, erased when they leave."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import msgspec

from taxlien.interfaces.users import EXPORT_CONTEXT, UserDataErased, UserDataExported
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.throttling import Scope, account_name

from .sessions import end_all_sessions

SERVICE = "auth"


async def export_personal_data(session: Session, user_id: UUID, export_id: UUID) -> None:
    """Store a person's data as sealed JSON ``{"<table>": [rows]}``, and tell where.

    A repeated call stores it again under another name; the last one told counts.
    """
    tables = await repository.personal_rows(session, user_id)
    body = msgspec.json.encode(tables)
    sealed = current.keyring().seal(body, f"{EXPORT_CONTEXT}:{export_id}:{SERVICE}")
    stored = await current.blobs().put_if_absent(sealed)
    exported = UserDataExported(
        user_id=user_id,
        at=datetime.now(UTC),
        export_id=export_id,
        service=SERVICE,
        sha256=stored.sha256,
        rows=sum(len(rows) for rows in tables.values()),
    )
    await emit(session, exported)


async def erase_personal_data(session: Session, user_id: UUID, erasure_id: UUID) -> None:
    """Delete what is known of a person. The account's id stays, alone, so that nobody else gets it.

    A repeated call finds nothing and says so.
    """
    account = await repository.get_account(session, user_id, lock=True)
    await end_all_sessions(session, user_id, "account erased")
    names = [str(user_id)] + ([account.email_key] if account and account.email_key else [])
    subjects = tuple(account_name(scope, name, None) for scope in get_args(Scope) for name in names)
    now = datetime.now(UTC)
    rows = await repository.erase_personal_data(session, user_id, subjects, now)
    erased = UserDataErased(
        user_id=user_id,
        at=now,
        erasure_id=erasure_id,
        service=SERVICE,
        rows=rows,
        kept=("user_id",),
    )
    await emit(session, erased)
