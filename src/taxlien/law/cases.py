"""The JSON shape of a case and its answer: one line in, one line out.

Amounts and rates are strings of decimals, because a JSON number is read as a binary float by most
programs and 2104.88 is not one. Whole JSON integers are exact and pass.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from math import isfinite
from re import compile as pattern
from typing import Any, Final, TypeVar, cast

from taxlien.law.errors import InvalidCase, LawError
from taxlien.law.facts import Case, Cost, Payment, PropertyClass
from taxlien.law.lines import Line
from taxlien.law.money import LARGEST, ZERO, plain
from taxlien.law.payoff import Payoff, payoff
from taxlien.law.rulebook import RuleBook
from taxlien.law.rules import TRACKS, Track

REQUIRED: Final = ("state", "sale_date", "redeemed_on")
OPTIONAL: Final = (
    "county_fips",
    "face_amount",
    "bid_rate_pct",
    "premium",
    "price",
    "homestead",
    "subsequent_taxes",
    "costs",
    "track",
    "property_class",
    "deed_recorded_on",
)
# read by people, not by the law
REMARKS: Final = ("id", "note", "name", "description")
IGNORED_PREFIX: Final = "expected_"
PROPERTY_CLASSES: Final = ("homestead", "agricultural", "mineral", "other")

_KNOWN: Final = frozenset((*REQUIRED, *OPTIONAL, *REMARKS))
_DECIMAL = pattern(r"-?[0-9]{1,18}(\.[0-9]{1,18})?\Z")
_DATE = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_MISSING: Final = object()
T = TypeVar("T")


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _finite(text: str) -> float:
    """A JSON number with a fraction or an exponent; 1e999 would come back as no JSON at all."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text[:40]} is too large for a number")
    return number


# built once: json.loads with an argument builds a decoder for every line
_DECODER: Final = json.JSONDecoder(parse_constant=_reject_constant, parse_float=_finite)
_ENCODER: Final = json.JSONEncoder(check_circular=False)


def answer_line(line: str, rulebook: RuleBook) -> str:
    """Answer one JSON line with one JSON line. Never raises for anything the line says."""
    try:
        case = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        case = None
        reason = f"the line is not JSON: {error}"
    else:
        reason = "the line is not a JSON object"
    if not isinstance(case, dict):
        return _ENCODER.encode(_failure(None, InvalidCase("line", reason)))
    return _ENCODER.encode(answer(case, rulebook))


def answer(case: Mapping[str, Any], rulebook: RuleBook) -> dict[str, Any]:
    """Answer one case as plain JSON values: the payoff, or ``error`` with its code."""
    case_id = case.get("id")
    if not isinstance(case_id, str | int | float | bool | None):
        return _failure(None, InvalidCase("id", "is neither text nor a number"))
    try:
        return serialise(case_id, payoff(parse(case), rulebook))
    except LawError as error:
        return _failure(case_id, error)


def parse(case: Mapping[str, Any]) -> Case:
    """Read a case. Raises InvalidCase naming the first field that is wrong."""
    for key in case.keys() - _KNOWN:
        if not key.startswith(IGNORED_PREFIX):
            raise InvalidCase(key, "is not a field of a case")
    for key in REQUIRED:
        if case.get(key) is None:
            raise InvalidCase(key, "is missing")
    premium = _money(case, "premium")
    return Case(
        state=_text(case, "state").strip().upper(),
        sale_date=_date("sale_date", case["sale_date"]),
        redeemed_on=_date("redeemed_on", case["redeemed_on"]),
        face_amount=_money(case, "face_amount"),
        county_fips=_fips(case),
        bid_rate_pct=_rate(case, "bid_rate_pct"),
        premium=ZERO if premium is None else premium,
        premium_known=premium is not None,
        price=_money(case, "price"),
        homestead=_flag(case, "homestead"),
        subsequent_taxes=tuple(_items(case, "subsequent_taxes", _tax)),
        costs=tuple(_items(case, "costs", _cost)),
        track=cast("Track | None", _choice(case, "track", TRACKS)),
        property_class=cast(
            "PropertyClass | None", _choice(case, "property_class", PROPERTY_CLASSES)
        ),
        deed_recorded_on=(
            None
            if case.get("deed_recorded_on") is None
            else _date("deed_recorded_on", case["deed_recorded_on"])
        ),
    )


def case_as_dict(case: Case, case_id: str | None = None) -> dict[str, Any]:
    """A case in its JSON shape; ``parse`` of it gives the same case."""
    return {
        "id": case_id,
        "state": case.state,
        "county_fips": case.county_fips,
        "sale_date": case.sale_date.isoformat(),
        "face_amount": _written(case.face_amount),
        "bid_rate_pct": None if case.bid_rate_pct is None else plain(case.bid_rate_pct),
        "premium": _written(case.premium) if case.premium_known else None,
        "price": _written(case.price),
        "homestead": case.homestead,
        "subsequent_taxes": [
            {"paid_on": tax.paid_on.isoformat(), "amount": _written(tax.amount)}
            for tax in case.subsequent_taxes
        ],
        "costs": [
            {
                "kind": cost.kind,
                "paid_on": None if cost.paid_on is None else cost.paid_on.isoformat(),
                "amount": _written(cost.amount),
            }
            for cost in case.costs
        ],
        "redeemed_on": case.redeemed_on.isoformat(),
        "track": case.track,
        "property_class": case.property_class,
        "deed_recorded_on": (
            None if case.deed_recorded_on is None else case.deed_recorded_on.isoformat()
        ),
    }


