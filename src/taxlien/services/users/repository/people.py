"""Every query on people, their preferences, pictures and uploads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.users.models import (
    Avatar,
    ObjectRemoval,
    Upload,
    User,
    UserPreferences,
)


async def add_user(session: Session, **values: object) -> bool:
    """Add a person, unless there is one of this id. Returns whether one was added.

    Raises ``IntegrityError`` where another person has the address.
    """
    statement = insert(User).values(**values).on_conflict_do_nothing(index_elements=["id"])
    added = await session.scalar(statement.returning(User.id))
    return added is not None


async def get_user(session: Session, user_id: UUID) -> User | None:
    """Return a person who was not erased."""
    found = await session.get(User, user_id)
    return None if found is None or found.erased_at else found


async def lock_user(session: Session, user_id: UUID) -> User | None:
    """Return a person as committed last, locked until the transaction ends; erased ones too."""
    return await session.get(User, user_id, with_for_update=True, populate_existing=True)


async def lock_holder(session: Session, email: str) -> User | None:
    """Return who has an address, locked."""
    return await session.scalar(select(User).where(User.email == email).with_for_update())


async def list_users(session: Session, after: UUID | None, limit: int) -> Sequence[User]:
    """Return a page of people by id, which is by the time they came."""
    query = select(User).where(User.erased_at.is_(None)).order_by(User.id).limit(limit)
    if after is not None:
        query = query.where(User.id > after)
    return (await session.scalars(query)).all()


async def lock_ended_trials(session: Session, now: datetime, limit: int) -> Sequence[User]:
    """Return people whose trial is over, locked; those another transaction works on are left out."""
    query = (
        select(User)
        .where(User.trial_end_date <= now)
        .order_by(User.trial_end_date)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def add_preferences(session: Session, user_id: UUID, language: str) -> None:
    """Add the preferences of somebody new, unless there are some."""
    values = {"user_id": user_id, "language": language}
    await session.execute(insert(UserPreferences).values(values).on_conflict_do_nothing())


async def get_preferences(session: Session, user_id: UUID) -> UserPreferences | None:
    """Return how a person wants to be met."""
    return await session.get(UserPreferences, user_id)


async def lock_preferences(session: Session, user_id: UUID) -> UserPreferences | None:
    """Return the same as committed last, locked until the transaction ends."""
    return await session.get(UserPreferences, user_id, with_for_update=True, populate_existing=True)


async def get_avatar(session: Session, user_id: UUID) -> Avatar | None:
    """Return a person's picture."""
    return await session.get(Avatar, user_id)


async def remove_avatar(session: Session, user_id: UUID) -> Avatar | None:
    """Remove a person's picture and return what it was."""
    return await session.scalar(delete(Avatar).where(Avatar.user_id == user_id).returning(Avatar))


async def lock_upload(session: Session, upload_id: UUID) -> Upload | None:
    """Return an upload, locked until the transaction ends."""
    return await session.get(Upload, upload_id, with_for_update=True, populate_existing=True)


async def open_uploads(session: Session, user_id: UUID, now: datetime) -> int:
    """Return how many uploads a person began and did not finish."""
    query = select(Upload.upload_id).where(
        Upload.user_id == user_id, Upload.completed_at.is_(None), Upload.expires_at > now
    )
    return len((await session.scalars(query)).all())


async def forget_uploads(session: Session, before: datetime) -> None:
    """Forget uploads whose addresses ended before a time."""
    await session.execute(delete(Upload).where(Upload.expires_at < before))


async def plan_removal(session: Session, due_at: datetime, *keys: str) -> None:
    """Write that objects are to be gone from ``due_at`` on."""
    values = [{"object_key": key, "due_at": due_at} for key in keys]
    statement = insert(ObjectRemoval).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["object_key"], set_={"due_at": statement.excluded.due_at}
        )
    )


async def cancel_removal(session: Session, *keys: str) -> None:
    """Let objects stay."""
    await session.execute(delete(ObjectRemoval).where(ObjectRemoval.object_key.in_(keys)))


async def take_removals(session: Session, now: datetime, limit: int) -> Sequence[str]:
    """Take the removals that are due and return their objects; a rollback puts them back."""
    due = (
        select(ObjectRemoval.object_key)
        .where(ObjectRemoval.due_at <= now)
        .order_by(ObjectRemoval.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = delete(ObjectRemoval).where(ObjectRemoval.object_key.in_(due.scalar_subquery()))
    return (await session.scalars(statement.returning(ObjectRemoval.object_key))).all()
