"""Collected pages become liens and parcels, whoever comes first, and every value says who said it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, get_args

import httpx2
import pytest

from taxlien.interfaces.liens import (
    AuctionScheduled,
    LienChanged,
    LienCreated,
    LienStatus,
    LienStatusChanged,
)
from taxlien.interfaces.scraper import ItemKind, ItemStatus
from taxlien.kit.http.app import create_app
from taxlien.services.liens import service
from taxlien.services.liens.endpoints import router
from taxlien.services.liens.logic.pages import KINDS, STATUSES

AUCTION = "realauction/fl_polk"


async def record(catalogue: Any, *pages: Any) -> service.CollectedCounts:
    async with catalogue.database.session() as session:
        return await service.record_collected(session, pages)


async def only_lien(catalogue: Any) -> Any:
    async with catalogue.database.session() as session:
        [found] = await service.liens(session, limit=10)
    return found


def test_every_kind_and_status_of_an_item_is_translated_or_left_out_on_purpose() -> None:
    assert set(get_args(ItemKind)) - KINDS.keys() == {"foreclosure"}
    assert set(get_args(ItemStatus)) - STATUSES.keys() == {"closed"}
    assert set(STATUSES.values()) <= set(get_args(LienStatus))
    assert (STATUSES["running"], STATUSES["available"]) == ("advertised", "struck_off")


async def test_lien_seen_after_its_parcel_takes_its_facts(
    catalogue: Any, page: Any, parcel: Any, item: Any
) -> None:
    await record(catalogue, page(0, parcels=(parcel(market=90000, acres=Decimal("0.25")),)))
    assert await catalogue.events() == []
    await record(catalogue, page(5, source=AUCTION, liens=(item(),)))
    [event] = await catalogue.events()
    assert isinstance(event, LienCreated)
    assert event.lien == await only_lien(catalogue)
    assert event.lien.situs_address == "12 ARMSTRONG AVE"
    assert (event.lien.market_value, event.lien.acres) == (Decimal("90000"), Decimal("0.25"))
    assert (event.lien.source, event.lien.property_type) == (AUCTION, "SINGLE FAMILY")


async def test_parcel_seen_after_its_lien_changes_only_what_it_says(
    catalogue: Any, page: Any, parcel: Any, item: Any
) -> None:
    known = item(situs_address="12 ARMSTRONG AVE", city="LAKELAND", property_type="SINGLE FAMILY")
    await record(catalogue, page(0, source=AUCTION, liens=(known,)))
    counts = await record(catalogue, page(5, parcels=(parcel(assessed=70000, homestead=True),)))
    _, event = await catalogue.events()
    assert counts.enriched == 1
    assert isinstance(event, LienChanged)
    assert set(event.changed) == {"assessed_value", "homestead"}
    assert (event.lien.version, event.lien.source) == (2, AUCTION)


async def test_one_batch_with_lien_and_parcel_announces_one_whole_lien(
    catalogue: Any, page: Any, parcel: Any, item: Any
) -> None:
    both = page(0, liens=(item(),), parcels=(parcel(market=90000),))
    await record(catalogue, both)
    [event] = await catalogue.events()
    assert isinstance(event, LienCreated)
    assert event.lien.market_value == Decimal("90000")


async def test_assessor_wins_for_the_property_and_the_list_for_the_lien(
    catalogue: Any, page: Any, parcel: Any, item: Any, record: Any
) -> None:
    async with catalogue.database.session() as session:
        await service.record_collected(
            session,
            [
                page(0, parcels=(parcel(),)),
                page(1, source=AUCTION, liens=(item(situs_address="12 ARMSTRNG"),)),
                page(2, source=AUCTION, liens=(item(city="TAMPA", face_amount=Decimal("9.00")),)),
            ],
        )
    same = {"advertising_number": "17", "certificate_number": None, "tax_year": 2025}
    await catalogue.observe(record(situs_address="ANOTHER ST", premium="5.00", **same))
    lien = await only_lien(catalogue)
    assert (lien.situs_address, lien.city) == ("12 ARMSTRONG AVE", "LAKELAND")
    assert (lien.face_amount, lien.premium) == (Decimal("1875.34"), Decimal("5.00"))


async def test_every_value_names_the_page_that_said_it(
    catalogue: Any, page: Any, parcel: Any, item: Any
) -> None:
    await record(catalogue, page(0, key="card", parcels=(parcel(market=90000, year_built=1961),)))
    await record(catalogue, page(1, key="card", parcels=(parcel(market=95000),)))
    await record(catalogue, page(2, source=AUCTION, key="list", liens=(item(),)))
    lien = await only_lien(catalogue)
    app = create_app(title="test", routers=[router], databases={"liens": catalogue.database})
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://liens.test") as http:
        body = (await http.get(f"/v1/liens/{lien.lien_id}/observations")).json()
    assert (body["fields"]["market_value"]["value"], body["fields"]["market_value"]["source"]) == (
        "95000.00",
        "qpublic/fl_polk",
    )
    by_number = {said["number"]: said for said in body["items"]}
    built = by_number[body["fields"]["year_built"]["observation"]]
    face = by_number[body["fields"]["face_amount"]["observation"]]
    assert (built["url"], built["page_sha256"]) == ("https://qpublic.example/card", "0" * 64)
    assert (face["url"], face["source"]) == ("https://realauction.example/list", AUCTION)
    assert (face["parser_version"], face["line"]) == ("realauction/1", None)
    assert face["fetched_at"].startswith("2026-11-20T12:02")


async def test_items_that_are_no_liens_are_counted_and_not_recorded(
    catalogue: Any, page: Any, item: Any
) -> None:
    items = (
        item(kind="foreclosure"),
        item(status="closed"),
        item(parcel_id=None),
        item(parcel_id="SEE LEGAL"),
    )
    counts = await record(catalogue, page(0, source=AUCTION, liens=items))
    assert counts.not_recorded == {
        "foreclosure": 1,
        "outcome_unknown": 1,
        "no_parcel": 1,
        "unreadable": 1,
    }
    assert await catalogue.count("liens") == 0
    assert await catalogue.rows("SELECT not_recorded, liens FROM liens.coverage") == [(4, 0)]


async def test_page_of_no_county_is_counted_and_not_recorded(
    catalogue: Any, page: Any, item: Any
) -> None:
    from_nowhere = page(0, liens=(item(),))
    card = type(from_nowhere.source)(
        name="x/y", title="x", platform="x", county_fips="99999", legal_status="open_data", url="u"
    )
    counts = await record(catalogue, page(0, card=card, liens=(item(),)))
    assert (counts.not_recorded, await catalogue.count("liens")) == ({"no_county": 1}, 0)


async def test_status_moves_are_announced_with_what_moved(
    catalogue: Any, page: Any, item: Any
) -> None:
    await record(catalogue, page(0, source=AUCTION, liens=(item(status="running"),)))
    sold = item(status="sold", certificate_number="0000881", winning_bid=Decimal("2000.00"))
    await record(catalogue, page(9, source=AUCTION, liens=(sold,)))
    _, event = await catalogue.events()
    assert isinstance(event, LienStatusChanged)
    assert (event.previous_status, event.lien.status) == ("advertised", "sold")
    assert set(event.changed) == {"certificate_number", "winning_bid"}


async def test_lien_with_lists_older_than_its_outcome_keeps_the_outcome(
    catalogue: Any, page: Any, item: Any
) -> None:
    """Whichever is heard first, and though the list was read later."""
    listed = page(9, source="lienhub/fl_polk", liens=(item(),))
    outcome = page(1, source=AUCTION, liens=(item(status="sold"),))
    await record(catalogue, listed)
    await record(catalogue, outcome)
    assert (await only_lien(catalogue)).status == "sold"


async def test_sale_days_become_sales_and_date_their_liens(
    catalogue: Any, page: Any, item: Any, sale_day: Any
) -> None:
    await record(catalogue, page(0, source=AUCTION, liens=(item(),)))
    days = (
        sale_day(date(2026, 6, 1), tax_year=2025),
        sale_day(date(2026, 7, 9), "foreclosure"),
        sale_day(date(2026, 8, 9), "tax_deed"),
    )
    counts = await record(catalogue, page(1, source=AUCTION, key="days", sales=days))
    assert (counts.sales, await catalogue.count("sales")) == (3, 3)
    lien = await only_lien(catalogue)
    assert (lien.sale_date, lien.sale_date_basis) == (date(2026, 6, 1), "published")


async def test_synthetic_source_makes_synthetic_liens(catalogue: Any, page: Any, item: Any) -> None:
    card = page(0).source
    played = type(card)(
        name="sim/x", title="x", platform="sim", county_fips="12105", legal_status="synthetic",
        url="http://127.0.0.1:1", synthetic=True,
    )  # fmt: skip
    await record(catalogue, page(0, card=played, liens=(item(),)))
    assert (await only_lien(catalogue)).synthetic is True


@pytest.mark.parametrize("statement", ["UPDATE liens.{} SET url = 'x'", "DELETE FROM liens.{}"])
async def test_what_pages_said_cannot_be_changed(
    catalogue: Any, page: Any, parcel: Any, statement: str
) -> None:
    await record(catalogue, page(0, parcels=(parcel(),)))
    with pytest.raises(Exception, match="append-only"):
        await catalogue.rows(statement.format("parcel_observations"))


async def test_a_coming_sale_is_announced_once_and_a_past_one_never(
    catalogue: Any, page: Any, sale_day: Any
) -> None:
    days = (sale_day(date(2199, 6, 1), tax_year=2025), sale_day(date(2020, 6, 1)))
    for minute in (0, 1):
        await record(catalogue, page(minute, source=AUCTION, key="days", sales=days))
    [told] = await catalogue.events()
    assert isinstance(told, AuctionScheduled)
    assert (told.auction_on, told.kind, told.hour) == (date(2199, 6, 1), "certificate_sale", None)
    assert (told.county_fips, told.county, told.time_zone) == ("12105", "Polk", "America/New_York")
    assert (told.source, told.state) == (AUCTION, "FL")
    moved = (sale_day(date(2199, 6, 8), tax_year=2025),)
    await record(catalogue, page(2, source=AUCTION, key="days", sales=moved))
    [told] = await catalogue.events()
    assert told.auction_on == date(2199, 6, 8)
