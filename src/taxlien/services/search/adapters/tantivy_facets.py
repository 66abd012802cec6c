"""Counts of liens by the values of their fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tantivy import Query, Searcher

from taxlien.services.search.logic import deriving, price_bands
from taxlien.services.search.logic.query import FACETS, Facets, FacetValue

from .tantivy_schema import NOTHING

# A lien's flags are also one word, so that a column has one value a lien: that is counted in a third
# of the time, and there are few such words.
_FIELDS = {**{name: name for name in FACETS}, "class": "property_class", "flag": "flag_set"}
ALL_VALUES = {name: 300 if name == "year" else 5000 for name in FACETS}
"""How many values of each facet there are at most."""
OF_A_SEARCH = {**ALL_VALUES, "county": 50, "property_type": 50, "year": 60}
"""How many values an answer has of each."""
_LABELS = {"class": deriving.LABELS, "flag": deriving.LABELS, "price_band": price_bands.LABELS}
_BANDS = {band: place for place, band in enumerate(price_bands.BANDS)}


def count_facets(searcher: Searcher, query: Query, sizes: Mapping[str, int]) -> Facets:
    """Count the liens that ``query`` finds by every facet in ``sizes``: the most frequent values first."""
    wanted = {name: {"terms": {"field": _FIELDS[name], "size": n}} for name, n in sizes.items()}
    found = searcher.aggregate(query, wanted)
    return {name: _values(name, found[name]["buckets"]) for name in sizes}


def shortened(facets: Facets, sizes: Mapping[str, int]) -> Facets:
    """Return the first values of each facet."""
    return {name: facets[name][:size] for name, size in sizes.items()}


def empty_facets() -> Facets:
    """Return the facets of an index that has no lien."""
    return {name: [] for name in FACETS}


def _values(name: str, buckets: list[dict[str, Any]]) -> list[FacetValue]:
    counted = [(b["key"], b["doc_count"]) for b in buckets if b["key"] != NOTHING]
    if name == "flag":
        each: Counter[str] = Counter()
        for together, count in counted:
            for flag in together.split(" "):
                each[flag] += count
        counted = each.most_common()
    elif name == "price_band":
        counted.sort(key=lambda value: _BANDS[value[0]])
    return [_value(name, key, count) for key, count in counted]


def _value(name: str, key: object, count: int) -> FacetValue:
    if name == "county":
        state, fips, label = str(key).split("|", 2)
        return FacetValue(value=fips, count=count, label=label, state=state)
    value = str(int(key)) if isinstance(key, (int, float)) else str(key)
    return FacetValue(value=value, count=count, label=_LABELS.get(name, {}).get(value))
