"""Amounts in a question: "under 5k", "$1,000-2,000", "18%", "at least 3 acres", "ltv < 5"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .forms import BEGIN, END, Chip, Form, chip, ends_street, word_after

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,6})?|\.\d{1,6}"
_AT_MOST = (
    r"(?:under|below|less than|up to|upto|at most|(?:no|not) more than|not (?:over|above)"
    r"|max(?:imum)?(?: of)?:?|cheaper than|<=|=<|<|≤)"
)
_AT_LEAST = (
    r"(?:over|above|more than|greater than|higher than|at least|(?:no|not) less than"
    r"|not (?:under|below)|min(?:imum)?(?: of)?:?|starting at|>=|=>|>|≥)"
)
_OR_LESS = r"(?:(?:or|and) (?:less|under|below|cheaper|fewer)|max(?:imum)?|tops)"
_OR_MORE = r"(?:\+|(?:or|and) (?:more|over|above|up|higher|greater)|min(?:imum)?|plus)"
_TO = r"(?: ?(?:-|–|—|to) ?)"
_TIMES = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "mil": 1_000_000, "million": 1_000_000}
_LEAST_WITHOUT_SIGN = 100
_YEARS = range(1950, 2051)


class _Kind(NamedTuple):
    """A kind of amount: its parameter, how a number of it is written, and how its chips read."""

    field: str
    sign: str
    """Before a number."""
    unit: str
    """After a number."""
    alone: str
    """What a number without a comparison means: min or max; empty: it is no form."""
    label: str


_MONEY_UNIT = r" ?(?:k|m|thousand|mil|million)(?: ?(?:dollars|usd|bucks))?| ?(?:dollars|usd|bucks)"
_PERCENT = r" ?(?:%|percent|pct\.?)"
_ACRES = r"(?: |-)?(?:acres?|ac)"

_ACREAGE = _Kind("acres", "", _ACRES, "min", "{} acres")
_LTV = _Kind("ltv", "", _PERCENT, "max", "{}% lien to value")
_FACE = _Kind("face", r"\$ ?", _MONEY_UNIT, "max", "${} face amount")
_VALUE = _Kind("market_value", r"\$ ?", _MONEY_UNIT, "", "${} market value")
_PRICE = _Kind("price", r"\$ ?", _MONEY_UNIT, "max", "${}")
_RATE = _Kind("rate", "", _PERCENT, "min", "{}%")


def _ranges(number: str, loose: str) -> str:
    """Return the ways to say an amount; ``loose`` is a number whose unit its partner may have."""
    return (
        rf"(?:between|from) (?P<low>{loose}) (?:and|to|-) (?P<high>{number})"
        rf"|(?P<low2>{loose}){_TO}(?P<high2>{number})"
        rf"|{_AT_MOST} ?(?P<most>{number})(?: {_OR_LESS})?"
        rf"|{_AT_LEAST} ?(?P<least>{number})(?: ?{_OR_MORE})?"
        rf"|(?P<most2>{number}) {_OR_LESS}"
        rf"|(?P<least2>{number}) ?{_OR_MORE}"
        rf"|(?P<alone>{number})"
    )


def _pattern(kind: _Kind, subject: str = "", *, after: str = "") -> re.Pattern[str]:
    """Return what finds amounts of a kind. With a subject before, a number needs no unit."""
    bare = rf"(?:{kind.sign})?(?:{_NUMBER})(?:{kind.unit})?"
    strict = rf"(?:{_NUMBER})(?:{kind.unit})"
    if kind.sign:
        strict = rf"{kind.sign}(?:{_NUMBER})(?:{kind.unit})?|{strict}"
    ways = _ranges(bare, bare) if subject else _ranges(strict, bare)
    before = rf"(?:{subject})(?: (?:is|of))? ?[:=]? ?" if subject else ""
    tail = rf"(?: (?:{after}))?" if after else ""
    return re.compile(rf"{BEGIN}{before}(?:{ways}){tail}{END}")


_NAMED: tuple[tuple[re.Pattern[str], _Kind], ...] = (
    (_pattern(_PRICE, r"prices?|priced(?: at)?|costs?|costing"), _PRICE),
    (_pattern(_LTV, r"ltv|lien[- ]to[- ]value"), _LTV),
    (_pattern(_FACE, r"face(?: (?:amount|value))?"), _FACE),
    (_pattern(_VALUE, r"(?:market|mkt) value"), _VALUE),
    (_pattern(_ACREAGE, r"acreage|lot size"), _ACREAGE),
    (_pattern(_RATE, r"(?:interest |bid )?rates?|interest"), _RATE),
)
_BY_UNIT: tuple[tuple[re.Pattern[str], _Kind], ...] = (
    (_pattern(_RATE, after=r"interest(?: rate)?|(?:bid )?rate"), _RATE),
    (_pattern(_ACREAGE), _ACREAGE),
    (_pattern(_PRICE), _PRICE),
)
_COMPARED = re.compile(
    rf"{BEGIN}(?:between (?P<low>{_NUMBER}) (?:and|to|-) (?P<high>{_NUMBER})"
    rf"|{_AT_MOST} ?(?P<most>{_NUMBER})|{_AT_LEAST} ?(?P<least>{_NUMBER})){END}"
)
"""Numbers without any unit: they are dollars only where nothing says otherwise."""


def amounts(text: str, today: date | None) -> Iterator[Form]:
    """Find amounts: those whose subject is named, those with a unit, then dollars without a sign."""
    for pattern, kind in (*_NAMED, *_BY_UNIT):
        for found in pattern.finditer(text):
            if chips := _chips(kind, found):
                yield Form(found.start(), found.end(), chips)
    for found in _COMPARED.finditer(text):
        if _may_be_dollars(text, found) and (chips := _chips(_PRICE, found)):
            yield Form(found.start(), found.end(), chips)


_NEAR = re.compile(
    rf"{BEGIN}(?:within )?(?P<miles>\d{{1,3}}(?:\.\d{{1,2}})?)"
    rf" ?(?:miles?|mi) (?:of|from|around) (?P<zip>\d{{5}}){END}"
)


def distances(text: str, today: date | None) -> Iterator[Form]:
    """Find miles around a ZIP code: "within 10 miles of 33830"."""
    for found in _NEAR.finditer(text):
        label = f"within {found['miles']} miles of {found['zip']}"
        around = (chip("zip", found["zip"], label), chip("radius", found["miles"], label))
        yield Form(found.start(), found.end(), around)


def _may_be_dollars(text: str, found: re.Match[str]) -> bool:
    """Small numbers, the number of a street (over 42 st) and spans of years are no prices."""
    numbers = [int(_value(n)) for n in found.groupdict().values() if n is not None]
    if min(numbers) < _LEAST_WITHOUT_SIGN or ends_street(word_after(text, found.end())):
        return False
    return len(numbers) == 1 or not all(number in _YEARS for number in numbers)


def _chips(kind: _Kind, found: re.Match[str]) -> tuple[Chip, ...]:
    said = {name.rstrip("2"): text for name, text in found.groupdict().items() if text is not None}
    if "alone" in said:
        if not _stands_alone(kind, said["alone"], word_after(found.string, found.end())):
            return ()
        said = {"most" if kind.alone == "max" else "least": said["alone"]}
    low, high = said.get("low", said.get("least")), said.get("high", said.get("most"))
    if low is not None and high is not None:
        return _between(kind, low, high)
    if low is not None:
        return (_least(kind, _value(low)),)
    return (_most(kind, _value(high)),) if high is not None else ()


def _stands_alone(kind: _Kind, written: str, after: str) -> bool:
    """A number that nothing is said of: never before the end of a street (40 ACRES RD), and 5K no price."""
    signed = not kind.sign or "$" in written or re.search("dollars|usd|bucks", written)
    return bool(kind.alone and signed) and not ends_street(after)


def _between(kind: _Kind, low: str, high: str) -> tuple[Chip, ...]:
    """ "1-5k" is from one thousand on: the first number has the thousands of the second."""
    shared = _times(high) if _times(low) == 1 and _value(low) < _value(high) / _times(high) else 1
    bounds = sorted((_value(low) * shared, _value(high)))
    return (_least(kind, bounds[0]), _most(kind, bounds[1]))


def _least(kind: _Kind, value: Decimal) -> Chip:
    return chip(f"{kind.field}_min", _plain(value), "from " + kind.label.format(f"{value:,}"))


def _most(kind: _Kind, value: Decimal) -> Chip:
    return chip(f"{kind.field}_max", _plain(value), "up to " + kind.label.format(f"{value:,}"))


def _value(written: str) -> Decimal:
    number = re.search(_NUMBER, written)
    digits = number[0].replace(",", "") if number else "0"
    value = Decimal(digits) * _times(written)
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def _times(written: str) -> int:
    word = re.search(r"[a-z]+", written)
    return _TIMES.get(word[0], 1) if word else 1


def _plain(value: Decimal) -> str:
    return f"{value:f}"
