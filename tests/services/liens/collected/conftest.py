"""Pages as the scraper tells of them: Polk County, Florida, unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from taxlien.interfaces.scraper import (
    LienObserved,
    PageCard,
    ParcelObserved,
    SaleDayObserved,
    ScrapeObserved,
    SourceCard,
    ValueOfYear,
)

PARCEL = "0126-000001"
RUN = UUID("01990000-0000-7000-8000-000000000001")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def source_card(name: str, **fields: Any) -> SourceCard:
    known: dict[str, Any] = {
        "name": name,
        "title": f"{name} of Polk County",
        "platform": name.partition("/")[0],
        "county_fips": "12105",
        "legal_status": "open_data",
        "url": f"https://{name.partition('/')[0]}.example",
    }
    return SourceCard(**known | fields)


@pytest.fixture
def page() -> Callable[..., ScrapeObserved]:
    """``page(minute, source=..., parcels=..., liens=...)``: what a page said that many minutes past noon."""

    def make(
        minute: float = 0.0, *, source: str = "qpublic/fl_polk", key: str = "p1", **said: Any
    ) -> ScrapeObserved:
        card = said.pop("card", None) or source_card(source)
        return ScrapeObserved(
            run_id=RUN,
            source=card,
            page=PageCard(
                key=key,
                url=f"{card.url}/{key}",
                fetched_at=NOON + timedelta(minutes=minute),
                parser_version=f"{card.platform}/1",
                content_sha256=f"{int(minute * 10):064x}",
            ),
            **said,
        )

    return make


@pytest.fixture
def parcel() -> Callable[..., ParcelObserved]:
    """``parcel(market=90000, acres=..)``: a property as an assessor's page describes it."""

    def make(**fields: Any) -> ParcelObserved:
        values = tuple(
            ValueOfYear(year=2026, kind=kind, amount=Decimal(amount), label=kind)
            for kind in ("market", "assessed")
            if (amount := fields.pop(kind, None)) is not None
        )
        known: dict[str, Any] = {
            "parcel_id": PARCEL,
            "situs_address": "12 ARMSTRONG AVE",
            "city": "LAKELAND",
            "land_use": "SINGLE FAMILY",
            "owner_published": True,
            "values": values,
        }
        return ParcelObserved(**known | fields)

    return make


@pytest.fixture
def item() -> Callable[..., LienObserved]:
    """``item(status="sold", ...)``: a certificate as a list of a sale shows it."""

    def make(**fields: Any) -> LienObserved:
        known: dict[str, Any] = {
            "kind": "certificate",
            "status": "advertised",
            "parcel_id": PARCEL,
            "tax_year": 2025,
            "advertising_number": "17",
            "face_amount": Decimal("1875.34"),
        }
        return LienObserved(**known | fields)

    return make


@pytest.fixture
def sale_day() -> Callable[..., SaleDayObserved]:
    def make(day: Any, kind: str = "certificate_sale", **fields: Any) -> SaleDayObserved:
        return SaleDayObserved(sale_date=day, kind=kind, **fields)

    return make
