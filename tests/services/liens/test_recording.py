"""Recording observations: what is new is kept and announced, what is not leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from taxlien.interfaces.liens import LienChanged, LienCreated, LienStatusChanged
from taxlien.services.liens import service
from taxlien.services.liens.logic.records import LienRecord

Make = Callable[..., LienRecord]


async def stored(catalogue: Any) -> list[Any]:
    async with catalogue.database.session() as session:
        return list(await service.liens(session, limit=100))


async def test_new_lien_is_stored_as_it_is_announced(catalogue: Any, record: Make) -> None:
    counts, refused = await catalogue.observe(
        record(
            situs_address='TAB\tAND "QUOTES" \\ N', homestead=False, acres="0.25", latitude=27.95
        )
    )
    assert (counts.new, refused) == (1, [])
    [event] = await catalogue.events()
    assert isinstance(event, LienCreated)
    assert await stored(catalogue) == [event.lien]
    assert event.lien.situs_address == 'TAB\tAND "QUOTES" \\ N'
    assert event.lien.county == "Polk"


async def test_same_values_from_the_same_source_leave_no_trace(
    catalogue: Any, record: Make
) -> None:
    await catalogue.observe(record())
    await catalogue.events()
    counts, _ = await catalogue.observe(record(line=99))
    assert counts == service.RecordCounts(unchanged=1)
    assert await catalogue.events() == []
    assert await catalogue.count("observations") == 1


async def test_change_is_announced_with_the_whole_lien(catalogue: Any, record: Make) -> None:
    await catalogue.observe(record())
    await catalogue.observe(record(face_amount="1900.00"))
    _, event = await catalogue.events()
    assert isinstance(event, LienChanged)
    assert event.changed == ("face_amount",)
    assert event.lien.version == 2
    assert event.lien.bid_rate_pct == Decimal("0.25")
    assert await stored(catalogue) == [event.lien]


async def test_change_back_is_a_change(catalogue: Any, record: Make) -> None:
    for amount in ("1875.34", "1900.00", "1875.34"):
        await catalogue.observe(record(face_amount=amount))
    assert len(await catalogue.events()) == 3
    assert await catalogue.count("observations") == 3
    [lien] = await stored(catalogue)
    assert (lien.version, lien.face_amount) == (3, Decimal("1875.34"))


async def test_second_source_adds_what_it_knows_and_erases_nothing(
    catalogue: Any, record: Make
) -> None:
    await catalogue.observe(record(situs_address="1 MAIN ST"))
    await catalogue.observe(
        record(bid_rate_pct=None, sale_date=None, sale_date_basis=None, market_value="90000.00"),
        source="assessor",
    )
    [lien] = await stored(catalogue)
    assert (lien.bid_rate_pct, lien.market_value) == (Decimal("0.25"), Decimal("90000.00"))
    assert (lien.situs_address, lien.source) == ("1 MAIN ST", "assessor")


async def test_older_source_saying_the_same_again_does_not_undo_a_newer_one(
    catalogue: Any, record: Make
) -> None:
    await catalogue.observe(record(face_amount="10.00"))
    await catalogue.observe(record(face_amount="11.00"), source="correction")
    counts, _ = await catalogue.observe(record(face_amount="10.00"))
    assert counts.unchanged == 1
    [lien] = await stored(catalogue)
    assert lien.face_amount == Decimal("11.00")


async def test_status_change_is_announced_and_kept_in_history(catalogue: Any, record: Make) -> None:
    await catalogue.observe(record(status="advertised"))
    await catalogue.observe(record(status="sold", premium="5.00"))
    _, event = await catalogue.events()
    assert isinstance(event, LienStatusChanged)
    assert (event.previous_status, event.lien.status) == ("advertised", "sold")
    assert event.changed == ("premium",)
    history = await catalogue.rows("SELECT status FROM liens.status_history ORDER BY number")
    assert history == [("advertised",), ("sold",)]


async def test_dated_statuses_of_a_source_are_kept_once(catalogue: Any, record: Make) -> None:
    first = (("delinquent", date(2026, 3, 1)),)
    both = (*first, ("redeemed", date(2026, 4, 1)))
    await catalogue.observe(record(status="delinquent", status_history=first))
    await catalogue.observe(record(status="redeemed", status_history=both))
    history = await catalogue.rows(
        "SELECT status, seen_on FROM liens.status_history ORDER BY number"
    )
    assert history == list(both)


async def test_lien_of_a_list_gets_its_certificate_and_stays_one_lien(
    catalogue: Any, record: Make
) -> None:
    await catalogue.observe(
        record(certificate_number=None, advertising_number="7", status="advertised")
    )
    await catalogue.observe(record(certificate_number="C-1", advertising_number="7"))
    [lien] = await stored(catalogue)
    assert (lien.certificate_number, lien.advertising_number) == ("C-1", "7")
    keys = await catalogue.rows("SELECT certificate_key FROM liens.liens")
    assert keys == [("C-1",)]


async def test_repeated_row_is_a_duplicate_and_a_contradicting_one_is_refused(
    catalogue: Any, record: Make
) -> None:
    counts, [reject] = await catalogue.observe(
        record(line=2), record(line=3), record(line=4, face_amount="9.00")
    )
    assert (counts.new, counts.duplicates, counts.refused) == (1, 1, 1)
    assert reject.line == 4
    assert "line 2" in reject.reason
    assert await catalogue.count("observations") == 1


async def test_record_of_an_unknown_county_is_refused_and_the_others_are_taken(
    catalogue: Any, record: Make
) -> None:
    counts, [reject] = await catalogue.observe(
        record(number=1, county_fips="12999"), record(number=2)
    )
    assert (counts.new, counts.refused) == (1, 1)
    assert "12999" in reject.reason


async def test_parcel_gathers_what_its_liens_say(catalogue: Any, record: Make) -> None:
    await catalogue.observe(record(tax_year=2017, situs_address="1 MAIN ST"))
    await catalogue.observe(record(tax_year=2018, city="LAKELAND", parcel_id="0126 000001"))
    parcels = await catalogue.rows("SELECT parcel_id, situs_address, city FROM liens.parcels")
    assert parcels == [("0126 000001", "1 MAIN ST", "LAKELAND")]


async def test_synthetic_source_marks_its_liens(catalogue: Any, record: Make) -> None:
    await catalogue.observe(record(), source="demo", synthetic=True)
    [lien] = await stored(catalogue)
    assert lien.synthetic is True


async def test_observations_at_the_same_time_make_one_lien(catalogue: Any, record: Make) -> None:
    batches = [catalogue.observe(*(record(number=n) for n in range(50))) for _ in range(4)]
    outcomes = await asyncio.gather(*batches)
    assert sorted(counts.new for counts, _ in outcomes) == [0, 0, 0, 50]
    assert sum(counts.unchanged for counts, _ in outcomes) == 150
    events = await catalogue.events()
    assert len({event.lien.lien_id for event in events}) == len(events) == 50


async def test_batch_of_several_counties_and_over_five_thousand_records(
    catalogue: Any, record: Make
) -> None:
    polk = [record(number=n) for n in range(5_200)]
    dixie = [msgspec.structs.replace(polk[n], county_fips="12029") for n in range(100)]
    counts, refused = await catalogue.observe(*polk, *dixie)
    assert (counts.new, refused) == (5_300, [])
    by_county = await catalogue.rows(
        "SELECT county, count(*) FROM liens.liens GROUP BY county ORDER BY county"
    )
    assert by_county == [("Dixie", 100), ("Polk", 5_200)]
