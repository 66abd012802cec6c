"""What people agreed to, in which version, when and where; taken back as easily as given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.kit.settings import read_settings
from taxlien.services.users.logic.consents import ASKS, Purpose, Source
from taxlien.services.users.repository import consents as repository
from taxlien.services.users.repository import deletions as people
from taxlien.services.users.repository.consents import ConsentRow
from taxlien.services.users.settings import UsersSettings

from .audit import Actor, record

_ROWS_AT_ONCE = 1_000
_YEAR = timedelta(days=366)


class Decision(NamedTuple):
    """What a person decides about one purpose, having seen a version of its document."""

    purpose: Purpose
    given: bool
    document_version: str


class ConsentState(NamedTuple):
    """How a purpose stands. ``last`` is None where the person was never asked.

    ``outdated`` says that the document in force is another than the one agreed to.
    """

    purpose: Purpose
    required: bool
    given: bool
    outdated: bool
    current_version: str
    last: ConsentRow | None


async def current(session: Session, user_id: UUID) -> list[ConsentState]:
    """Return how every purpose stands for a person."""
    last = await repository.current(session, user_id)
    return [_state(purpose, last.get(purpose)) for purpose in ASKS]


async def decide(
    session: Session, caller: Actor, decisions: Sequence[Decision], source: Source
) -> list[ConsentState]:
    """Add the caller's decisions; one that changes nothing is not added again. Returns all purposes.

    Raises ``InvalidInput`` for a document's version that is not in force, ``Conflict`` where a required
    consent is taken back: that ends with the account.
    """
    if await people.lock_person(session, caller.user_id) is None:
        raise NotFound("There is no profile of this user.")
    last = await repository.current(session, caller.user_id)
    now = datetime.now(UTC)
    for decision in decisions:
        before = last.get(decision.purpose)
        _check(decision)
        if before is not None and (before.given, before.document_version) == (
            decision.given,
            decision.document_version,
        ):
            continue
        await repository.add(
            session,
            caller.user_id,
            purpose=decision.purpose,
            document_version=decision.document_version,
            given=decision.given,
            source=source,
            at=now,
        )
        # The audit log outlives the account: that somebody agreed can be shown without knowing who.
        await record(
            session,
            actor=caller,
            subject=caller.user_id,
            action="consent.given" if decision.given else "consent.withdrawn",
            fields=(decision.purpose,),
        )
    return await current(session, caller.user_id)


async def history(
    session: Session, user_id: UUID, *, before: int | None, limit: int
) -> list[ConsentRow]:
    """Return a page of a person's decisions, latest first."""
    return await repository.history(session, user_id, before=before, limit=limit)


async def forget_outdated(session: Session, now: datetime) -> int:
    """Forget decisions that were replaced and are old, at most 1000. Returns how many."""
    before = now - read_settings(UsersSettings).consents_kept_years * _YEAR
    return await repository.forget_outdated(session, before, _ROWS_AT_ONCE)


def _check(decision: Decision) -> None:
    ask = ASKS[decision.purpose]
    if ask.required and not decision.given:
        raise Conflict(
            f"{decision.purpose} is needed for as long as there is an account;"
            " to end it, ask for the deletion of the account"
        )
    if decision.given and decision.document_version != _in_force(decision.purpose):
        message = f"{decision.document_version!r} is not the version in force"
        raise InvalidInput("document_version", message)


def _in_force(purpose: Purpose) -> str:
    settings = read_settings(UsersSettings)
    versions = {"terms": settings.terms_version, "privacy": settings.privacy_version}
    return versions[ASKS[purpose].document]


def _state(purpose: Purpose, last: ConsentRow | None) -> ConsentState:
    version = _in_force(purpose)
    given = last is not None and last.given
    outdated = last is not None and given and last.document_version != version
    return ConsentState(purpose, ASKS[purpose].required, given, outdated, version, last)
