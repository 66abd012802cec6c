"""The parameters of ``GET /v1/search``: one table for the endpoint, its quick door and saved searches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

import msgspec

from .deriving import CLASSES, FLAGS

ParameterKind = Literal["text", "choices", "number", "day", "whole", "switch"]
"""``choices`` may be repeated or hold commas; ``number`` and ``day`` are texts that are read later."""


class Parameter(msgspec.Struct, frozen=True):
    """One parameter. ``unset`` stands for what was not given; ``says`` tells people what it takes."""

    name: str
    kind: ParameterKind
    says: str
    unset: Any = None
    unit: str | None = None
    of_page: bool = False
    """Whether it only tells how an answer is cut, which is no part of what is asked."""


_NUMBER = "a decimal number, such as 1500 or 12.5"
_ENDS = (("min", "at least"), ("max", "at most"))


def _choices(name: str, says: str) -> Parameter:
    return Parameter(name, "choices", says, unset=())


def _bounds(name: str, what: str, unit: str) -> list[Parameter]:
    return [
        Parameter(f"{name}_{end}", "number", f"{what}, {way}: {_NUMBER} ({unit})", unit=unit)
        for end, way in _ENDS
    ]


def _days(name: str, what: str) -> list[Parameter]:
    return [
        Parameter(
            f"{name}_{end}", "day", f"{what}, {way}: YYYY-MM-DD, the county's date", unit="date"
        )
        for end, way in (("from", "not before"), ("to", "not after"))
    ]


_ROWS = (
    Parameter(
        "q",
        "text",
        "words of an address, place, parcel or certificate number, and short forms (under 5k 18%)",
        unset="",
    ),
    _choices("state", "two letters or a name, one or several, also a,b"),
    _choices("county", "FIPS code or name, one or several"),
    _choices("type", "kind of lien, or property type as published"),
    _choices("status", "one or several, also a,b"),
    _choices("year", "tax year"),
    _choices("class", f"derived class of the property, any of {', '.join(CLASSES)}"),
    _choices("flag", f"has any of these: {', '.join(FLAGS)}"),
    _choices("not_flag", "is published to have none of these; unknown is not enough"),
    Parameter("homestead", "text", "true or false, as published; unknown fits neither"),
    *_bounds("price", "what the investor pays", "US dollars"),
    *_bounds("rate", "what twelve months bear", "percent"),
    *_bounds("ltv", "face amount by published market value", "percent"),
    *_bounds("face", "face amount", "US dollars"),
    *_bounds("market_value", "published market value", "US dollars"),
    *_bounds("acres", "size of the land", "acres"),
    *_bounds("score", "risk score", "points of 100"),
    *_days("auction", "day of the sale"),
    *_days("redeem", "end of the redemption period, by the law of the state"),
    Parameter(
        "literal", "switch", "take `q` as it stands: no filters are read from it", unset=False
    ),
    Parameter("near", "text", "latitude,longitude: only liens within `radius` of it"),
    Parameter("zip", "text", "ZIP code of five digits: only liens within `radius` of its centre"),
    Parameter("radius", "number", "around near or zip: 10, at most 250 (miles)", unit="miles"),
    Parameter("box", "text", "west,south,east,north in degrees: only liens inside"),
    Parameter("sort", "text", "order; relevance_desc with words, roi_desc without"),
    Parameter("page", "whole", "from 1", unset=1, of_page=True),
    Parameter(
        "cursor", "text", "`next_cursor` of the page before, instead of `page`", of_page=True
    ),
    Parameter("page_size", "whole", "1 to 100", unset=20, of_page=True),
    Parameter("facets", "switch", "count liens by state, county, ...", unset=True, of_page=True),
    Parameter(
        "highlight",
        "switch",
        "tell which pieces of addresses, places and numbers matched",
        unset=False,
        of_page=True,
    ),
)

PARAMETERS: Mapping[str, Parameter] = {parameter.name: parameter for parameter in _ROWS}
_UNSET = {parameter.name: parameter.unset for parameter in _ROWS}


class Given:
    """The values of one question, each parameter that is not there at what stands for that."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Raises ``TypeError`` for a name that is no parameter, as a call of a function does."""
        unknown = values.keys() - PARAMETERS.keys()
        if unknown:
            raise TypeError(f"no parameter of a search: {', '.join(sorted(unknown))}")
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name, _UNSET[name])

    def gives_any(self, names: Collection[str]) -> bool:
        """Tell whether any of these parameters is given."""
        return any(name in names for name in self._values)


def savable() -> Iterable[Parameter]:
    """Yield the parameters that are part of what is asked, and so of a saved search."""
    return (p for p in PARAMETERS.values() if not p.of_page)
