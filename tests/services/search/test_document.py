"""What a hit shows is what the catalogue knows, each value under its own name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from taxlien.services.search.logic.document import SearchItem, document_of
from taxlien.services.search.logic.pricing import price_for_search

EVERYTHING = {
    "version": 3,
    "situs_address": "7 OAK ST",
    "zip_code": "33801",
    "latitude": 27.5,
    "longitude": -81.5,
    "property_type": "Condo",
    "certificate_number": "2024-17",
    "advertising_number": "000091",
    "assessed_value": Decimal("50000.00"),
    "market_value": Decimal("64000.00"),
    "acres": Decimal("0.21"),
    "homestead": True,
    "vacant": True,
    "sale_date": date(2024, 6, 1),
    "sale_date_basis": "assumed",
    "synthetic": True,
    "last_changed_at": datetime(2025, 2, 3, tzinfo=UTC),
}


@pytest.mark.parametrize("premium", [None, Decimal("1.25")], ids=["priced", "refused by law"])
def test_every_value_of_a_hit_stands_under_its_own_name(make_lien, premium) -> None:
    lien = make_lien(5, premium=premium, **EVERYTHING)
    pricing = price_for_search(lien)
    item = msgspec.json.decode(document_of(lien).item, type=SearchItem)
    own = {"address": lien.situs_address, "flags": item.flags, "payoff_missing": pricing.missing}
    own |= {
        "lien_to_value_pct": Decimal("3.75"),
        "property_class": "condominium",
        "redemption_deadline": date(2026, 6, 1),
    }
    for name in SearchItem.__struct_fields__:
        source = pricing if name in msgspec.structs.asdict(pricing) else lien
        assert getattr(item, name) == own.get(name, getattr(source, name, None)), name
    assert set(item.flags) >= {"synthetic", "homestead", "vacant", "assumed_sale_date"}
    assert (item.payoff is None, item.payoff_missing) == (bool(premium), pricing.missing)


def test_unknown_values_of_a_hit_are_null(make_lien) -> None:
    unknown = ("situs_address", "city", "tax_year", "sale_date", "face_amount", "bid_rate_pct")
    document = document_of(make_lien(6, **dict.fromkeys(unknown)))
    shown = msgspec.json.decode(document.item)
    assert set(shown) == set(SearchItem.__struct_fields__)
    for name in ("address", "city", "tax_year", "sale_date", "face_amount", "price", "payoff"):
        assert shown[name] is None, name
    assert shown["payoff_missing"] == "no_sale_date"


def test_a_number_is_found_with_and_without_its_punctuation(make_lien) -> None:
    lien = make_lien(7, parcel_id="24.29/09-7", certificate_number="A-1", advertising_number="--")
    assert document_of(lien).numbers == "24.29/09-7 A-1 -- 2429097 A1"
