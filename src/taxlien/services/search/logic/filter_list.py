"""Every filter of a search with its label, its parameters and its unit, for those who draw the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from .deriving import FLAGS, NOT_PUBLISHED
from .parameters import PARAMETERS
from .query import Filters

RISK_SORTS = ("risk_asc", "risk_desc")

FilterKind = Literal["choices", "truth", "range", "days", "area"]


class FilterLabel(msgspec.Struct, frozen=True, kw_only=True):
    """One filter. ``parameters`` set it: one that takes values, or the two ends of a range.

    ``facet`` names the counts of its values. ``not_published`` are the values (or the filter itself)
    that no source publishes yet: they find nothing.
    """

    name: str
    label: str
    kind: FilterKind
    parameters: tuple[str, ...]
    unit: str | None = None
    facet: str | None = None
    not_published: tuple[str, ...] = ()


def _choices(
    name: str, label: str, facet: str | None = None, without: tuple[str, ...] = ()
) -> FilterLabel:
    return FilterLabel(
        name=name,
        label=label,
        kind="choices",
        parameters=(name,),
        facet=facet or name,
        not_published=without,
    )


def _range(name: str, label: str, facet: str | None = None) -> FilterLabel:
    return FilterLabel(
        name=name,
        label=label,
        kind="range",
        parameters=(f"{name}_min", f"{name}_max"),
        unit=PARAMETERS[f"{name}_min"].unit,
        facet=facet,
    )


def _days(name: str, label: str) -> FilterLabel:
    ends = (f"{name}_from", f"{name}_to")
    return FilterLabel(name=name, label=label, kind="days", parameters=ends, unit="date")


def _area(name: str, label: str, *beside: str) -> FilterLabel:
    unit = "miles" if beside else "degrees"
    return FilterLabel(name=name, label=label, kind="area", parameters=(name, *beside), unit=unit)


_NO_FLAGS_YET = tuple(flag for flag in FLAGS if flag in NOT_PUBLISHED)

FILTERS = (
    _choices("state", "State"),
    _choices("county", "County"),
    _choices("status", "Status"),
    _choices("type", "Kind of lien, or property type as published", "property_type"),
    _choices("class", "Class of the property"),
    _choices("year", "Tax year"),
    _choices("flag", "Has any of", without=_NO_FLAGS_YET),
    _choices("not_flag", "Published to have none of", "flag", without=_NO_FLAGS_YET),
    FilterLabel(name="homestead", label="Homestead", kind="truth", parameters=("homestead",)),
    _range("price", "Price", "price_band"),
    _range("rate", "Rate in twelve months"),
    _range("ltv", "Lien to value"),
    _range("face", "Face amount"),
    _range("market_value", "Market value"),
    _range("acres", "Acres"),
    _range("score", "Risk score"),
    _days("auction", "Day of the sale"),
    _days("redeem", "End of the redemption period"),
    _area("near", "Near a point", "radius"),
    _area("zip", "Near a ZIP code", "radius"),
    _area("box", "Inside a box of the map"),
)


def described_filters(*, scored: bool) -> tuple[FilterLabel, ...]:
    """Return every filter; ``scored``: some lien has a risk score."""
    if scored:
        return FILTERS
    return tuple(
        msgspec.structs.replace(one, not_published=("score",)) if one.name == "score" else one
        for one in FILTERS
    )


def not_published(
    filters: Filters, sort: str = "", *, scored: Callable[[], bool]
) -> tuple[str, ...]:
    """Return which of the flags and numbers asked for nobody says of any lien yet: they find nothing,
    and sort nothing. ``scored`` tells whether some lien has a risk score."""
    asked = dict.fromkeys((*filters.flags, *filters.not_flags))
    found = [name for name in asked if name in NOT_PUBLISHED]
    if (filters.score is not None or sort in RISK_SORTS) and not scored():
        found.append("score")
    return tuple(found)
