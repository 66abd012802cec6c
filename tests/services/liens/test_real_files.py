"""Real county files: all of Larimer County, and a year of Polk County whose values hold commas."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from taxlien.interfaces.liens import Lien
from taxlien.services.liens import service
from taxlien.services.liens.adapters.reading import ReadOptions, read_records
from taxlien.services.liens.adapters.shipped import load_mapping

pytestmark = pytest.mark.data


async def import_real(catalogue: Any, path: Path, name: str) -> service.ImportReport:
    mapping = load_mapping(name)
    async with catalogue.database.session() as session:
        lookup = await service.county_lookup(session)
    stream = read_records(path, mapping, options=ReadOptions(county_fips=lookup))
    report, _ = await catalogue.import_stream(stream, mapping)
    return report


async def every_lien(catalogue: Any) -> list[Lien]:
    liens: list[Lien] = []
    async with catalogue.database.session() as session:
        while page := await service.export(
            session, liens[-1].lien_id if liens else UUID(int=0), 5_000
        ):
            liens += page
    return liens


async def test_larimer_is_imported_whole_and_its_payoffs_are_what_owners_paid(
    catalogue: Any, shared_data: Path
) -> None:
    path = shared_data / "larimer_co" / "liens.csv"
    report = await import_real(catalogue, path, "larimer_co")
    assert (report.liens.new, report.rejects) == (20_224, 0)
    assert len(await catalogue.events()) == 20_224
    again = await import_real(catalogue, path, "larimer_co")
    assert (again.liens.new, again.liens.changed, again.liens.unchanged) == (0, 0, 20_224)
    assert await catalogue.events() == []

    families: dict[tuple[str, str | None], list[Lien]] = defaultdict(list)
    for lien in await every_lien(catalogue):
        families[lien.parcel_key, lien.certificate_number].append(lien)
    whole = [
        family
        for family in families.values()
        if [lien.kind for lien in family].count("certificate") == 1
        and len(family) > 1
        and len({lien.redeemed_on for lien in family}) == 1
        and family[0].redeemed_on is not None
    ]
    assert len(whole) > 500
    exact = 0
    async with catalogue.database.session() as session:
        for family in whole[:200]:
            paid = sum((lien.interest_paid or Decimal(0) for lien in family), Decimal(0))
            answer = await service.payoff_of_lien(session, family[-1].lien_id, None)
            owed = Decimal(answer["interest"]) if "interest" in answer else Decimal("-1")
            exact += abs(owed - paid) <= Decimal("0.02") * len(family)
    assert exact >= 190


async def test_year_of_polk_with_commas_in_its_values_is_imported_to_the_cent(
    catalogue: Any, shared_data: Path
) -> None:
    path = shared_data / "realtaxlien_results" / "fl_polk" / "2019_results.csv.gz"
    report = await import_real(catalogue, path, "realtaxlien_fl")
    read = report.read
    assert read.records + read.rejects + read.duplicates == 22_279
    assert report.liens.new == read.records
    found = await catalogue.rows(
        "SELECT face_amount, tax_year, county_fips FROM liens.liens WHERE parcel_id = :parcel",
        parcel="012622-000010-000260",
    )
    assert found == [(Decimal("1875.34"), 2018, "12105")]
    again = await import_real(catalogue, path, "realtaxlien_fl")
    assert again.liens.unchanged == again.read.records


async def test_sale_dates_of_baltimore_come_from_its_calendar(
    catalogue: Any, shared_data: Path
) -> None:
    folder = shared_data / "baltimore_md"
    await import_real(catalogue, folder / "auction_index.csv", "baltimore_md_auctions")
    await import_real(
        catalogue, folder / "certificate_sale_results_2016.csv.gz", "baltimore_md_results"
    )
    days = await catalogue.rows(
        "SELECT DISTINCT sale_date, sale_date_basis, county FROM liens.liens"
    )
    assert [(str(day), basis, county) for day, basis, county in days] == [
        ("2016-05-13", "published", "Baltimore City")
    ]
