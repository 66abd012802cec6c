"""Telling the owner of an account that something about its second factors changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from taxlien.interfaces.auth import FactorKind, SecondFactorChanged
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.services.auth.models import Account


async def tell_of_factor(
    session: Session,
    account: Account,
    factor: FactorKind,
    change: Literal["added", "removed", "used"],
    *,
    remaining: int | None = None,
) -> None:
    """Emit the change; ``remaining`` counts unused recovery codes."""
    await emit(
        session,
        SecondFactorChanged(
            user_id=account.user_id,
            at=datetime.now(UTC),
            email=account.email or "",
            language=account.language,
            factor=factor,
            change=change,
            remaining=remaining,
        ),
    )