def serialise(case_id: object, found: Payoff) -> dict[str, Any]:
    """A payoff in its JSON shape. ``repaid`` and ``unrecovered_costs`` appear only when not empty."""
    roi, xirr = found.roi_pct, found.xirr_pct
    result: dict[str, Any] = {
        "id": case_id,
        "rule": found.rule.rule_id,
        "interest": _written(found.interest),
        "penalty": _written(found.penalty),
        "owner_payoff": _written(found.owner_payoff),
        "holder_proceeds": _written(found.holder_proceeds),
        "outlay": _written(found.outlay),
        "roi_pct": None if roi is None else str(roi),
        "xirr_pct": None if xirr is None else str(xirr),
        "components": [
            _component(line) for line in found.lines if line.kind in {"interest", "penalty", "fee"}
        ],
        "warnings": list(found.warnings),
    }
    repaid = [
        {**_component(line), "from": "owner" if line.owner_pays else "county"}
        for line in found.lines
        if line.kind in {"repaid", "returned"}
    ]
    if repaid:
        result["repaid"] = repaid
    if found.unrecovered_costs:
        result["unrecovered_costs"] = _written(found.unrecovered_costs)
    return result


def _component(line: Line) -> dict[str, Any]:
    part: dict[str, Any] = {"label": line.label, "amount": _written(line.amount)}
    if line.months is not None:
        part["months"] = line.months
    if line.rate_pct is not None:
        part["rate_pct"] = line.rate_pct
    part["statute"] = line.statute
    return part


def _failure(case_id: object, error: LawError) -> dict[str, Any]:
    result: dict[str, Any] = {
        "id": case_id,
        "error": {"code": error.code, "message": error.message},
    }
    if isinstance(error, InvalidCase):
        result["error"]["field"] = error.field
    if error.warnings:
        result["warnings"] = list(error.warnings)
    return result


def _written(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _text(case: Mapping[str, Any], field: str) -> str:
    value = case[field]
    if not isinstance(value, str):
        raise InvalidCase(field, "is not text")
    return value


def _date(field: str, value: object) -> date:
    if not isinstance(value, str) or not _DATE.match(value):
        raise InvalidCase(field, "is not a date like 2026-06-01")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise InvalidCase(field, f"is not a day of the calendar: {error}") from error
    if not 1800 <= day.year <= 2200:
        raise InvalidCase(field, "lies outside the years 1800 to 2200")
    return day


def _decimal(field: str, value: object) -> Decimal:
    """A plain decimal: no exponent, no NaN, no float, so that what is written is what is meant."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidCase(field, 'is not a decimal in a string, like "2104.88"')
    text = value.strip() if isinstance(value, str) else str(value)
    if not _DECIMAL.match(text):
        raise InvalidCase(field, f"{text[:40]!r} is not a plain decimal")
    return Decimal(text)


def _amount(field: str, value: object) -> Decimal:
    amount = _decimal(field, value)
    if amount < 0:
        raise InvalidCase(field, "is negative")
    if amount > LARGEST:
        raise InvalidCase(field, f"is above {LARGEST}")
    cents = amount.quantize(ZERO)
    if cents != amount:
        raise InvalidCase(field, "has fractions of a cent, and rounding them would be a guess")
    return cents


def _money(case: Mapping[str, Any], field: str) -> Decimal | None:
    value = case.get(field)
    return None if value is None else _amount(field, value)


def _rate(case: Mapping[str, Any], field: str) -> Decimal | None:
    value = case.get(field)
    if value is None:
        return None
    rate = _decimal(field, value)
    exponent = rate.as_tuple().exponent
    if rate < 0 or rate > 1000:
        raise InvalidCase(field, "lies outside 0 to 1000 percent")
    if isinstance(exponent, int) and exponent < -6:
        raise InvalidCase(field, "has more than six decimals")
    return rate


def _fips(case: Mapping[str, Any]) -> str | None:
    value = case.get("county_fips")
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != 5 or not value.isascii() or not value.isdigit():
        raise InvalidCase("county_fips", "is not five digits")
    return value


def _flag(case: Mapping[str, Any], field: str) -> bool | None:
    value = case.get(field)
    if value is None or isinstance(value, bool):
        return value
    raise InvalidCase(field, "is neither true, false nor null")


def _choice(case: Mapping[str, Any], field: str, allowed: tuple[str, ...]) -> str | None:
    value = case.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or value not in allowed:
        raise InvalidCase(field, f"is none of {', '.join(allowed)}")
    return value


def _items(
    case: Mapping[str, Any], field: str, read: Callable[[str, Mapping[str, Any]], T]
) -> list[T]:
    value = case.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidCase(field, "is not a list")
    found: list[T] = []
    for index, item in enumerate(value):
        where = f"{field}[{index}]"
        if not isinstance(item, dict):
            raise InvalidCase(where, "is not an object")
        found.append(read(where, item))
    return found


def _tax(where: str, item: Mapping[str, Any]) -> Payment:
    _no_other_keys(where, item, ("paid_on", "amount", "tax_year", "note"))
    return Payment(
        _date(f"{where}.paid_on", item.get("paid_on")),
        _amount(f"{where}.amount", item.get("amount", _MISSING)),
    )


def _cost(where: str, item: Mapping[str, Any]) -> Cost:
    _no_other_keys(where, item, ("kind", "paid_on", "amount", "note"))
    kind = item.get("kind")
    if not isinstance(kind, str) or not kind.strip():
        raise InvalidCase(f"{where}.kind", "is missing")
    paid_on = item.get("paid_on")
    return Cost(
        kind.strip().lower(),
        None if paid_on is None else _date(f"{where}.paid_on", paid_on),
        _amount(f"{where}.amount", item.get("amount", _MISSING)),
    )


def _no_other_keys(where: str, item: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in item:
        if key not in known and not key.startswith(IGNORED_PREFIX):
            raise InvalidCase(f"{where}.{key}", "is not a field")
