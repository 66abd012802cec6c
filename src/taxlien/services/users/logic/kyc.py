"""How a check of identity moves: the states, who may move it, and what must be there first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple

from taxlien.interfaces.users import KycStatus
from taxlien.kit.errors import Conflict, InvalidInput

Action = Literal["submit", "take", "hit", "approve", "reject", "expire"]
DocumentKind = Literal["passport", "id_card", "proof_of_address"]

DOCUMENT_KINDS: tuple[DocumentKind, ...] = ("passport", "id_card", "proof_of_address")
STATUSES: tuple[KycStatus, ...] = (
    "pending", "submitted", "in_review", "approved", "rejected", "expired",
)  # fmt: skip

_MOVES: dict[tuple[KycStatus, Action], KycStatus] = {
    ("pending", "submit"): "submitted",
    ("submitted", "take"): "in_review",
    # Somebody on a list was found: a person looks, whatever was decided before.
    ("submitted", "hit"): "in_review",
    ("in_review", "hit"): "in_review",
    ("approved", "hit"): "in_review",
    ("in_review", "approve"): "approved",
    ("in_review", "reject"): "rejected",
    ("approved", "expire"): "expired",
}

RESTARTABLE: frozenset[KycStatus] = frozenset({"rejected", "expired"})
"""Where a person may begin a new case."""

SCREENED: frozenset[KycStatus] = frozenset({"submitted", "in_review", "approved"})
"""Where a new list may still change what happens."""

MIN_AGE = 18
MAX_AGE = 120


class Details(NamedTuple):
    """Who somebody says to be. Countries are ISO 3166 codes of two letters, upper case."""

    legal_name: str
    birth_date: date
    citizenship: str
    residence: str


def advance(status: KycStatus, action: Action) -> KycStatus:
    """Return where ``action`` leads from ``status``. Raises ``Conflict`` where it leads nowhere."""
    to = _MOVES.get((status, action))
    if to is None:
        raise Conflict(f"A case that is {status.replace('_', ' ')} cannot be moved by '{action}'.")
    return to


def check_complete(details: Details | None, documents: Iterable[str]) -> None:
    """Raise ``Conflict`` naming what a case still lacks before it can be looked at."""
    kinds = set(documents)
    lacking = []
    if details is None:
        lacking.append("name, birth date and countries")
    if kinds.isdisjoint({"passport", "id_card"}):
        lacking.append("a passport or an identity card")
    if "proof_of_address" not in kinds:
        lacking.append("a proof of address")
    if lacking:
        raise Conflict(f"Still missing: {', '.join(lacking)}.")


def check_age(birth_date: date, today: date) -> None:
    """Raise ``InvalidInput`` for a birth date of nobody who may invest."""
    birthday_passed = (today.month, today.day) >= (birth_date.month, birth_date.day)
    age = today.year - birth_date.year - (not birthday_passed)
    if not 0 <= age <= MAX_AGE:
        raise InvalidInput("birth_date", "is not the birth date of somebody alive")
    if age < MIN_AGE:
        raise InvalidInput("birth_date", f"is less than {MIN_AGE} years ago")


def unsettled(matches: Iterable[str], cleared: Iterable[str]) -> list[str]:
    """Return the matches that no reviewer ruled out yet, sorted."""
    return sorted(set(matches) - set(cleared))
