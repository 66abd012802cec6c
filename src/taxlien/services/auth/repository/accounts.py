"""Queries on accounts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.auth.models import Account


async def add_account(session: Session, **values: object) -> bool:
    """Add an account; return whether its address was new."""
    statement = (
        insert(Account).values(**values).on_conflict_do_nothing(index_elements=["email_key"])
    )
    added = await session.execute(statement.returning(Account.user_id))
    return added.one_or_none() is not None


async def get_account(session: Session, user_id: UUID, *, lock: bool = False) -> Account | None:
    """Return an account as it is now; ``lock`` keeps others from changing it meanwhile."""
    statement = select(Account).where(Account.user_id == user_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(statement)


async def account_by_email(
    session: Session, email_key: str, *, lock: bool = False
) -> Account | None:
    """Return the account of an address, by its key."""
    statement = select(Account).where(Account.email_key == email_key)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(statement)


async def change_account(session: Session, user_id: UUID, **values: object) -> None:
    """Write ``values`` into an account that is not erased."""
    await session.execute(
        update(Account)
        .where(Account.user_id == user_id, Account.status != "erased")
        .values(**values)
    )


async def set_password(
    session: Session, user_id: UUID, password_hash: str, changed_at: datetime
) -> None:
    """Write a new password."""
    await change_account(
        session, user_id, password_hash=password_hash, password_changed_at=changed_at
    )


async def replace_hash(session: Session, user_id: UUID, old: str, new: str) -> None:
    """Write the same password under newer parameters, unless the password was changed meanwhile."""
    await session.execute(
        update(Account)
        .where(Account.user_id == user_id, Account.password_hash == old)
        .values(password_hash=new)
    )
