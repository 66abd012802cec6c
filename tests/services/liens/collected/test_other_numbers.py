"""Items that name their parcel by another number than its id are recorded where they belong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from taxlien.services.liens import service

AUCTION = "realauction/fl_polk"
WHERE = "SELECT parcel_key, parcel_id, opening_bid, status FROM liens.liens ORDER BY parcel_key"


async def record(catalogue: Any, *pages: Any) -> service.CollectedCounts:
    """Record pages twice: the second time nothing may happen."""
    async with catalogue.database.session() as session:
        counts = await service.record_collected(session, pages)
    traces = [await catalogue.count(table) for table in ("liens", "observations", "outbox")]
    async with catalogue.database.session() as session:
        await service.record_collected(session, pages)
    assert traces == [await catalogue.count(t) for t in ("liens", "observations", "outbox")]
    return counts


@pytest.fixture
def deed(item: Any) -> Any:
    """``deed(other_ids={...})``: a deed sale that names no parcel id."""

    def make(**fields: Any) -> Any:
        known: dict[str, Any] = {
            "kind": "deed_sale", "parcel_id": None, "advertising_number": None, "face_amount": None,
            "certificate_number": "2019-77", "tax_year": None, "sale_date": date(2026, 12, 3),
            "opening_bid": Decimal("4500.00"), "item_id": "991",
        }  # fmt: skip
        return item(**known | fields)

    return make


async def test_number_of_a_known_parcel_is_that_parcel_whatever_zeros_lead(
    catalogue: Any, page: Any, parcel: Any, deed: Any
) -> None:
    known = parcel(other_ids={"Account Number": "1023456"}, market=90000)
    sold = deed(other_ids={"Parcel Key": "0001023456"})
    await record(catalogue, page(1, source=AUCTION, liens=(sold,)), page(0, parcels=(known,)))
    assert await catalogue.rows(WHERE) == [
        ("0126000001", "0126-000001", Decimal("4500.00"), "advertised")
    ]
    [created] = await catalogue.events()
    assert (created.lien.market_value, created.lien.situs_address) == (
        Decimal("90000.00"),
        "12 ARMSTRONG AVE",
    )
    [(attributes,)] = await catalogue.rows(
        "SELECT values->'attributes' FROM liens.observations WHERE values ? 'status'"
    )
    assert (attributes["parcel_id is"], attributes["id Parcel Key"]) == (
        "Parcel Key",
        "0001023456",
    )


async def test_number_that_nobody_else_knows_is_a_parcel_of_its_own_and_stays_one_lien(
    catalogue: Any, page: Any, parcel: Any, deed: Any
) -> None:
    sold = deed(other_ids={"Alternate Key": "1023456"})
    counts = await record(catalogue, page(0, source=AUCTION, liens=(sold,)))
    assert (counts.liens.new, counts.not_recorded.total()) == (1, 0)
    known = parcel(other_ids={"Alternate Key": "1023456"})
    later = deed(other_ids={"Alternate Key": "1023456"}, status="sold")
    await record(catalogue, page(1, parcels=(known,)), page(2, source=AUCTION, liens=(later,)))
    assert await catalogue.rows(WHERE) == [("1023456", "1023456", Decimal("4500.00"), "sold")]
    async with catalogue.database.session() as session:
        found = await service.parcel(session, "12105", "1023456")
    assert [lien.status for lien in found.liens] == ["sold"]


async def test_number_that_two_parcels_have_is_neither(
    catalogue: Any, page: Any, parcel: Any, deed: Any
) -> None:
    twins = tuple(
        parcel(parcel_id=name, other_ids={"Account": "R-5501"}) for name in ("A-100", "A-200")
    )
    await record(catalogue, page(0, parcels=twins))
    await record(catalogue, page(1, source=AUCTION, liens=(deed(other_ids={"Account": "R5501"}),)))
    assert [row[0] for row in await catalogue.rows(WHERE)] == ["R5501"]


async def test_parcel_of_that_very_id_goes_before_one_that_has_it_as_another_number(
    catalogue: Any, page: Any, parcel: Any, deed: Any
) -> None:
    own = parcel(parcel_id="5550-001")
    other = parcel(parcel_id="A-100", other_ids={"Account": "5550001"})
    await record(catalogue, page(0, parcels=(own, other)))
    sold = deed(other_ids={"Alternate Key": "5550001"})
    await record(catalogue, page(1, source=AUCTION, liens=(sold,)))
    assert [row[0] for row in await catalogue.rows(WHERE)] == ["5550001"]


async def test_parcels_sold_together_are_found_by_every_number_and_paid_once(
    catalogue: Any, page: Any, deed: Any
) -> None:
    numbers = {"Parcel ID 1": "30-26-01", "Parcel ID 2": "30-26-02", "Parcel ID 3": "30-26-03"}
    sold = deed(other_ids=numbers, assessed_value=Decimal("12000.00"))
    counts = await record(catalogue, page(0, source=AUCTION, liens=(sold,)))
    assert counts.liens.new == 3
    assert [row[:3] for row in await catalogue.rows(WHERE)] == [
        ("302601", "30-26-01", Decimal("4500.00")),
        ("302602", "30-26-02", None),
        ("302603", "30-26-03", None),
    ]
    told = await catalogue.rows(
        "SELECT values->'attributes'->>'parcels sold together',"
        " values->'attributes'->>'amounts stand under', values->'attributes'->>'item_id'"
        " FROM liens.observations JOIN liens.liens USING (lien_id) ORDER BY parcel_key"
    )
    assert told == [
        ("30-26-01, 30-26-02, 30-26-03", under, "991") for under in (None, "30-26-01", "30-26-01")
    ]
    ended = deed(other_ids=numbers, status="redeemed")
    await record(catalogue, page(1, source=AUCTION, liens=(ended,)))
    assert {row[3] for row in await catalogue.rows(WHERE)} == {"redeemed"}


async def test_numbers_that_name_no_parcel_record_nothing(
    catalogue: Any, page: Any, deed: Any
) -> None:
    items = (
        deed(other_ids={"Section": "12", "Township": "30", "Range": "26"}),
        deed(other_ids={"Account": "SEE LEGAL"}),
        deed(kind="foreclosure", other_ids={"Alternate Key": "1"}),
    )
    counts = await record(catalogue, page(0, source=AUCTION, liens=items))
    assert +counts.not_recorded == {"no_parcel": 2, "foreclosure": 1}
    assert await catalogue.count("liens") == 0
