"""What auth keeps about a person: handed over when they ask, erased when they leave."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from taxlien.interfaces.users import (
    UserDataErased,
    UserDataExported,
    UserErasureDue,
    UserExportRequested,
    part_context,
)
from taxlien.kit import personal_data
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.services.auth import repository
from taxlien.services.auth.logic.throttling import Scope, account_name

from .sessions import end_all_sessions

SERVICE = "auth"


async def export_personal_data(session: Session, event: UserExportRequested) -> None:
    """Store a person's data as sealed JSON ``{"<table>": [rows]}``, and tell where."""
    tables = await repository.personal_rows(session, event.user_id)
    handed = await personal_data.hand_over(tables, part_context(event.export_id, SERVICE))
    await emit(
        session,
        UserDataExported(
            **event.answer(SERVICE, datetime.now(UTC)), sha256=handed.sha256, rows=handed.rows
        ),
    )


async def erase_personal_data(session: Session, event: UserErasureDue) -> None:
    """Delete what is known of a person. The account's id stays, alone, so that nobody else gets it.

    A repeated call finds nothing and says so.
    """
    user_id = event.user_id
    account = await repository.get_account(session, user_id, lock=True)
    await end_all_sessions(session, user_id, "account erased")
    names = [str(user_id)] + ([account.email_key] if account and account.email_key else [])
    subjects = tuple(account_name(scope, name, None) for scope in get_args(Scope) for name in names)
    now = datetime.now(UTC)
    rows = await repository.erase_personal_data(session, user_id, subjects, now)
    await emit(session, UserDataErased(**event.answer(SERVICE, now), rows=rows, kept=("user_id",)))
