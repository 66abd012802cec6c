"""Answer what liens pay under the law of their state on their sale date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.law.cases import answer
from taxlien.law.errors import NoRule
from taxlien.law.rulebook import local_rate_as_dict, rule_as_dict
from taxlien.services.liens import repository
from taxlien.services.liens.logic.casing import base_of, case_of, cautions

from .reading import lien as lien_with_id


def payoffs(cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Answer cases in the shape of ``law.cases``, in their order; a bad one answers ``error``."""
    rulebook = load_rulebook()
    return [answer(case, rulebook) for case in cases]


async def payoff_of_lien(session: Session, lien_id: UUID, on: date | None) -> dict[str, Any]:
    """Answer what a lien pays when redeemed on a day: by default when it was, or else today.

    Later taxes of the same certificate are included. Warnings say what is assumed. Raises
    ``NotFound``, and ``InvalidInput`` for a subsequent tax whose certificate is not known.
    """
    asked = await lien_with_id(session, lien_id)
    family = await repository.same_certificate(session, asked) if asked.certificate_number else []
    lien = base_of(asked, family)
    if lien is None:
        raise InvalidInput(
            "lien_id", "this is a subsequent tax, and its certificate is not in the catalogue"
        )
    day = on or lien.redeemed_on or await _today_in(session, lien.county_fips)
    case = case_of(lien, family, day)
    found = answer(case, load_rulebook())
    warnings = [*cautions(asked, lien, case), *found.get("warnings", ())]
    return {**found, "lien_id": str(lien.lien_id), "case": case, "warnings": warnings}


async def _today_in(session: Session, fips: str) -> date:
    county = await repository.county_by_fips(session, fips)
    if county is None:
        raise NotFound(f"no county has the FIPS code {fips}")
    return datetime.now(ZoneInfo(county.time_zone)).date()


def rules(on: date | None) -> list[dict[str, Any]]:
    """Return every state's rules, of all times or those in force on a day."""
    rulebook = load_rulebook()
    found = []
    for state in rulebook.states():
        try:
            found += [rule_as_dict(rule) for rule in rulebook.rules_of(state, on)]
        except NoRule:
            continue
    return found


def rule_of_state(state: str, on: date | None) -> dict[str, Any]:
    """Return a state's rules and the rates its counties or sale years add. Raises ``NotFound``."""
    rulebook = load_rulebook()
    try:
        found = rulebook.rules_of(state, on)
    except NoRule as error:
        raise NotFound(error.message) from error
    local = [rate for rate in rulebook.local_rates_of(state) if on is None or rate.covers(on)]
    return {
        "state": state.upper(),
        "on": on,
        "rules": [rule_as_dict(rule) for rule in found],
        "local_rates": [local_rate_as_dict(rate) for rate in local],
    }
