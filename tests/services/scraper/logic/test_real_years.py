"""Years of a real county, one after the other: as different as data of one source honestly are."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice, pairwise
from pathlib import Path

import pytest

from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.logic.facts import facts_of
from taxlien.services.scraper.logic.figures import RunFigures
from taxlien.services.scraper.logic.pages import Reading
from taxlien.services.scraper.logic.sites import Expected
from taxlien.services.scraper.logic.validating import publishable, validate

ROWS = 3000
YEARS = (2006, 2007, 2008, 2009, 2010)


def dollars(cell: str) -> Decimal | None:
    try:
        return Decimal(cell.replace("$", "").replace(",", "").strip())
    except InvalidOperation:
        return None


def figures_of_year(path: Path, columns: dict[str, str]) -> RunFigures:
    run = RunFigures(day=date(2026, 1, 1))
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        liens = [
            LienObserved(
                kind="certificate",
                status="sold",
                parcel_id=row[columns["parcel_id"]],
                advertising_number=row[columns["advertising_number"]],
                face_amount=dollars(row[columns["face_amount"]]),
                assessed_value=dollars(row[columns["assessed_value"]]),
                situs_address=row[columns["situs_address"]] or None,
            )
            for row in islice(csv.DictReader(lines), ROWS)
        ]
    for fact in facts_of(Reading(liens=tuple(liens))):
        run.observe(fact)
    run.page(read=len(liens))
    return run


USUAL = {
    "parcel_id": "Account Number",
    "advertising_number": "Adv Number",
    "face_amount": "Face Amount",
    "assessed_value": "Assessed Value",
    "situs_address": "Property Address",
}


@pytest.mark.data
def test_no_year_of_baltimore_is_quarantined_and_swapped_columns_are(shared_data: Path) -> None:
    paths = [shared_data / f"baltimore_md/certificate_sale_results_{y}.csv.gz" for y in YEARS]
    years = [figures_of_year(path, USUAL) for path in paths]
    for before, after in pairwise(years):
        assert publishable(validate(after, before, Expected()))
    swapped = {**USUAL, "situs_address": "Account Number", "parcel_id": "Property Address"}
    found = validate(figures_of_year(paths[-1], swapped), years[-2], Expected())
    failed = {(one.check, one.field) for one in found if one.severity == "fails"}
    assert ("shape", "lien.situs_address") in failed
    assert ("shape", "lien.parcel_id") in failed
    money = {**USUAL, "face_amount": "Assessed Value", "assessed_value": "Face Amount"}
    assert not publishable(validate(figures_of_year(paths[-1], money), years[-2], Expected()))
