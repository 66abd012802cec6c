"""A case to be predicted, read forgivingly: what cannot be true is unknown, with a note of why."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from csv import DictReader
from datetime import date, datetime
from functools import cache
from typing import Any

import msgspec

from taxlien.interfaces.liens import parcel_key
from taxlien.kit.reference import reference_text

FIRST_YEAR, LAST_YEAR = 1900, 2100
MOST_DOLLARS = 1e11
LONGEST_TEXT = 80
_WHOLE = 2**63

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_FLAGS = {"true": True, "yes": True, "y": True, "1": True}
_FLAGS |= {"false": False, "no": False, "n": False, "0": False}
_EMPTY = ("", "nan", "null", "none", "n/a", "na")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a lien at its sale. Money in US dollars; null is unknown.

    ``problems`` names fields whose value was not believed, each with the reason.
    """

    id: str | int | None = None
    state: str | None = None
    county_fips: str | None = None
    sale_date: date | None = None
    face_amount: float | None = None
    premium: float | None = None
    parcel_id: str | None = None
    assessed_value: float | None = None
    market_value: float | None = None
    property_class: str | None = None
    homestead: bool | None = None
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def parcel_key(self) -> str | None:
        """The parcel as the catalogue's key names it."""
        return parcel_key(self.parcel_id) or None if self.parcel_id else None


class _Absurd(ValueError):
    """A value that cannot be true; the text says why."""


def read_case(content: object) -> Case:
    """Return the case that ``content`` (mostly a JSON object) describes. Never raises for content."""
    if not isinstance(content, Mapping):
        return Case(problems=(("", "not an object"),))
    known: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    for field, read in _READERS.items():
        value = content.get(field)
        if value is None or (isinstance(value, str) and value.strip().lower() in _EMPTY):
            continue
        try:
            known[field] = read(value)
        except _Absurd as absurd:
            problems.append((field, str(absurd)))
    problems += _agreed_place(known)
    return Case(**known, problems=tuple(problems))


def _agreed_place(known: dict[str, Any]) -> list[tuple[str, str]]:
    """Let the county say the state; a county of another state is not believed."""
    fips = known.get("county_fips")
    if fips is None:
        return []
    of_county = _state_of_prefix()[fips[:2]]
    if known.setdefault("state", of_county) == of_county:
        return []
    del known["county_fips"]
    return [("county_fips", f"a county of {of_county}")]


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Absurd("not text")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _Absurd("not text")
        value = int(value) if value.is_integer() else value
    text = str(value).strip() if not isinstance(value, int) or abs(value) < 10**40 else ""
    if not text or len(text) > LONGEST_TEXT:
        raise _Absurd(f"not 1 to {LONGEST_TEXT} characters")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise _Absurd("half a character")
    return text


def _id(value: object) -> str | int:
    """Return whole numbers as such: what came with a case goes back with its answer."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WHOLE:
        return value
    return _text(value)


def _money(value: object) -> float:
    number = _number(value)
    if not math.isfinite(number):
        raise _Absurd("not a number")
    if number < 0:
        raise _Absurd("negative")
    if number > MOST_DOLLARS:
        raise _Absurd(f"above {MOST_DOLLARS:.0e} dollars")
    return number + 0.0  # no negative zero


def _number(value: object) -> float:
    if isinstance(value, str):
        plain = value.strip().removeprefix("$").replace(",", "").strip()
        if len(plain) > LONGEST_TEXT or not _NUMBER.fullmatch(plain):
            raise _Absurd("not a number")
        return float(plain)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Absurd("not a number")
    try:
        return float(value)
    except OverflowError:
        raise _Absurd(f"above {MOST_DOLLARS:.0e} dollars") from None


def _date(value: object) -> date:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip()[:10])
        except ValueError:
            raise _Absurd("not a date as YYYY-MM-DD") from None
    if not isinstance(value, date):
        raise _Absurd("not a date as YYYY-MM-DD")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise _Absurd(f"not in {FIRST_YEAR} to {LAST_YEAR}")
    return value


def _state(value: object) -> str:
    text = _text(value).upper()
    if text not in _state_of_prefix().values():
        raise _Absurd("not the two letters of a state")
    return text


def _fips(value: object) -> str:
    digits = _text(value)
    if not digits.isascii() or not digits.isdigit() or not 4 <= len(digits) <= 5:
        raise _Absurd("not five digits")
    digits = digits.zfill(5)
    if digits[:2] not in _state_of_prefix():
        raise _Absurd("begins with no state's digits")
    return digits


def _flag(value: object) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        raise _Absurd("neither true nor false")
    plain = str(value).strip().lower() if isinstance(value, str | bool) else str(value)
    found = _FLAGS.get(plain.removesuffix(".0"))
    if found is None:
        raise _Absurd("neither true nor false")
    return found


@cache
def _state_of_prefix() -> dict[str, str]:
    """First two digits of a county's FIPS code -> its state's two letters."""
    rows = DictReader(reference_text("counties.csv").splitlines())
    return {row["state_fips"]: row["state"] for row in rows}


_READERS: dict[str, Callable[[object], Any]] = {
    "id": _id,
    "state": _state,
    "county_fips": _fips,
    "sale_date": _date,
    "face_amount": _money,
    "premium": _money,
    "parcel_id": _text,
    "assessed_value": _money,
    "market_value": _money,
    "property_class": _text,
    "homestead": _flag,
}
