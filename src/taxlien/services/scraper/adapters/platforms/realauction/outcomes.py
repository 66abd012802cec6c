"""How an item ended: the status lines of a sale day, in the page or in the status answer.

The lines are the same in both: A is a heading or a one-letter code, B the words or a time, C a heading, D an
amount, and who bought, which is kept only where it is a category (a bidder is never named here).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from taxlien.interfaces.scraper import ItemStatus
from taxlien.services.scraper.logic.reading_cells import day, money, squeeze, words

_DAY = re.compile(r"\b\d{1,2}/\d{1,2}/\d{4}\b")
_SALE_DAY = re.compile(r"(\d{1,2}/\d{1,2}/\d{4})\b")
"""The day that a line begins with is that of the sale; in ``Redeemed 08/01/2026`` it is another."""
_LONGEST = 80
_AMOUNTS = frozenset({"amount", "sold amount", "winning bid", "sale amount", "final bid"})
_BUYERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:3rd|third) party(?: bidder| purchaser| buyer)?"), "3rd Party Bidder"),
    (re.compile(r"plaintiff"), "Plaintiff"),
    (re.compile(r"certificate holder"), "Certificate Holder"),
    (re.compile(r"(?:the )?county"), "County"),
)
_STRUCK = re.compile(r"(?:struck|stricken)(?: off)?(?: to(?: the)? (?:county|state))?")
_WORDINGS: tuple[tuple[re.Pattern[str], ItemStatus], ...] = (
    (
        re.compile(
            r"(?:auction )?(?:not sold|unsold|no bids?|no bidders?|no sale)\b"
            r"|(?:list of )?lands (?:available|list)\b|list of lands\b"
        ),
        "unsold",
    ),
    (
        re.compile(r"(?:auction )?(?:struck|stricken)\b|sold to(?: the)? county\b|forfeited\b"),
        "struck_off",
    ),
    (re.compile(r"redeemed\b|cancel+ed (?:per )?(?:redemption|redeemed)\b"), "redeemed"),
    (re.compile(r"(?:auction )?sold\b"), "sold"),
    (re.compile(r"(?:auction )?(?:cancel+ed|withdrawn|removed|stayed|dismissed)\b"), "removed"),
    (
        re.compile(
            r"(?:auction )?(?:to be )?(?:rescheduled|postponed|adjourned|continued|reset)\b"
        ),
        "removed",
    ),
    (re.compile(r"bankruptcy\b|paid\b"), "removed"),
    (re.compile(r"(?:auction )?(?:starts|waiting)$"), "advertised"),
    (re.compile(r"(?:auction )?(?:running|in progress|live|ends)$"), "running"),
    (re.compile(r"bidder walked away$|(?:auction )?closed$"), "closed"),
)
_PLAIN = (
    "a after and as at attorney auction available bankruptcy before bid bidder bidders bids by canceled"
    " cancelled certificate chapter clerk closed continued county court date day deed defendant"
    " dismissed ends filed for forfeited full holder in judge judgment lands lender list live motion no"
    " not of off office on order paid party per plaintiff postponed prior progress purchaser redeemed"
    " redemption removed request rescheduled reset running s sale sheriff sold starts state stayed"
    " struck stricken tax taxes the third to trustee unsold waiting walked away withdrawn 1st 2nd 3rd 7"
    " 11 13 adjourned buyer treasurer collector payment satisfied settled settlement vacated"
)
_PLAIN_WORDS = frozenset(_PLAIN.split())
"""Words that no person is named by. A wording with any other word is kept only as far as it is known."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the status lines say. ``words`` are the site's own, where they are known words.

    ``sold_for`` is in US dollars. ``buyer`` is a category, never a person.
    """

    status: ItemStatus | None = None
    words: str | None = None
    sold_for: Decimal | None = None
    buyer: str | None = None
    on: date | None = None


def outcome(lines: Mapping[str, str]) -> Outcome | None:
    """Read the lines A, B, C, D and ST; None where the site has filled none of them."""
    text = {name: squeeze(lines.get(name)) for name in ("A", "B", "C", "D", "ST")}
    if not any(text.values()):
        return None
    status, said = _status(text["A"], text["B"])
    if status == "sold" and _STRUCK.fullmatch(words(text["ST"])):
        status, said = "struck_off", text["ST"]
    dated = _SALE_DAY.match(text["B"])
    return Outcome(
        status=status,
        words=said,
        sold_for=money(text["D"]) if words(text["C"]) in _AMOUNTS else None,
        buyer=_buyer(text["ST"]) or _buyer(text["B"].lower().removeprefix("sold to ")),
        on=day(dated[1]) if dated else None,
    )


def _buyer(text: str) -> str | None:
    plain = words(text)
    return next((name for pattern, name in _BUYERS if pattern.fullmatch(plain)), None)


def _status(*candidates: str) -> tuple[ItemStatus | None, str | None]:
    for text in candidates:
        plain = words(text)
        for pattern, status in _WORDINGS:
            if found := pattern.match(plain):
                return status, "Sold" if status == "sold" else _kept(text, found[0])
    return None, None


def _kept(text: str, known: str) -> str:
    """Return the site's own words, without what could be a name: ``Canceled per Order``."""
    strange = set(words(_DAY.sub("", text)).split()) - _PLAIN_WORDS
    return known.capitalize() if strange or len(text) > _LONGEST else text


def outcomes_of(document: Mapping[str, Any]) -> dict[str, Outcome | None]:
    """Return what a status answer says of each item, by its number; None where it says nothing yet."""
    data = document.get("ADATA")
    rows = data.get("AITEM") if isinstance(data, dict) else None
    if isinstance(rows, dict):
        rows = [rows]
    found: dict[str, Outcome | None] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        lines = {str(name).upper(): _text(value) for name, value in row.items()}
        if lines.get("AID", "").isdecimal():
            found[lines["AID"]] = outcome(lines)
    return found


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
