"""The lists of open-data portals, with rows made up in the form that their columns have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from taxlien.services.liens.adapters.reading import read_records
from taxlien.services.liens.adapters.shipped import load_mapping, mapping_for
from taxlien.services.liens.logic.records import LienRecord, Reject

COOK = (
    "tax_sale_year,pin,classification,township_name,sold_at_sale,tax_amount_offered,"
    "penalty_amount_offered,total_tax_and_penalty_amount_offered,cost,total_amount_paid,"
    "total_amount_forfeited,winning_bid_percent"
)
DOUGLAS = (
    "accountid,lienid,yearlyinterestrate,monthlyinterestrate,lientype,type,ln_yr,lien_bal,"
    "sale_purchase_date," + ",".join(f"subyr{n},subyr{n}_bal,subyr{n}_dt" for n in range(1, 15))
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Any]]:
    def read(name: str, header: str, *rows: str) -> list[Any]:
        path = tmp_path / "list.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        return list(read_records(path, load_mapping(name)))

    return read


def test_cook_rows_are_sold_forfeited_or_unsold(read: Callable[..., list[Any]]) -> None:
    sold, forfeited, unsold = read(
        "cook_il",
        COOK,
        "2016,01-02-300-004-0000,203,WORTH,true,1000.00,90.50,1090.50,200,1290.50,,3",
        "2016,01-02-300-005-0000,100,WORTH,false,50.00,4.50,54.50,,,54.50,",
        "2016,01-02-300-006-0000,100,WORTH,false,50.00,4.50,54.50,,,,",
    )
    assert [sold.status, forfeited.status, unsold.status] == ["sold", "struck_off", "unsold"]
    assert sold.bid_rate_pct == Decimal(3)
    assert (sold.tax_year, sold.face_amount) == (2016, Decimal("1090.50"))
    assert sold.parcel_id == "01-02-300-004-0000"
    assert sold.sale_date is None
    assert forfeited.bid_rate_pct is None
    assert sold.attributes["township"] == "WORTH"


def test_a_cook_pin_of_the_wrong_length_is_rejected(read: Callable[..., list[Any]]) -> None:
    [item] = read("cook_il", COOK, "2016,1-2-3,203,WORTH,true,1,1,2,0,2,,3")
    assert isinstance(item, Reject)


def test_buyers_that_come_with_a_cook_file_are_not_kept(read: Callable[..., list[Any]]) -> None:
    [item] = read(
        "cook_il",
        f"{COOK},buyer_name,location_1",
        '2016,01-02-300-004-0000,203,WORTH,true,1,1,2,0,2,,3,SOME BUYER LLC,"(41.7, -87.7)"',
    )
    assert isinstance(item, LienRecord)
    assert "SOME BUYER" not in repr(item)


def test_douglas_liens_are_held_by_investors_or_by_the_county(
    read: Callable[..., list[Any]],
) -> None:
    blank = "," * (3 * 14 - 4)
    investor, county = read(
        "douglas_co",
        DOUGLAS,
        "R0001234,L-77,0.10,0.0083,Investor Held Lien,L,2016,812.44,2017-11-02T00:00:00.000,"
        f"2017,820.10,2018-08-01T00:00:00.000{blank},",
        "R0001235,L-78,0.10,0.0083,County Held Lien,CHL,2016,12.00,2017-11-02T00:00:00.000,"
        f",,{blank},",
    )
    assert (investor.status, county.status) == ("sold", "struck_off")
    assert investor.certificate_number == "L-77"
    assert (investor.tax_year, investor.face_amount) == (2016, Decimal("812.44"))
    assert investor.sale_date == date(2017, 11, 2)
    assert investor.bid_rate_pct is None
    assert investor.attributes["subsequent_1_balance"] == "820.10"
    assert "subsequent_2_year" not in county.attributes


@pytest.mark.parametrize(("name", "header"), [("cook_il", COOK), ("douglas_co", DOUGLAS)])
def test_the_lists_are_recognised_by_their_header(name: str, header: str, tmp_path: Path) -> None:
    found = mapping_for(tmp_path / "list.csv", header.split(","))
    assert found is not None
    assert found.name == name
