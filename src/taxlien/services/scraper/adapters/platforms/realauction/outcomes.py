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
_AMOUNTS = frozenset({"amount", "sold amount", "winning bid", "sale amount", "final bid"})
_BUYERS = frozenset(
    {"3rd party bidder", "third party bidder", "plaintiff", "certificate holder", "county"}
)
_WORDINGS: tuple[tuple[re.Pattern[str], ItemStatus], ...] = (
    (
        re.compile(r"^(?:auction )?(?:not sold|unsold|no bids?\b.*|no sale|lands available.*)$"),
        "unsold",
    ),
    (re.compile(r"^struck off.*|.*\bstruck to county$"), "struck_off"),
    (re.compile(r"^redeemed(?: after sale)?$"), "redeemed"),
    (re.compile(r"^(?:auction )?sold(?: to.*)?$"), "sold"),
    (
        re.compile(r"^(?:auction )?(?:cancel+ed|withdrawn|removed)(?: per [a-z ]{1,30})?$"),
        "removed",
    ),
    (
        re.compile(r"^(?:auction (?:to be )?)?(?:rescheduled|postponed)(?: per [a-z ]{1,30})?$"),
        "removed",
    ),
    (re.compile(r"^(?:bankruptcy|paid|paid in full)$"), "removed"),
    (re.compile(r"^(?:auction )?starts$|^(?:auction )?waiting$"), "advertised"),
    (re.compile(r"^(?:auction )?(?:running|in progress|live|ends)$"), "running"),
    (re.compile(r"^bidder walked away$|^(?:auction )?closed$"), "closed"),
)


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
    dated = _DAY.search(text["B"]) or _DAY.search(text["A"])
    return Outcome(
        status=status,
        words=said,
        sold_for=money(text["D"]) if words(text["C"]) in _AMOUNTS else None,
        buyer=text["ST"] if text["ST"].lower() in _BUYERS else None,
        on=day(dated[0]) if dated else None,
    )


def _status(*candidates: str) -> tuple[ItemStatus | None, str | None]:
    for text in candidates:
        plain = words(text)
        for pattern, status in _WORDINGS:
            if pattern.match(plain):
                return status, "Sold" if status == "sold" else text
    return None, None


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
