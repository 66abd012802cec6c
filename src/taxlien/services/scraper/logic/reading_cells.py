"""What the words in a cell mean. Nothing here raises, and nothing guesses: what is not plain is None.

Text comes as the page has it: with hard spaces, currency signs and remarks around the value.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

US_DAYS = ("%m/%d/%Y", "%m-%d-%Y", "%Y-%m-%d", "%d-%b-%Y", "%b-%d-%Y", "%b %d, %Y", "%B %d, %Y")
"""How American counties write a day when nothing says otherwise."""

_SPACES = re.compile(r"[\s\u00a0]+")
_UNSEEN = dict.fromkeys(
    [0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
"""Marks of direction, joiners and soft hyphens: nobody sees them, and they part no words."""

_WINDOWS = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
"""What Windows-1252 meant by bytes that were taken for Latin-1."""

_AS_SEEN = str.maketrans({**_UNSEEN, **_WINDOWS})
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")
_CLOCK = re.compile(r"[T ]0?(?:\d{1,2}):\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AP]M)?Z?$", re.IGNORECASE)
_REMARK = re.compile(r"\s*\([^()]*\)$")
_ACRES = re.compile(r"(.+?)\s*(?:acres?|ac\.?)(?:\(s\))?$", re.IGNORECASE)
_AREA = re.compile(r"(.+?)\s*(?:sq\.?\s*f(?:ee)?t\.?|sf|square feet)$", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_CITY = re.compile(r"(.*?[^\s,])\s*,?\s+([A-Z]{2})\s*,?\s+(\d{5})(?:[-\s]?(\d{4}))?")
_PLACE = re.compile(r"(?:([A-Za-z][A-Za-z .'-]{0,40}[A-Za-z.])\s*,?\s+)?(\d{5}(?:-\d{4})?)")
_NUMBERED = {
    *("UNIT", "APT", "STE", "SUITE", "LOT", "BLDG", "BOX", "TRACT", "SPACE", "PARCEL", "NO", "NO."),
    *("RD", "ROAD", "HWY", "HIGHWAY", "ROUTE", "RT", "RTE", "CR", "SR", "FM", "ST", "AVE", "TRAIL"),
}
_ZIP_AT_END = re.compile(r"\b([A-Z]{2})\.?,?\s+(\d{5})(?:-?(\d{4}))?$")
_EMPTY = {
    "",
    "-",
    "--",
    "---",
    ".",
    "n/a",
    "na",
    "none",
    "null",
    "not available",
    "unknown",
    "n o n e",
}
_LONGEST = 40

_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM"
    " NY NC ND OH OK OR PA PR RI SC SD TN TX UT VT VA VI WA WV WI WY GU AS MP"
)
STATES = frozenset(_STATES.split())


class CityLine(NamedTuple):
    """The last line of an American address. All three are None where the line is not one."""

    city: str | None = None
    state: str | None = None
    zip_code: str | None = None


def squeeze(text: str | None) -> str:
    """Return the text in one line, as a person sees it.

    Every run of white space, hard spaces too, becomes one space; unseen marks go, and what Windows-1252
    left as control characters is read as it was meant.
    """
    if not text:
        return ""
    if text.isascii():
        return " ".join(text.split())
    return _SPACES.sub(" ", text.translate(_AS_SEEN)).strip()


def words(text: str | None) -> str:
    """Return a label as its bare words: ``Just (Market) Value:`` and ``just market  value`` are the same."""
    return _NOT_WORD.sub(" ", squeeze(text).lower()).strip() if text else ""


def said(text: str | None) -> str | None:
    """Return the squeezed text, or None where it says that there is nothing (``-``, ``N/A``, ``None``)."""
    plain = squeeze(text)
    return None if plain.lower() in _EMPTY else plain


def decimal(text: str | None) -> Decimal | None:
    """Read a bare number: ``1,234.50``, ``.055``, ``-3``. Commas must part thousands."""
    plain = squeeze(text)
    negative = plain.startswith("-")
    digits = plain[1:].lstrip() if negative else plain
    if (
        not digits
        or len(digits) > _LONGEST
        or not digits.isascii()
        or not _NUMBER.fullmatch(digits)
    ):
        return None
    number = Decimal(digits.replace(",", ""))
    return -number if negative else number


def money(text: str | None) -> Decimal | None:
    """Read US dollars: ``$1,234.50``, ``(1,234.50)`` and ``-$5`` (both below zero), ``17400``."""
    plain = squeeze(text)
    negative = False
    if plain.startswith("(") and plain.endswith(")"):
        negative, plain = True, plain[1:-1].strip()
    if plain.startswith("-"):
        negative, plain = not negative, plain[1:].strip()
    plain = plain.removeprefix("$").strip()
    if plain.startswith("-") and not negative:
        negative, plain = True, plain[1:].strip()
    if plain.startswith("-"):
        return None
    number = decimal(plain)
    return -number if negative and number else number


def cents(text: str | None) -> Decimal | None:
    """Read a whole number of hundredths: ``96836`` is 968.36. Anything with a point is not one."""
    plain = squeeze(text)
    if not plain.isascii() or not plain.isdecimal() or len(plain) > _LONGEST:
        return None
    return Decimal(plain).scaleb(-2)


def whole(text: str | None) -> int | None:
    """Read a whole number with or without thousands commas; ``2,004.00`` is one, ``2.5`` is not."""
    number = decimal(text)
    return int(number) if number is not None and number == number.to_integral_value() else None


def acres(text: str | None) -> Decimal | None:
    """Read an area in acres: ``2.500``, ``8.26 AC``, ``1.25 (GIS)``. No other unit is turned into acres."""
    plain = _REMARK.sub("", squeeze(text)[:_LONGEST])
    found = _ACRES.fullmatch(plain)
    return _not_negative(decimal(found[1] if found else plain))


def square_feet(text: str | None) -> Decimal | None:
    """Read an area in square feet: ``1,850``, ``1850 sq ft``."""
    plain = squeeze(text)[:_LONGEST]
    found = _AREA.fullmatch(plain)
    return _not_negative(decimal(found[1] if found else plain))


def _not_negative(number: Decimal | None) -> Decimal | None:
    return number if number is not None and number >= 0 else None


def year(text: str | None) -> int | None:
    """Return the one year named in the text (``2023 Certified``); None where there are none or two."""
    found = set(_YEAR.findall(text)) if text else set()
    return int(found.pop()) if len(found) == 1 else None


def year_built(text: str | None) -> int | None:
    """Read a bare year. ``0`` and ``1 - 9`` codes are no years."""
    plain = squeeze(text)
    return int(plain) if _YEAR.fullmatch(plain) else None


def day(text: str | None, formats: tuple[str, ...] = US_DAYS) -> date | None:
    """Read a day in one of ``formats`` (strptime); a time of day behind it is left off."""
    plain = squeeze(text)
    if not plain or len(plain) > _LONGEST or not plain.isascii():
        return None
    plain = _CLOCK.sub("", plain)
    for form in formats:
        try:
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 - a day, not a moment
        except ValueError:
            continue
    return None


def yes_no(text: str | None) -> bool | None:
    """Read ``Y``, ``Yes``, ``No``, ``N``, ``True``, ``False``; anything else is None."""
    plain = squeeze(text).lower()
    if plain in {"y", "yes", "true"}:
        return True
    return False if plain in {"n", "no", "false"} else None


def city_line(text: str | None) -> CityLine:
    """Read ``OLD TOWN, FL 32680``, ``ELLENWOOD GA 30294 2213`` or ``EASTON, PA, 18042-3374``."""
    found = _CITY.fullmatch(squeeze(text)[:200].upper())
    if not found or found[2] not in STATES or any(c.isdigit() for c in found[1]):
        return CityLine()
    plain = squeeze(text)[: found.end(1)]
    return CityLine(plain, found[2], f"{found[3]}-{found[4]}" if found[4] else found[3])


def place_line(text: str | None) -> CityLine:
    """Read a line of nothing but a place: as ``city_line``, or ``OLD TOWN 32680``, or ``32680``."""
    whole = city_line(text)
    found = _PLACE.fullmatch(squeeze(text)[:80]) if whole.zip_code is None else None
    if found is None:
        return whole
    city = found[1]
    if city and city.upper().split()[-1] in _NUMBERED:
        return whole
    return CityLine(city if city and city.upper() not in STATES else None, None, found[2])


def place_after_comma(text: str | None) -> CityLine:
    """Read the place at the end of an address in one line: ``1 OAK ST, OLD TOWN, FL 32680``.

    Without a comma nobody knows where the street ends: then only the ZIP behind a state is read.
    """
    street, comma, place = squeeze(text)[-160:].rpartition(",")
    if comma and (just_zip := city_line(f"{street.rpartition(',')[2].strip()},{place}")).zip_code:
        return just_zip if "," in street else CityLine(None, None, just_zip.zip_code)
    found = place_line(place) if comma else CityLine()
    return found if found.zip_code else CityLine(None, None, zip_at_end(text))


def zip_at_end(text: str | None) -> str | None:
    """Return the ZIP of an address that ends with state and ZIP, whatever stands before them."""
    found = _ZIP_AT_END.search(squeeze(text)[-40:].upper())
    if not found or found[1] not in STATES:
        return None
    return f"{found[2]}-{found[3]}" if found[3] else found[2]
