"""Comparing people with lists of sanctions: at every hand-in, and again when a new list is loaded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.kit.settings import read_settings
from taxlien.services.users.adapters.screening import keep_list, open_list
from taxlien.services.users.logic import kyc as logic
from taxlien.services.users.logic.matching import Person
from taxlien.services.users.models import KycCase, SanctionsList, Screening, User
from taxlien.services.users.repository import identity as repository
from taxlien.services.users.repository import people
from taxlien.services.users.settings import UsersSettings

from . import kyc
from .audit import record as record_access

_CASES_AT_ONCE = 100


class Loaded(NamedTuple):
    """A list that is current now. ``is_new`` says whether it was not before."""

    listed: SanctionsList
    is_new: bool


class Rescreened(NamedTuple):
    """How many cases were compared with the current list, and how many of them need a reviewer."""

    cases: int
    hits: int


async def load_list(session: Session, content: bytes, name: str, list_date: date) -> Loaded:
    """Keep a list (``targets.simple.csv`` of OpenSanctions) and make it the current one.

    The same content again changes nothing. Raises ``InvalidInput`` for what is no such list.
    """
    sha256, entities = await keep_list(content)
    known = await repository.list_by_sha256(session, sha256)
    current = await repository.current_list(session)
    if known is not None and current is not None and known.list_id == current.list_id:
        return Loaded(known, is_new=False)
    if known is not None:  # an older list is loaded again: it is what holds from now on
        known.loaded_at = datetime.now(UTC)
        return Loaded(known, is_new=True)
    listed = SanctionsList(
        list_id=new_id(),
        name=name,
        sha256=sha256,
        list_date=list_date,
        entities=entities,
        loaded_at=datetime.now(UTC),
    )
    session.add(listed)
    await session.flush()
    return Loaded(listed, is_new=True)


async def screen(session: Session, user: User, case: KycCase) -> Screening | None:
    """Compare a case with the current list and write what was found; None where no list is loaded.

    ``case.hit`` says afterwards whether somebody was found whom no reviewer ruled out.
    """
    listed = await repository.current_list(session)
    details = kyc.details_of(case)
    if listed is None or details is None:
        return None
    if await repository.screening_of(session, case.case_id, listed.list_id) is None:
        await _compare(session, user, case, listed, details)
    found = await repository.screening_of(session, case.case_id, listed.list_id)
    if found is not None:
        case.hit = bool(logic.unsettled(match_ids(found), case.cleared_matches))
    return found


async def rescreen(session: Session) -> Rescreened:
    """Compare up to 100 cases with the current list that were not yet; ask again while some were.

    A case with somebody new on the list goes to a reviewer, also one that was approved.
    """
    listed = await repository.current_list(session)
    if listed is None:
        return Rescreened(0, 0)
    statuses = sorted(logic.SCREENED)
    waiting = await repository.unscreened_users(session, listed.list_id, statuses, _CASES_AT_ONCE)
    hits = 0
    for user_id in sorted(waiting):  # one order for all: no two commands wait for each other
        hits += await _rescreen_user(session, user_id)
    return Rescreened(len(waiting), hits)


async def _rescreen_user(session: Session, user_id: UUID) -> bool:
    user = await people.lock_user(session, user_id)
    case = await repository.latest_case(session, user_id)
    if user is None or case is None or case.status not in logic.SCREENED:
        return False
    await screen(session, user, case)
    if case.hit and case.status != "in_review":
        await kyc.move(session, user, case, "hit", None, "found on a list that was loaded")
    return case.hit


async def _compare(
    session: Session, user: User, case: KycCase, listed: SanctionsList, details: logic.Details
) -> None:
    asked = await open_list(listed.sha256)
    countries = tuple(dict.fromkeys((details.citizenship, details.residence)))
    person = Person(details.legal_name, details.birth_date, countries)
    threshold = read_settings(UsersSettings).screening_threshold
    matches = await asked.find(person, threshold)
    await repository.add_screening(
        session,
        screening_id=new_id(),
        case_id=case.case_id,
        list_id=listed.list_id,
        method=asked.method,
        outcome="hit" if matches else "clear",
        matches=[match._asdict() for match in matches],
    )
    await record_access(
        session, actor=None, subject=user.id, action="kyc.screened", fields=("details",)
    )


def match_ids(found: Screening) -> list[str]:
    """Return the ids of the list's entries that a screening found."""
    return [str(match["entry_id"]) for match in found.matches]
