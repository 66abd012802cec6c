"""How people want to be met: read and changed by themselves, told to those who write to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from taxlien.interfaces.users import PreferencesChanged
from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.outbox import emit
from taxlien.kit.security.identity import Caller
from taxlien.services.users.logic import preferences as logic
from taxlien.services.users.logic.preferences import hour_text
from taxlien.services.users.models import UserPreferences
from taxlien.services.users.repository import people as repository

from .audit import record as record_access
from .versions import check_version

_NONE = "There are no preferences of this user."
_SWITCHES = ("email_notifications", "push_notifications", "sms_notifications")


async def my_preferences(session: Session, caller: Caller) -> UserPreferences:
    """Return the caller's preferences. Raises ``NotFound``."""
    user = await repository.get_user(session, caller.user_id)
    found = await repository.get_preferences(session, caller.user_id) if user else None
    if found is None:
        raise NotFound(_NONE)
    await record_access(
        session, actor=caller, subject=caller.user_id, action="read.self", fields=("preferences",)
    )
    return found


async def update_preferences(
    session: Session,
    caller: Caller,
    changes: Mapping[str, Any],
    expected: Collection[int] | None = None,
) -> UserPreferences:
    """Change what ``changes`` names; ``quiet_from`` and ``quiet_until`` are ``HH:MM`` or None for none.

    Emits ``PreferencesChanged`` when something is now another than before. Raises ``InvalidInput``,
    ``NotFound``, and ``ChangedMeanwhile`` where the version is none of ``expected``.
    """
    user = await repository.get_user(session, caller.user_id)
    found = await repository.lock_preferences(session, caller.user_id) if user else None
    if found is None:
        raise NotFound(_NONE)
    check_version(expected, found.version)
    values = {name: _read(name, value) for name, value in changes.items()}
    logic.check_quiet_hours(
        values.get("quiet_from", found.quiet_from), values.get("quiet_until", found.quiet_until)
    )
    changed = tuple(sorted(n for n, value in values.items() if getattr(found, n) != value))
    for name in changed:
        setattr(found, name, values[name])
    if changed:
        found.version += 1
        found.updated_at = datetime.now(UTC)
        await emit(session, _told(found))
        await record_access(
            session,
            actor=caller,
            subject=caller.user_id,
            action="preferences.changed",
            fields=changed,
        )
    return found


def _read(name: str, value: Any) -> Any:
    readers = {
        "language": logic.language_of,
        "currency": logic.currency_of,
        "time_zone": logic.time_zone_of,
    }
    if name in readers:
        return readers[name](value)
    if name in _SWITCHES:
        return bool(value)
    return None if value is None else logic.hour_of(name, value)


def _told(found: UserPreferences) -> PreferencesChanged:
    return PreferencesChanged(
        user_id=found.user_id,
        at=found.updated_at,
        language=found.language,
        currency=found.currency,
        time_zone=found.time_zone,
        email_notifications=found.email_notifications,
        push_notifications=found.push_notifications,
        sms_notifications=found.sms_notifications,
        quiet_from=hour_text(found.quiet_from),
        quiet_until=hour_text(found.quiet_until),
    )
