"""What follows from the published facts of a lien by fixed rules (ADR 0080), and nothing beyond them.

Each rule answers None where a fact it needs is not published: unknown is never taken for "no".
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from taxlien.interfaces.liens import Lien
from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.expected_value import lien_to_value_pct
from taxlien.law.redeeming import redemption_period_ends
from taxlien.law.rules import Rule

SLIVER_BELOW = Decimal("0.05")
"""Acres (2,178 square feet) below which land without a building is a strip that nobody builds on."""
PARTS_OF_AN_ACRE = 10_000

FLAGS = (
    "bankrupt",
    "irs_lien",
    "sliver",
    "landlocked",
    "exempt_owner",
    "vacant",
    "homestead",
    "synthetic",
)
NOT_PUBLISHED = frozenset({"bankrupt", "irs_lien", "landlocked"})
"""Flags that no source publishes yet: no lien has them, and answers say so."""

_CLASSES = (
    ("exempt", r"(?<!non )exempt|government|municipal|church|religious|(county|city|state) owned"),
    ("vacant_land", r"(vacant|vac|unimproved)(?! (house|home|building|dwelling|store|structure))"),
    ("vacant_land", r"undevelop\w*|dev acrs"),
    ("mobile_home", r"(mobile|manufactured|mh|mbh)(?! (homes? )?parks?)|trailer(?! parks?)"),
    ("condominium", r"condo|condominium|commcondo|cooperative"),
    ("multi_family", r"multi ?family|duplex|triplex|dup|[2-9] ?plex|apartments?|apt|[2-9] family"),
    ("agricultural", r"agric\w*|farm\w*|timber\w*|ranch|pasture|grove"),
    ("industrial", r"indust\w*|manufacturing|mfg|warehouse|whs"),
    ("commercial", r"comm|commerc\w*|retail|rtl|offices?|ofc|hotel|motel|htl|stores?|restaurant"),
    ("residential", r"res|resid\w*|single ?family|dwelling|house|sfr|twh|town ?h\w*"),
    ("vacant_land", r"land|lots?|acreage"),
)
CLASSES = tuple(dict.fromkeys(name for name, _ in _CLASSES))
_PATTERNS = tuple((name, re.compile(rf"\b(?:{words})\b")) for name, words in _CLASSES)
LABELS = {name: name.replace("_", " ").capitalize() for name in (*CLASSES, *FLAGS)}
LABELS["irs_lien"] = "IRS lien"
_NOT_WORD = re.compile(r"[\W_]+")
_OF_A_BUILDING = frozenset({"condominium", "mobile_home", "multi_family"})
_STILL_OWED = frozenset({"sold", "assigned", "deed_applied"})
_SOLD_KINDS = frozenset({"certificate", "deed_sale"})


@lru_cache(maxsize=8192)
def property_class(property_type: str | None) -> str | None:
    """Return the class that the published words of a property type name; None where they name none."""
    if not property_type:
        return None
    words = _NOT_WORD.sub(" ", property_type.casefold())
    return next((name for name, pattern in _PATTERNS if pattern.search(words)), None)


def lien_to_value(lien: Lien) -> Decimal | None:
    """Return what is owed in percent of the market value. An assessed value is no market value."""
    value = lien.market_value
    owed = lien.amount_due if lien.face_amount is None else lien.face_amount
    return lien_to_value_pct(owed, value) if owed is not None and value and value > 0 else None


def redemption_deadline(lien: Lien, rule_id: str | None) -> date | None:
    """Return when the redemption period ends by the rule that prices the lien, county-local.

    None for what was not sold, is redeemed or over, or has no such time by law.
    """
    if rule_id is None or lien.sale_date is None:
        return None
    if lien.status not in _STILL_OWED or lien.kind not in _SOLD_KINDS:
        return None
    of_class = property_class(lien.property_type)
    return _deadline(rule_id, lien.sale_date, lien.homestead, of_class)


def flags_of(lien: Lien) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of ``FLAGS`` are known to hold, and which are known not to; the rest is unknown."""
    of_class = property_class(lien.property_type)
    told = (
        lien.synthetic,
        lien.homestead,
        lien.vacant,
        None if of_class is None else of_class == "exempt",
        _is_sliver(lien, of_class),
    )
    return _told(told)


_TOLD = ("synthetic", "homestead", "vacant", "exempt_owner", "sliver")


@lru_cache(maxsize=243)
def _told(told: tuple[bool | None, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = list(zip(_TOLD, told, strict=True))
    return (
        tuple(name for name, holds in known if holds),
        tuple(name for name, holds in known if holds is False),
    )


def _is_sliver(lien: Lien, of_class: str | None) -> bool | None:
    """Tell whether the land is below ``SLIVER_BELOW`` and carries no building.

    The land under a unit of a building is not its own; and without a word on a building, a small lot
    may well be one under a row house.
    """
    acres = lien.acres
    if acres is None or acres <= 0:
        return None
    if acres >= SLIVER_BELOW or lien.building_sqft or of_class in _OF_A_BUILDING:
        return False
    if lien.vacant is not None:
        return lien.vacant
    return True if lien.building_sqft is not None or of_class == "vacant_land" else None


@lru_cache(maxsize=8192)
def _deadline(
    rule_id: str, sold_on: date, homestead: bool | None, of_class: str | None
) -> date | None:
    rule = _rules().get(rule_id)
    agricultural = None if of_class is None else of_class == "agricultural"
    return redemption_period_ends(rule, sold_on, homestead, agricultural) if rule else None


@lru_cache(maxsize=1)
def _rules() -> dict[str, Rule]:
    rulebook = load_rulebook()
    return {rule.rule_id: rule for s in rulebook.states() for rule in rulebook.rules_of(s)}
