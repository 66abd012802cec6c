"""Whether a change of a lien can have made it begin to match: only where the search asks for what changed.

A lien that matched before and after was no news when the search was saved, and is none because its
building was measured again. So a change of fields that a search does not look at announces nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from taxlien.interfaces.liens import Lien

from .conditions import AllOf, AnyOf, Condition, Not

_EVERY = frozenset(Lien.__struct_fields__)
# What price_for_search reads of a lien.
_PRICED = frozenset(
    (
        "kind",
        "status",
        "state",
        "county_fips",
        "sale_date",
        "homestead",
        "face_amount",
        "premium",
        "bid_rate_pct",
        "opening_bid",
        "winning_bid",
        "amount_due",
    )
)
# What flags_of reads of a lien.
_FLAGGED = frozenset(
    {"synthetic", "homestead", "vacant", "property_type", "acres", "building_sqft"}
)
_PLACE = frozenset({"city", "county", "county_fips", "state", "zip_code"})
_FIELDS = {
    "state": frozenset({"state"}),
    "fips": frozenset({"county_fips"}),
    "county_key": frozenset({"county", "county_fips"}),
    "status": frozenset({"status"}),
    "kind": frozenset({"kind"}),
    "property_type": frozenset({"property_type"}),
    "year": frozenset({"tax_year"}),
    "address": frozenset({"situs_address"}),
    "place": _PLACE,
    "glue": _PLACE | {"situs_address"},
    "number": frozenset({"parcel_id", "parcel_key", "certificate_number", "advertising_number"}),
    "price": _PRICED,
    "rate": _PRICED,
    "roi": _PRICED,
    "property_class": frozenset({"property_type"}),
    "flags": _FLAGGED,
    "not_flags": _FLAGGED,
    "ltv": frozenset({"face_amount", "amount_due", "market_value"}),
    "face": frozenset({"face_amount"}),
    "market_value": frozenset({"market_value"}),
    "acres": frozenset({"acres"}),
    "auction_day": frozenset({"sale_date"}),
    "spot": frozenset({"latitude", "longitude"}),
    "redeem_day": _PRICED | {"property_type"},
    "score": frozenset(),  # no fact of the lien: a model says it, and says when it moves
}
"""Which facts of a lien each field of a condition is made of; a field that is not here: any of them."""


def may_begin(condition: Condition, changed: Collection[str]) -> bool:
    """Tell whether a change of these fields of a lien may have let ``condition`` begin to hold."""
    return any(not _FIELDS.get(field, _EVERY).isdisjoint(changed) for field in _fields(condition))


def _fields(condition: Condition) -> Iterator[str]:
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from _fields(part)
    elif isinstance(condition, Not):
        yield from _fields(condition.part)
    else:
        yield condition.field
