"""The facts models are made of: one row a lien, the same names in SQL, in training and in serving.

Numbers are floats here: a model's features are not money. Unknown is null.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["text", "date", "float", "integer", "flag"]

COLUMNS: dict[str, Kind] = {
    "lien_id": "text",
    "state": "text",
    "county_fips": "text",
    "source": "text",
    "kind": "text",
    "status": "text",
    "parcel_key": "text",
    "tax_year": "integer",
    "certificate_number": "text",
    "sale_date": "date",
    "sale_date_basis": "text",
    "face_amount": "float",
    "bid_rate_pct": "float",
    "premium": "float",
    "opening_bid": "float",
    "winning_bid": "float",
    "amount_due": "float",
    "bid_count": "integer",
    "assessed_value": "float",
    "market_value": "float",
    "property_type": "text",
    "acres": "float",
    "building_sqft": "float",
    "year_built": "integer",
    "latitude": "float",
    "longitude": "float",
    "homestead": "flag",
    "vacant": "flag",
    "paid_on": "date",
    "redeemed_on": "date",
    "interest_paid": "float",
    "ended_on": "date",  # when a deed, a void or a lapse ended it, where the county says so
    "synthetic": "flag",
}
"""Column -> kind, in the order of ``ml.liens``. Money in US dollars, rates in percent."""

ORDER = ("county_fips", "sale_date", "parcel_key", "tax_year", "certificate_number", "lien_id")
"""How rows are sorted before anything is trained, so that the order of a database means nothing.

Ids come last: they are made anew by every import, and equal files must train equal models.
"""
