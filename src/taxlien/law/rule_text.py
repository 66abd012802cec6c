"""Reading the shipped rule text (TOML per state, CSV for local rates) into rules. Strict on purpose:
a misspelled key or an unknown word fails the reading, so a wrong edit never reaches a payoff."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, Final, cast

from taxlien.law.errors import RuleDataError
from taxlien.law.months import POLICIES
from taxlien.law.rules import CHOICES, Confidence, LocalRate, Rule

_DECIMALS: Final = frozenset(
    {
        "bid_step_pct",
        "bid_floor_pct",
        "max_rate_pct",
        "minimum_pct",
        "minimum_interest",
        "overbid_rate_pct",
        "subsequent_rate_pct",
        "collector_fee",
    }
)
_DECIMAL_PAIRS: Final = frozenset({"penalties", "subsequent_bands"})
_MONTH_PAIRS: Final = frozenset({"schedule"})
_FROM_FILE: Final = frozenset({"rule_id", "state", "state_name", "fips"})
_KNOWN: Final = frozenset(f.name for f in fields(Rule)) - _FROM_FILE
_COST_TREATMENTS: Final = frozenset({"base", "interest", "repaid"})


def decimal_of(value: object, where: str) -> Decimal:
    """A decimal from rule text; numbers must be quoted there so that none passes through a float."""
    if not isinstance(value, str):
        raise RuleDataError(f"{where}: write the number in quotes, not {value!r}")
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise RuleDataError(f"{where}: {value!r} is not a decimal") from error


def parse_state(text: str) -> list[Rule]:
    """All rule versions of one state's file. Raises RuleDataError naming the state and key."""
    document = tomllib.loads(text)
    state = str(document.get("state", "?"))
    unknown = set(document) - {"state", "name", "fips", "rule"}
    if unknown or not document.get("rule"):
        raise RuleDataError(f"{state}: unknown keys {sorted(unknown)} or no [[rule]]")
    rules = [_parse_rule(document, entry) for entry in document["rule"]]
    _check_versions(state, rules)
    return rules


def _parse_rule(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Rule:
    state = str(document["state"])
    where = f"{state}/{entry.get('track')}/{entry.get('effective_from')}"
    unknown = set(entry) - _KNOWN
    if unknown:
        raise RuleDataError(f"{where}: unknown keys {sorted(unknown)}")
    values: dict[str, Any] = {"effective_to": None}
    for key, value in entry.items():
        values[key] = _parse_value(f"{where}: {key}", key, value)
    if values.get("accrual") not in POLICIES:
        raise RuleDataError(f"{where}: accrual {values.get('accrual')!r} is not a policy")
    try:
        return Rule(
            rule_id=where,
            state=state,
            state_name=str(document["name"]),
            fips=str(document["fips"]),
            **values,
        )
    except TypeError as error:
        raise RuleDataError(f"{where}: {error}") from error


def _parse_value(where: str, key: str, value: Any) -> Any:
    if key in CHOICES and value not in CHOICES[key]:
        raise RuleDataError(f"{where}: {value!r} is not one of {sorted(CHOICES[key])}")
    if key in _DECIMALS:
        return decimal_of(value, where)
    if key in _DECIMAL_PAIRS:
        return tuple((decimal_of(a, where), decimal_of(b, where)) for a, b in value)
    if key in _MONTH_PAIRS:
        return tuple((int(months), decimal_of(pct, where)) for months, pct in value)
    if key == "schedule_then":
        return (int(value[0]), decimal_of(value[1], where))
    if key == "costs":
        wrong = {kind for kind, how in value.items() if how not in _COST_TREATMENTS}
        if wrong:
            raise RuleDataError(f"{where}: unknown treatment of {sorted(wrong)}")
        return dict(value)
    if key in {"effective_from", "effective_to", "verified_on"} and not isinstance(value, date):
        raise RuleDataError(f"{where}: write a bare date")
    return value


def _check_versions(state: str, rules: Sequence[Rule]) -> None:
    by_track: dict[str, list[Rule]] = {}
    for rule in rules:
        by_track.setdefault(rule.track, []).append(rule)
    for track, versions in by_track.items():
        ordered = sorted(versions, key=lambda rule: rule.effective_from)
        for before, after in pairwise(ordered):
            if before.effective_to is None or before.effective_to >= after.effective_from:
                raise RuleDataError(f"{state}/{track}: versions overlap at {after.effective_from}")


def parse_county_rates(text: str) -> list[LocalRate]:
    """Rows of ``county_rates.csv``."""
    return [
        LocalRate(
            state=row["state"],
            county_fips=row["county_fips"],
            county=row["county"],
            effective_from=date.fromisoformat(row["effective_from"]),
            effective_to=date.fromisoformat(row["effective_to"]) if row["effective_to"] else None,
            rate_pct=decimal_of(row["rate_pct"], row["county"]),
            homestead_rate_pct=(
                decimal_of(row["homestead_rate_pct"], row["county"])
                if row["homestead_rate_pct"]
                else None
            ),
            confidence=_confidence(row["confidence"]),
            verified_on=date.fromisoformat(row["verified_on"]),
            statute=row["statute"],
            source_url=row["source_url"],
            notes=row["notes"],
        )
        for row in _rows(text, "county_rates.csv")
    ]


def parse_sale_year_rates(text: str) -> list[LocalRate]:
    """Rows of ``sale_year_rates.csv``: one rate for every sale of a calendar year in a state."""
    return [
        LocalRate(
            state=row["state"],
            county_fips=None,
            county=None,
            effective_from=date(int(row["sale_year"]), 1, 1),
            effective_to=date(int(row["sale_year"]), 12, 31),
            rate_pct=decimal_of(row["rate_pct"], row["sale_year"]),
            homestead_rate_pct=None,
            confidence=_confidence(row["confidence"]),
            verified_on=date.fromisoformat(row["verified_on"]),
            statute=None,
            source_url=row["source_url"],
            notes=row["notes"],
        )
        for row in _rows(text, "sale_year_rates.csv")
    ]


def _confidence(value: str) -> Confidence:
    if value not in CHOICES["confidence"]:
        raise RuleDataError(f"confidence {value!r} is not high, medium or low")
    return cast("Confidence", value)


def _rows(text: str, name: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text)))
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise RuleDataError(f"{name}: line {number} has a different number of fields")
    return rows
