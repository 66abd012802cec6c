"""Importing a file: whole or not at all, and twice is once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from taxlien.interfaces.liens import LienChanged, LienCreated
from taxlien.services.liens import service
from taxlien.services.liens.logic.mapping import County, Mapping
from taxlien.services.liens.logic.records import (
    LienRecord,
    PriceIndexRecord,
    Reject,
    UnreadableFile,
)

Make = Callable[..., LienRecord]
TABLES = ("liens", "observations", "parcels", "status_history", "outbox", "imports", "sources")


async def counts(catalogue: Any) -> dict[str, int]:
    return {table: await catalogue.count(table) for table in TABLES}


async def test_second_import_of_same_file_emits_nothing(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping
) -> None:
    rows = [record(number=n) for n in range(7_000)]
    first, _ = await catalogue.import_stream(stream(rows), mapping)
    assert first.liens.new == 7_000
    assert len(await catalogue.events()) == 7_000
    before = await counts(catalogue)
    second, _ = await catalogue.import_stream(stream(rows), mapping)
    assert second.liens == service.RecordCounts(unchanged=7_000)
    assert await catalogue.events() == []
    assert await counts(catalogue) == before | {"imports": 2}


async def test_changed_file_emits_only_the_changes(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping
) -> None:
    rows = [record(number=n) for n in range(300)]
    await catalogue.import_stream(stream(rows), mapping)
    await catalogue.events()
    changed = [
        msgspec.structs.replace(rows[7], bid_count=3),
        *rows[:7],
        *rows[8:],
        record(number=999),
    ]
    report, _ = await catalogue.import_stream(stream(changed), mapping)
    assert (report.liens.new, report.liens.changed, report.liens.unchanged) == (1, 1, 299)
    events = await catalogue.events()
    assert sorted(type(event).__name__ for event in events) == ["LienChanged", "LienCreated"]
    [change] = [event for event in events if isinstance(event, LienChanged)]
    assert change.changed == ("bid_count",)
    [created] = [event for event in events if isinstance(event, LienCreated)]
    assert created.lien.certificate_number == "0000999"


@pytest.mark.parametrize("error", [UnreadableFile("the gzip file is cut off"), ValueError("a bug")])
async def test_failure_in_the_middle_of_a_file_writes_nothing(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping, error: Exception
) -> None:
    before = await counts(catalogue)
    items = [*(record(number=n) for n in range(6_000)), error]
    with pytest.raises((service.RefusedFile, ValueError)):
        await catalogue.import_stream(stream(items), mapping)
    assert await counts(catalogue) == before


async def test_file_that_is_not_what_its_mapping_expects_is_refused_whole(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping
) -> None:
    before = await counts(catalogue)
    items = [record(), Reject(line=3, reason="not an amount of money")]
    with pytest.raises(service.RefusedFile, match=r"list\.csv: half the rows are bad"):
        await catalogue.import_stream(stream(items, ("half the rows are bad",)), mapping)
    assert await counts(catalogue) == before


async def test_user_may_take_the_good_rows_of_a_bad_file(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping
) -> None:
    items = [record(), Reject(line=3, reason="not an amount of money")]
    report, rejects = await catalogue.import_stream(
        stream(items, ("half the rows are bad",)), mapping, allow_rejects=True
    )
    assert (report.liens.new, report.rejects) == (1, 1)
    assert [reject.line for reject in rejects] == [3]


async def test_contradicting_rows_far_apart_are_rejected_and_stay_so(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping
) -> None:
    rows = [record(number=n) for n in range(6_000)]
    items = [*rows, msgspec.structs.replace(rows[0], line=6_001, bid_count=9), rows[1]]
    for new in (6_000, 0):
        report, [reject] = await catalogue.import_stream(stream(items), mapping)
        assert (report.liens.new, report.liens.refused, report.liens.duplicates) == (new, 1, 1)
        assert (reject.line, report.liens.changed) == (6_001, 0)


async def test_two_imports_of_one_file_at_once_make_every_lien_once(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping
) -> None:
    rows = [record(number=n) for n in range(6_000)]
    outcomes = await asyncio.gather(
        *(catalogue.import_stream(stream(rows), mapping) for _ in range(2))
    )
    assert sorted(report.liens.new for report, _ in outcomes) == [0, 6_000]
    assert await catalogue.count("liens") == 6_000
    assert len(await catalogue.events()) == 6_000


async def test_imports_that_may_name_any_county_do_not_wait_for_each_other_for_ever(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping
) -> None:
    anywhere = msgspec.structs.replace(mapping, county=County(column="county"))
    polk = [record(number=n) for n in range(5_500)]
    dixie = [msgspec.structs.replace(row, county_fips="12029") for row in polk]
    await asyncio.gather(
        catalogue.import_stream(stream([*polk, *dixie]), anywhere),
        catalogue.import_stream(stream([*dixie, *polk]), anywhere),
        catalogue.import_stream(stream(polk), mapping),
    )
    assert await catalogue.count("liens") == 11_000


async def test_import_is_remembered_with_its_counts(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping
) -> None:
    report, _ = await catalogue.import_stream(stream([record()]), mapping, source_name="my list")
    [(status, counted, name, source)] = await catalogue.rows(
        "SELECT status, counts, file_name, sources.name FROM liens.imports"
        " JOIN liens.sources ON sources.id = source_id"
    )
    assert (status, name, source) == ("done", "list.csv", "my list")
    assert (counted["new"], counted["lines"]) == (1, 1)
    [(import_id, line)] = await catalogue.rows("SELECT import_id, line FROM liens.observations")
    assert (import_id, line) == (report.import_id, 2)


async def test_sales_known_before_tell_liens_their_day(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping, sale: Any
) -> None:
    await catalogue.import_stream(stream([sale(date(2019, 5, 28))]), mapping)
    usual = record(sale_date=date(2019, 6, 1), sale_date_basis="assumed")
    await catalogue.import_stream(stream([usual]), mapping)
    days = await catalogue.rows("SELECT sale_date, sale_date_basis FROM liens.liens")
    assert days == [(date(2019, 5, 28), "published")]


async def test_sales_imported_later_date_the_liens_that_lacked_a_day(
    catalogue: Any, record: Make, stream: Any, mapping: Mapping, sale: Any
) -> None:
    usual = record(sale_date=date(2019, 6, 1), sale_date_basis="assumed")
    certain = record(number=2, sale_date=date(2019, 6, 3))
    await catalogue.import_stream(stream([usual, certain]), mapping)
    await catalogue.events()
    sales = [sale(date(2019, 5, 28)), sale(date(2019, 5, 31), kind="assignment_sale")]
    report, _ = await catalogue.import_stream(stream(sales), mapping)
    assert (report.other_new, report.redated) == (2, 1)
    [event] = await catalogue.events()
    assert isinstance(event, LienChanged)
    assert (event.lien.sale_date, event.lien.sale_date_basis) == (date(2019, 5, 28), "published")
    again, _ = await catalogue.import_stream(stream(sales), mapping)
    assert (again.other_unchanged, again.redated) == (2, 0)
    assert await catalogue.events() == []


async def test_house_price_indexes_are_stored_once_and_corrected(
    catalogue: Any, stream: Any, mapping: Mapping
) -> None:
    def prices(index: str) -> PriceIndexRecord:
        values = {"line": 2, "state": "FL", "county_fips": "12105", "year": 2017, "index": index}
        return msgspec.convert(values, PriceIndexRecord)

    outcomes = []
    for index in ("101.50", "101.50", "102.00"):
        report, _ = await catalogue.import_stream(stream([prices(index)]), mapping)
        outcomes.append((report.other_new, report.other_changed, report.other_unchanged))
    assert outcomes == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]
