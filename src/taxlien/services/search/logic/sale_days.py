"""Days of sales in a question: "auction next month", "auction in june 2027", "sale before 2027-06-01"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta

from .forms import BEGIN, END, Chip, Form, chip

_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr, {9: "sept"})
    for number, name in (names.items() if isinstance(names, dict) else enumerate(names))
    if name
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_SUBJECT = r"(?:(?:auctions?|sales?|auction date|sale date)(?: (?:is|are))?)"
_RELATIVE = (
    r"(?:(?P<which>this|next) (?P<unit>week|month|year)|(?P<day>today|tomorrow)"
    r"|(?:(?:in|within) )?(?:the )?next (?P<days>\d{1,3}) days)"
)
_FIXED = (
    r"(?P<iso>\d{4}-\d{2}-\d{2})"
    rf"|(?P<month>{_MONTH})\.?(?: (?P<dom>\d{{1,2}})(?:st|nd|rd|th)?(?=,| |$))?,?(?: (?P<year>20\d\d))?"
    r"|(?P<only>20\d\d)"
)
_WHEN = re.compile(
    rf"{BEGIN}{_SUBJECT} (?:(?P<way>before|after|by|since|from|until) )?(?:(?:in|on) )?"
    rf"(?:{_RELATIVE}|{_FIXED}){END}"
)
_DAYS_BEFORE = re.compile(rf"{BEGIN}{_RELATIVE} (?:auctions?|sales?){END}")
Days = tuple[date, date]


def sale_days(text: str, today: date | None) -> Iterator[Form]:
    """Find days and spans of days that a sale is on. Without ``today`` only those that never move."""
    for pattern in (_WHEN, _DAYS_BEFORE):
        for found in pattern.finditer(text):
            said = found.groupdict()
            try:
                days, relative = _days(said, today)
            except (ValueError, OverflowError):
                continue  # the 31st of June
            if days is not None:
                chips = _chips(days, said.get("way"), relative)
                yield Form(found.start(), found.end(), chips)


def _chips(days: Days, way: str | None, relative: bool) -> tuple[Chip, ...]:
    first, last = days
    if way == "before":
        first, last = date.min, first - timedelta(days=1)
    elif way in ("by", "until"):
        first = date.min
    elif way == "after":
        first, last = last + timedelta(days=1), date.max
    elif way in ("since", "from"):
        last = date.max
    chips = []
    if first > date.min:
        chips.append(chip("auction_from", first, f"sale from {first}", relative=relative))
    if last < date.max:
        chips.append(chip("auction_to", last, f"sale up to {last}", relative=relative))
    return tuple(chips)


def _days(said: dict[str, str | None], today: date | None) -> tuple[Days | None, bool]:
    """Return the first and the last day, and whether they depend on ``today``."""
    if iso := said.get("iso"):
        day = date.fromisoformat(iso)
        return (day, day), False
    if only := said.get("only"):
        return (date(int(only), 1, 1), date(int(only), 12, 31)), False
    if month := said.get("month"):
        return _month(_MONTHS[month], said, today)
    return (None if today is None else _from_today(said, today)), True


def _month(month: int, said: dict[str, str | None], today: date | None) -> tuple[Days | None, bool]:
    year, day = said.get("year"), said.get("dom")
    if year is None and today is None:
        return None, True
    if year is not None:
        number = int(year)
    else:
        assert today is not None
        number = today.year + (month < today.month)  # the next such month, or this one
    if day is not None:
        one = date(number, month, int(day))
        return (one, one), year is None
    return (date(number, month, 1), _last_of(number, month)), year is None


def _from_today(said: dict[str, str | None], today: date) -> Days:
    if said["day"]:
        day = today + timedelta(days=said["day"] == "tomorrow")
        return day, day
    if said["days"]:
        return today, today + timedelta(days=int(said["days"]))
    later = int(said["which"] == "next")
    if said["unit"] == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=later)
        return (monday if later else today), monday + timedelta(days=6)
    if said["unit"] == "year":
        return (date(today.year + later, 1, 1) if later else today), date(
            today.year + later, 12, 31
        )
    year, month = divmod(today.year * 12 + today.month - 1 + later, 12)
    return (date(year, month + 1, 1) if later else today), _last_of(year, month + 1)


def _last_of(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
