"""Which kind of value a row of an assessor's table is, by the words of its label."""

from __future__ import annotations

import re

from taxlien.interfaces.scraper import ValueKind

from .reading_cells import words

_LAND = {"land"}
_IMPROVEMENT = {
    *(
        "building",
        "buildings",
        "bldg",
        "bldgs",
        "dwelling",
        "dwellings",
        "improvement",
        "improvements",
    ),
    *("impr", "imprv", "imprs", "structure", "structures"),
}
_EXTRA = {
    *(
        "accessory",
        "yard",
        "xfob",
        "oby",
        "outbuildings",
        "misc",
        "miscellaneous",
        "feature",
        "features",
    ),
    "accessories",
}
_AGRICULTURAL = {"ag", "agricultural", "agriculture", "greenbelt", "conservation", "cauv", "timber"}
_NOT_THE_VALUE = {
    *(
        "previous",
        "prior",
        "cap",
        "capped",
        "differential",
        "difference",
        "change",
        "soh",
        "portability",
    ),
    *(
        "deferred",
        "ratio",
        "rate",
        "millage",
        "percent",
        "tax",
        "taxes",
        "new",
        "construction",
        "before",
    ),
}
_EXEMPT = {"exempt", "exemption", "exemptions", "exempted"}
_WHOLE = {"total", "just", "market", "appraised", "fair", "fmv", "full"}
_WHOLE_NAMES = {"current value", "value total", "total"}
DECISIVE = frozenset(
    {"assessed", "appraised", "market", "taxable", "just", "fair", *_EXEMPT, *_AGRICULTURAL}
)
"""Words of a label that say the kind by themselves, whatever the table is headed."""

_SHARE = re.compile(r"(?<![\d.])(\d{1,3})(?:\.\d+)? ?%")

NO_MONEY = frozenset(
    {
        *(
            "luc",
            "class",
            "land use",
            "use code",
            "millage rate",
            "tax rate",
            "rate",
            "acres",
            "ratio",
        ),
        *(
            "neighborhood",
            "year",
            "tax year",
            "percent",
            "tax district",
            "property class",
            "land use code",
        ),
        *("roll year", "assessment year", "reason", "status"),
    }
)
"""Rows that stand among values and are none, whatever number is in them."""


def kind_of(label: str, heading: str = "") -> ValueKind:
    """Return the kind of the value labelled ``label``, in a table headed ``heading`` where that says more.

    A part of an assessed or taxable value (``Assessed Land``, ``Land (35%)``) is ``other``: ``land`` is the
    market value of the land.
    """
    has = _words_of(label)
    if not has & DECISIVE:
        has |= _words_of(heading)
    parts = [kind for kind, names in _PARTS if has & names]
    if "taxable" in has and "before" not in has:
        if parts and not has & _WHOLE:
            return "other"
        return "taxable_school" if "school" in has and "non" not in has else "taxable"
    if has & _AGRICULTURAL:
        return "agricultural_credit" if "credit" in has else "other"
    if has & _NOT_THE_VALUE:
        return "other"
    if has & _EXEMPT:
        return "exempt"
    if len(parts) > 1:
        return "other"
    if "assessed" in has or "assessment" in has:
        return "other" if parts else "assessed"
    if parts:
        return parts[0]
    if has & _WHOLE or words(label) in _WHOLE_NAMES:
        return "market"
    return "other"


def _words_of(text: str) -> set[str]:
    """Return the words; a share of the value (``35%``) says that it is assessed, all of it nothing."""
    has = set(words(text).split())
    share = _SHARE.search(text)
    if share and 0 < int(share[1]) < 100 and not has & {*_NOT_THE_VALUE, *_EXEMPT}:
        has.add("assessed")
    return has


_PARTS: tuple[tuple[ValueKind, set[str]], ...] = (
    ("land", _LAND),
    ("improvement", _IMPROVEMENT),
    ("extra_features", _EXTRA),
)
