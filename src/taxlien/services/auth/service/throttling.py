"""How often one may be wrong: failures per account and per address, in a sliding window.

An attempt is counted before it is looked at and taken back when it was right, so that attempts sent side
by side cannot outrun the count. Valkey counts; PostgreSQL keeps the failures, so that a Valkey that lost
its memory starts from the truth, and counts alone while Valkey is away.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import TooManyAttempts
from taxlien.kit.ids import new_id
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.adapters.valkey import ValkeyAway
from taxlien.services.auth.logic.throttling import Scope, Subject, account_name, address_name

_HOUR = 3600.0


class Attempt(NamedTuple):
    """An attempt under way. ``at`` is UTC; ``stored`` says that PostgreSQL counted it already."""

    subjects: tuple[Subject, ...]
    name: str
    at: datetime
    stored: bool


async def check_throttle(
    session: Session, scope: Scope, *, account: str, address: str, device_id: UUID | None = None
) -> Attempt:
    """Count an attempt, or raise ``TooManyAttempts``.

    ``account`` is any stable name of the account, a key of an address or a user id, whether it exists or
    not. ``device_id`` is a device that the account knows (it has a count of its own). Go on with
    ``record_failure`` or ``record_success``; neither leaves it counted for the window in Valkey only.
    """
    subjects = _subjects(scope, account, address, device_id)
    attempt = Attempt(subjects, str(new_id()), datetime.now(UTC), stored=False)
    try:
        await _count_in_valkey(session, attempt)
    except ValkeyAway:
        return await _count_in_postgres(session, attempt)
    return attempt


async def record_failure(session: Session, attempt: Attempt) -> None:
    """Keep the attempt as a failure. Refuse with a ``LeavesTrace`` afterwards, or it is rolled back."""
    if not attempt.stored:
        names = [subject.name for subject in attempt.subjects]
        await repository.add_attempts(session, names, attempt.at)


async def record_success(session: Session, attempt: Attempt) -> None:
    """Take the attempt back and forgive the account its failures; the address keeps its others."""
    account, address = attempt.subjects
    await repository.drop_attempts(session, account.name)
    if attempt.stored:
        await repository.drop_attempt(session, address.name, attempt.at)
    with suppress(ValkeyAway):
        counter = current.attempt_counter()
        await counter.clear(account.name)
        await counter.take_back(address.name, attempt.name)


async def forgive(session: Session, scope: Scope, account: str) -> None:
    """Forget the failures of an account, for one who showed in another way who they are."""
    name = account_name(scope, account, None)
    await repository.drop_attempts(session, name)
    with suppress(ValkeyAway):
        await current.attempt_counter().clear(name)


def _subjects(
    scope: Scope, account: str, address: str, device_id: UUID | None
) -> tuple[Subject, Subject]:
    settings = current.settings()
    window = by_account = settings.throttle_minutes * 60
    limits = settings.throttle_per_account, settings.throttle_per_address
    if scope == "mail":
        window = by_account = _HOUR
        limits = settings.mails_per_hour, settings.mails_per_hour_and_address
    elif scope == "sign_up":  # weak passwords are no guesses: only floods are met here
        limits = settings.throttle_per_address, settings.throttle_per_address
    elif scope == "second_factor":  # six digits: whoever has the password gets few guesses a day
        by_account = settings.second_factor_hours * _HOUR
    return (
        Subject(account_name(scope, account, device_id), limits[0], by_account),
        Subject(address_name(scope, address), limits[1], window),
    )


async def _count_in_valkey(session: Session, attempt: Attempt) -> None:
    counter = current.attempt_counter()
    done: list[Subject] = []
    for subject in attempt.subjects:
        found = await counter.reserve(subject, attempt.name)
        wait = found.wait
        if found.before == 0 and not wait:
            wait = await _remember(session, subject, attempt.at)
        if wait:
            for counted in (*done, subject):
                await counter.take_back(counted.name, attempt.name)
            raise _too_many(wait)
        done.append(subject)


async def _remember(session: Session, subject: Subject, now: datetime) -> float:
    """Give Valkey back what it does not know; return the seconds to wait, 0 for none."""
    times = await _times(session, subject, now)
    if times:
        await current.attempt_counter().seed(subject, [at.timestamp() for at in times])
    return _wait(times, subject, now)


async def _count_in_postgres(session: Session, attempt: Attempt) -> Attempt:
    for name in sorted(subject.name for subject in attempt.subjects):  # one order for all
        await repository.lock_subject(session, name)
    waits = [_wait(await _times(session, s, attempt.at), s, attempt.at) for s in attempt.subjects]
    if max(waits):
        raise _too_many(max(waits))
    await record_failure(session, attempt)
    return attempt._replace(stored=True)


async def _times(session: Session, subject: Subject, now: datetime) -> Sequence[datetime]:
    since = now - timedelta(seconds=subject.window)
    return await repository.attempt_times(session, subject.name, since)


def _wait(times: Sequence[datetime], subject: Subject, now: datetime) -> float:
    if len(times) < subject.limit:
        return 0.0
    oldest = times[len(times) - subject.limit]
    return max(0.001, (oldest - now).total_seconds() + subject.window)


def _too_many(wait: float) -> TooManyAttempts:
    return TooManyAttempts("Too many attempts. Wait, then try again.", max(1, ceil(wait)))
