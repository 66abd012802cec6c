"""Who people are: a profile for every account, read and changed by its person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from taxlien.interfaces.auth import EmailVerified, UserSignedUp
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.kit.security.identity import Caller
from taxlien.services.users.logic.preferences import FALLBACK_LANGUAGE, spoken
from taxlien.services.users.logic.profile import full_name_of, phone_of
from taxlien.services.users.models import User
from taxlien.services.users.repository import people as repository

from .audit import record as record_access
from .versions import check_version

PROFILE_FIELDS = ("email", "full_name", "phone")
_NO_PROFILE = "There is no profile of this user."


async def create_profile(session: Session, event: UserSignedUp) -> None:
    """Make the profile of a new account. One that is there already keeps what its person changed."""
    await _ensure(session, event, synthetic=event.synthetic)
    user = await repository.lock_user(session, event.user_id)
    if user is None or user.erased_at is not None:
        return  # forgotten since: nobody comes back by an event that was late
    await repository.add_preferences(session, user.id, spoken(event.language))
    if user.full_name is None and user.version == 1 and event.full_name:
        user.full_name = _name_or_none(event.full_name)
    if event.email_verified and user.email_verified_at is None:
        user.email_verified_at = event.at
    user.created_at = min(user.created_at, event.at)
    await record_access(
        session, actor=None, subject=user.id, action="profile.created", fields=PROFILE_FIELDS
    )


async def note_verified_email(session: Session, event: EmailVerified) -> None:
    """Write that an address is its user's, whether or not the sign-up was heard of yet."""
    await _ensure(session, event)
    user = await repository.lock_user(session, event.user_id)
    if user is None or user.erased_at is not None:
        return
    await repository.add_preferences(session, user.id, FALLBACK_LANGUAGE)
    if user.email != event.email:
        await _release_email(session, event)
        user.email = event.email
    user.email_verified_at = event.at
    await record_access(
        session, actor=None, subject=user.id, action="profile.changed", fields=("email",)
    )


async def _ensure(
    session: Session, event: UserSignedUp | EmailVerified, *, synthetic: bool = False
) -> None:
    if await repository.lock_user(session, event.user_id) is None:
        await _release_email(session, event)
        await repository.add_user(
            session,
            id=event.user_id,
            email=event.email,
            created_at=event.at,
            synthetic=synthetic,
        )


async def _release_email(session: Session, event: UserSignedUp | EmailVerified) -> None:
    """Take an address from its former user: auth gives one away only after an account is gone."""
    holder = await repository.lock_holder(session, event.email)
    if holder is not None and holder.id != event.user_id:
        holder.email = f"{holder.id}@released.invalid"
        holder.email_verified_at = None
        await session.flush()


async def my_profile(session: Session, caller: Caller) -> User:
    """Return the caller's profile. Raises ``NotFound``."""
    user = await _get(session, caller.user_id)
    await record_access(
        session, actor=caller, subject=user.id, action="read.self", fields=PROFILE_FIELDS
    )
    return user


async def profile_of(session: Session, caller: Caller, user_id: UUID) -> User:
    """Return somebody's profile, for who looks after people. Raises ``NotFound``."""
    user = await _get(session, user_id)
    await record_access(
        session, actor=caller, subject=user.id, action="profile.read", fields=PROFILE_FIELDS
    )
    return user


async def profiles(
    session: Session, caller: Caller, after: UUID | None, limit: int
) -> Sequence[User]:
    """Return a page of people, the first to come first; everybody shown is a row of the audit log."""
    found = await repository.list_users(session, after, limit)
    for user in found:
        await record_access(
            session, actor=caller, subject=user.id, action="profile.listed", fields=PROFILE_FIELDS
        )
    return found


async def update_profile(
    session: Session,
    caller: Caller,
    changes: Mapping[str, str | None],
    expected: Collection[int] | None = None,
) -> User:
    """Change the caller's ``full_name`` and ``phone``; None removes one, what is absent stays.

    Raises ``InvalidInput``, ``NotFound``, and ``ChangedMeanwhile`` where the profile's version is none
    of ``expected``.
    """
    user = await repository.lock_user(session, caller.user_id)
    if user is None or user.erased_at is not None:
        raise NotFound(_NO_PROFILE)
    check_version(expected, user.version)
    readers = {"full_name": full_name_of, "phone": phone_of}
    values = {name: text and readers[name](text) for name, text in changes.items()}
    if "" in values.values():
        empty = next(name for name, value in values.items() if value == "")
        raise InvalidInput(empty, "is empty; null removes it")
    changed = tuple(sorted(n for n, value in values.items() if getattr(user, n) != value))
    for name in changed:
        setattr(user, name, values[name])
    if changed:
        user.version += 1
        user.updated_at = datetime.now(UTC)
        await record_access(
            session, actor=caller, subject=user.id, action="profile.changed", fields=changed
        )
    return user


async def _get(session: Session, user_id: UUID) -> User:
    user = await repository.get_user(session, user_id)
    if user is None:
        raise NotFound(_NO_PROFILE)
    return user


def _name_or_none(name: str) -> str | None:
    try:
        return full_name_of(name)
    except InvalidInput:
        return None  # another provider's idea of a name; the person can write their own
