"""Turn one published cell into a value, or say why it cannot be: ``ValueError`` with plain words.

No parser here guesses. A shape that could mean two amounts is an error, never a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from taxlien.interfaces.liens import parcel_key

from .mapping import Column

NOTHING = frozenset({"", "-", "--", "n/a", "na", "null", "none", "nan", "#n/a"})
DateShape: TypeAlias = Callable[[str], re.Match[str] | None]

EARLIEST_YEAR, LATEST_YEAR = 1800, 2200  # as the law engine reads them
CENT = Decimal("0.01")
MONEY_LIMIT = Decimal(10) ** 12  # numeric(14,2)

_USUAL_MONEY = re.compile(r"\$?(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d\d)?", re.ASCII).fullmatch
_MONEY = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+", re.ASCII).fullmatch
_SCIENTIFIC = re.compile(r"[-+]?\d+(?:\.\d+)?E\+?\d+", re.IGNORECASE).fullmatch
_ROUNDED = re.compile(r"\d(?:\.\d+E\+?\d+|E\+\d+)", re.IGNORECASE).fullmatch
_DECIMAL = re.compile(r"[-+]?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)", re.ASCII).fullmatch
_INTEGER = re.compile(r"(-?(?:\d+|\d{1,3}(?:,\d{3})+))(?:\.0+)?", re.ASCII).fullmatch
_SUMMARY = re.compile(
    r"\b(?:sub|grand )?totals?\b|\d[\d,]* (?:parcels|records|rows|items|liens|certificates)$",
    re.IGNORECASE,
).search
_ZEROS = re.compile(r"[0.]*").fullmatch
_DIGIT = re.compile(r"[0-9]").search
_ISO: DateShape = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?").fullmatch
_ZIP = re.compile(r"(\d{5})(?:-?(\d{4}))?", re.ASCII).fullmatch
_TRUE = frozenset({"1", "y", "yes", "true", "t"})
_FALSE = frozenset({"0", "n", "no", "false", "f"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_money(cell: str) -> Decimal | None:
    """US dollars, exact to the cent. ``$1,234.50``, ``(12.00)``, ``-5`` and ``5-`` are read.

    Refused: a comma that does not part thousands, a fraction of a cent, scientific notation.
    """
    if not cell:
        return None
    usual = _USUAL_MONEY(cell)
    if usual:
        whole, cents = usual.groups()
        return Decimal(whole.replace(",", "") + (cents or ".00"))
    text = cell.strip()
    if text.lower() in NOTHING:
        return None
    negative, digits = _sign_and_digits(text)
    if not _MONEY(digits):
        if _SCIENTIFIC(digits):
            raise ValueError("an amount in scientific notation: digits may be lost")
        raise ValueError("not an amount of money")
    amount = Decimal(digits.replace(",", ""))
    if amount >= MONEY_LIMIT:
        raise ValueError("an amount over 999,999,999,999.99")
    cents = amount.quantize(CENT, rounding=ROUND_HALF_UP)
    if abs(cents - amount) > Decimal("0.000001"):
        raise ValueError("an amount with a fraction of a cent")
    return -cents if negative else cents


def _sign_and_digits(text: str) -> tuple[bool, str]:
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    elif text.endswith("-"):
        negative, text = True, text[:-1].strip()
    if text.startswith("-") and not negative:
        negative, text = True, text[1:].strip()
    text = text.removeprefix("$").strip()
    if text.startswith("-") and not negative:  # $-12.00
        negative, text = True, text[1:].strip()
    return negative, text


def parse_decimal(cell: str) -> Decimal | None:
    """A plain number with any number of decimals; thousands may be parted by commas."""
    text = cell.strip()
    if text.lower() in NOTHING:
        return None
    if not _DECIMAL(text):
        raise ValueError("not a number")
    value = Decimal(text.replace(",", ""))
    if abs(value) >= MONEY_LIMIT:
        raise ValueError("a number too large to be true")
    return value


def parse_rate(cell: str) -> Decimal | None:
    """A rate in percent: ``000.25``, ``18.00``, ``16 %``. Trailing zeros are dropped."""
    value = parse_decimal(cell.strip().removesuffix("%"))
    if value is None:
        return None
    rounded = value.quantize(Decimal("0.0001"))
    if abs(rounded - value) > Decimal("1e-9"):  # 7.0000000000000009 is a float's 7
        raise ValueError("a rate with more than four decimals")
    value = rounded.normalize()
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


def parse_integer(cell: str) -> int | None:
    text = cell.strip()
    if text.lower() in NOTHING:
        return None
    match = _INTEGER(text)
    if not match or len(text) > 12:
        raise ValueError("not a whole number")
    return int(match[1].replace(",", ""))


def parse_year(cell: str) -> int | None:
    """A year from 1700 to 2099; zero is unknown."""
    year = parse_integer(cell)
    if not year:
        return None
    if not 1700 <= year <= 2099:
        raise ValueError("not a year")
    return year


def parse_boolean(cell: str) -> bool | None:
    text = cell.strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text in NOTHING:
        return None
    raise ValueError("not yes or no")


def parse_coordinate(cell: str) -> float | None:
    """Degrees; zero is unknown."""
    text = cell.strip()
    if text.lower() in NOTHING:
        return None
    try:
        degrees = float(text)
    except ValueError:
        raise ValueError("not a coordinate") from None
    if not -180 <= degrees <= 180:
        raise ValueError("not a coordinate")
    return degrees or None


def parse_text(cell: str) -> str | None:
    return " ".join(cell.split()) or None


def parse_address(cell: str) -> str | None:
    """One line of address; line breaks become commas, leading asterisks (no house number) go."""
    lines = (" ".join(line.split()) for line in cell.splitlines())
    return ", ".join(line for line in lines if line).lstrip("*").strip() or None


def parse_zip(cell: str) -> str | None:
    text = cell.strip().removesuffix(".0")
    if not text or _ZEROS(text.replace("-", "")):
        return None
    match = _ZIP(text)
    if not match:
        raise ValueError("not a ZIP code")
    return f"{match[1]}-{match[2]}" if match[2] and match[2] != "0000" else match[1]


def parse_number(cell: str) -> str | None:
    """A certificate or advertising number as published; only zeros means that there is none."""
    if cell.isdigit() and len(cell) <= 40:
        return cell if cell.strip("0") else None
    text = cell.strip()
    if _ZEROS(text) or text.lower() in NOTHING:
        return None
    if _ROUNDED(text):
        raise ValueError(f"a spreadsheet turned this number into {text}: digits are lost")
    if len(text) > 40:
        raise ValueError("too long for a number")
    return text


def parse_parcel(cell: str) -> tuple[str, str]:
    """The parcel id as published and its key. Leading zeros stay."""
    text = cell.strip()
    if ("." in text or "+" in text) and _ROUNDED(text):
        raise ValueError(f"a spreadsheet turned this number into {text}: digits are lost")
    if len(text) > 60:
        raise ValueError("too long for a parcel number")
    key = parcel_key(text)
    if not (key.isdigit() or _DIGIT(key)):
        raise ValueError("not a parcel number" if text else "no parcel number")
    if " " in text and _SUMMARY(text):
        raise ValueError("a total, not a parcel number")
    return text, key


def pad_parts(cell: str, split: str | None, widths: tuple[int, ...]) -> str:
    """Cut a cell at ``split`` and fill each part with zeros on the left to its width."""
    parts = [part.strip() for part in (cell.split(split) if split else [cell])]
    if len(parts) != len(widths) or not all(parts):
        raise ValueError(f"{len(widths)} parts are expected here")
    return "".join(part.rjust(width, "0") for part, width in zip(parts, widths, strict=True))


def date_parser(
    formats: tuple[str, ...], latest_short_year: int = 2040
) -> Callable[[str], date | None]:
    """Build a parser of dates from formats such as ``MM/DD/YY`` or ``YYYY-MM-DD ...``.

    YYYY, YY, MM, DD (one digit is accepted) and MON (Jan) stand for themselves, ``...`` for the rest
    of the cell (a time). A two-digit year is the latest such year up to ``latest_short_year``.
    ISO dates are always read.
    """
    shapes = [_ISO, *(_date_shape(text) for text in formats)]

    def parse(cell: str) -> date | None:
        text = cell.strip()
        if text.lower() in NOTHING:
            return None
        for shape in shapes:
            match = shape(text)
            if match:
                return _date_from(match, latest_short_year)
        raise ValueError(f"not a date ({' or '.join(formats)})")

    return parse


_DATE_TOKENS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MON": r"(?P<name>[A-Za-z]{3})[a-z]*",
    "MM": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
    "...": r".*",
}


def _date_shape(text: str) -> DateShape:
    pieces = re.split(r"(YYYY|YY|MON|MM|DD|\.\.\.)", text)
    pattern = "".join(_DATE_TOKENS.get(piece) or re.escape(piece) for piece in pieces)
    return re.compile(pattern).fullmatch


def _date_from(match: re.Match[str], latest_short_year: int) -> date:
    day = _any_date_from(match, latest_short_year)
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(f"a date outside the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    return day


def _any_date_from(match: re.Match[str], latest_short_year: int) -> date:
    parts = match.groupdict()
    if not parts:
        year, month, day = (int(part) for part in match.groups())
        return date(year, month, day)
    if parts.get("name"):
        if parts["name"].lower() not in _MONTHS:
            raise ValueError("not a month")
        month = _MONTHS.index(parts["name"].lower()) + 1
    else:
        month = int(parts["month"])
    if parts.get("year"):
        year = int(parts["year"])
    else:
        year = latest_short_year - (latest_short_year - int(parts["short"])) % 100
    return date(year, month, int(parts["day"]))


_PLAIN: dict[str, Callable[[str], Any]] = {
    "text": parse_text,
    "address": parse_address,
    "parcel": parse_parcel,
    "number": parse_number,
    "money": parse_money,
    "rate_pct": parse_rate,
    "decimal": parse_decimal,
    "integer": parse_integer,
    "year": parse_year,
    "boolean": parse_boolean,
    "coordinate": parse_coordinate,
    "zip": parse_zip,
    "code": parse_text,
}


def cell_parser(column: Column) -> Callable[[str], Any]:
    """The whole parser of a column: nulls, padding, codes, bounds and pattern around its own."""
    parse = date_parser(column.formats) if column.parse == "date" else _PLAIN[column.parse]
    if column.pad:
        parse = _padded(column)
    if column.values:
        parse = _translated(column)
    if column.nulls:
        parse = _with_nulls(parse, frozenset(text.lower() for text in column.nulls))
    if column.minimum is not None or column.maximum is not None:
        parse = _bounded(parse, column.minimum, column.maximum)
    if column.zero_is_null:
        parse = _without_zero(parse)
    if column.pattern is not None:
        parse = _shaped(parse, column.pattern)
    return parse


def _padded(column: Column) -> Callable[[str], Any]:
    def parse(cell: str) -> tuple[str, str]:
        parse_parcel(cell)
        padded = pad_parts(cell, column.split, column.pad)
        published = padded if column.join else cell.strip()
        return published, parcel_key(padded)

    return parse


def _translated(column: Column) -> Callable[[str], Any]:
    table = {code.strip().lower(): value for code, value in column.values.items()}

    def parse(cell: str) -> str:
        found = table.get(cell.strip().lower(), column.otherwise)
        if found is None:
            raise ValueError("a code the mapping does not know")
        return found

    return parse


def _with_nulls(parse: Callable[[str], Any], nulls: frozenset[str]) -> Callable[[str], Any]:
    return lambda cell: None if cell.strip().lower() in nulls else parse(cell)


def _without_zero(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda cell: parse(cell) or None


def _bounded(
    parse: Callable[[str], Any], minimum: Decimal | None, maximum: Decimal | None
) -> Callable[[str], Any]:
    def bounded(cell: str) -> Any:
        value = parse(cell)
        if value is not None:
            if minimum is not None and value < minimum:
                raise ValueError(f"below {minimum}")
            if maximum is not None and value > maximum:
                raise ValueError(f"above {maximum}")
        return value

    return bounded


def _shaped(parse: Callable[[str], Any], pattern: str) -> Callable[[str], Any]:
    fits = re.compile(pattern).fullmatch

    def shaped(cell: str) -> Any:
        if not fits(cell):
            text = cell.strip()
            if text and not fits(text):
                raise ValueError("not the shape this column has")
        return parse(cell)

    return shaped
