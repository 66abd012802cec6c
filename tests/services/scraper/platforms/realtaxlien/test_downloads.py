"""Files these sites offer, as saved."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from taxlien.services.scraper.adapters.platforms.realtaxlien import PLATFORM
from taxlien.services.scraper.logic.pages import Page, Reading, Scope
from taxlien.services.scraper.logic.sites import Site, parse_site

SITES = Path("src/taxlien/services/scraper/adapters/platforms/realtaxlien/sites")
FLORIDA = Site(
    name="fl_somewhere",
    platform="realtaxlien",
    title="x",
    county_fips="12001",
    base_url="https://x.realtaxlien.com",
    legal_status="unknown",
)


def read(text: str, name: str = "2024_results.csv", site: Site = FLORIDA) -> Reading:
    return PLATFORM.read(
        Page(request=PLATFORM.page_of_file(name, site), url="file", text=text), site
    )


@pytest.mark.data
def test_every_row_of_the_real_file_is_read(shared_pages: Path) -> None:
    home = shared_pages / "realauction_realtaxlien" / "az_coconino"
    site = parse_site((SITES / "az_coconino.yml").read_text())
    for name, expected in json.loads((home / "expected.json").read_text())["files"].items():
        text = (home / name).read_text()
        if "first_row" not in expected or not text.startswith(expected["header"]):
            continue
        reading = read(text, name, site)
        assert len(reading.liens) == reading.promised == expected["source_data_lines"]
        for lien, row in (
            (reading.liens[0], expected["first_row"]),
            (reading.liens[-1], expected["last_row_saved"]),
        ):
            item, advertised, parcel, face, _ = row.split(",")
            assert (lien.item_id, lien.advertising_number) == (item, advertised)
            assert (lien.parcel_id, lien.face_amount) == (parcel, Decimal(face))
            assert (lien.status, lien.tax_year) == ("advertised", 2023)


@pytest.mark.data
@pytest.mark.parametrize(
    ("county", "year"),
    [("fl_columbia", 2020), ("fl_suwannee", 2019), ("az_coconino", 2016), ("co_arapahoe", 2015)],
)
def test_real_results_are_read_whole_or_counted(shared_data: Path, county: str, year: int) -> None:
    path = shared_data / "realtaxlien_results" / county / f"{year}_results.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    lines = list(csv.reader(text.splitlines()))
    reading = read(text, f"{year}_results.csv")
    assert reading.promised == len([line for line in lines[1:] if any(line)])
    assert len(reading.liens) == len([x for x in lines[1:] if len(x) == len(lines[0])])
    assert all(x.bid_rate_pct is None or 0 <= x.bid_rate_pct <= 100 for x in reading.liens)


def test_a_thousands_comma_without_quotes_loses_the_row_and_is_counted() -> None:
    text = "AdvNum,Parcel,Face Amount\n1,A-1,$5.00\n2,A-2,$1,875.34\n"
    reading = read(text)
    assert [lien.face_amount for lien in reading.liens] == [Decimal("5.00")]
    assert reading.promised == 2


def test_a_winning_bid_is_a_percent_and_a_premium_is_money() -> None:
    text = 'ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT\n1,7,A-1,"000.25","$1,001.77"\n'
    (lien,) = read(text).liens
    assert (lien.bid_rate_pct, lien.face_amount) == (Decimal("0.25"), Decimal("1001.77"))
    premium = "ADVNUM,PARCEL,FACE AMOUNT,WINNINGPREMIUM\n1,A-1,5.00,$20.00\n"
    (lien,) = read(premium).liens
    assert (lien.premium, lien.bid_rate_pct) == (Decimal("20.00"), None)


def test_number_zero_at_the_highest_rate_is_struck_to_the_county() -> None:
    text = (
        "ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT\n1,0,A-1,18,5.00\n2,0,A-2,5,5.00\n"
    )
    assert [lien.status for lien in read(text).liens] == ["struck_off", "sold"]


def test_a_list_by_account_has_no_parcel_and_says_why() -> None:
    text = "SEQUENCE\tACCOUNT\tAMOUNT DUE\tOWNER NAME\n1\tR0001087\t$9.00\tPUBLIC JANE\n"
    reading = read(text, "2024_advertising.txt")
    (lien,) = reading.liens
    assert (lien.parcel_id, lien.other_ids) == (None, {"ACCOUNT": "R0001087"})
    assert "ACCOUNT" in lien.missing["parcel_id"]
    assert "JANE" not in str(reading)


def test_names_of_bidders_are_kept_nowhere() -> None:
    text = (
        "ADVNUM,PARCEL,WINNINGBID,FACE AMOUNT,PRIMARY NAME ON ACCOUNT\n1,A-1,5,5.00,PUBLIC JANE\n"
    )
    assert "JANE" not in str(read(text))


def test_unsold_items_are_those_of_an_unsold_file() -> None:
    text = "AdvNum,Parcel,Face Amount\n1,A-1,5.00\n"
    assert read(text, "2024_unsold.csv").liens[0].status == "unsold"
    assert read(text, "2024_list.csv").liens[0].status == "advertised"


def test_a_file_the_site_names_is_handed_on_whole() -> None:
    named = {"path": "/files/2024_results.csv", "mapping": "realtaxlien_fl", "county": "columbia"}
    site = structs.replace(FLORIDA, start={"batches": ["2021"], "lists": [named]})
    asked = PLATFORM.start(site, Scope(today=date(2026, 7, 1)))[0]
    text = "AdvNum,Parcel,Face Amount\n1,A-1,5.00\n"
    reading = PLATFORM.read(Page(request=asked, url="https://x/f.csv", text=text), site)
    (part,) = reading.lists
    assert (part.mapping, part.parameters, part.rows) == (
        "realtaxlien_fl",
        {"county": "columbia"},
        1,
    )
    assert reading.liens == ()


@given(st.text(max_size=300))
def test_no_text_makes_reading_raise(text: str) -> None:
    assert read(text).verdict
    assert read(f"AdvNum,Parcel,Face Amount,WinningBid\n{text}").verdict


def of_state(fips: str) -> Site:
    return structs.replace(FLORIDA, county_fips=fips)


def test_what_was_bid_is_a_rate_a_premium_or_a_price_by_the_state() -> None:
    text = "ADV_NUM,Folio1,ADV_AMT,User_ID,name,winning_bid\n000001,11-22,500.0000,7,x,45\n"
    (colorado,) = read(text, site=of_state("08005")).liens
    assert (colorado.bid_rate_pct, colorado.premium) == (None, Decimal(45))
    (maryland,) = read(
        "AdvNum,Parcel,Face Amount,Certificate Number,WinningBid,Premium\n5,01-1-02,3.10,0,$1600.00,$0.00\n",
        site=of_state("24013"),
    ).liens
    assert (maryland.bid_rate_pct, maryland.winning_bid) == (None, Decimal("1600.00"))
    assert (maryland.premium, maryland.status) == (Decimal("0.00"), "sold")
    assert "money" in maryland.missing["bid_rate_pct"]


def test_new_jersey_names_a_parcel_by_block_lot_and_qualifier() -> None:
    head = "Advertising_Number,Block,Lot,Qual,Face_Value,Winning_Bidder_number,Name, WinningBid\n"
    reading = read(
        head + "0002,3.02,2,,229.25,7,x,$2400.00\n0003,5004,27.01,-C007,99.00,7,x,18\n",
        site=of_state("34029"),
    )
    premium, rate = reading.liens
    assert (premium.parcel_id, premium.premium, premium.bid_rate_pct) == (
        "3.02/2",
        Decimal("2400.00"),
        None,
    )
    assert (rate.parcel_id, rate.bid_rate_pct) == ("5004/27.01/C007", Decimal(18))
    unsold = read(
        "ADVNUM,BLOCK,LOT,QUAL,FACE_AMOUNT\n0072,901,46,,1453.62\n",
        "2023_Unsold.txt",
        of_state("34013"),
    )
    assert (unsold.liens[0].parcel_id, unsold.liens[0].status) == ("901/46", "unsold")
    to_bid = read(
        "RA_ITEMID,ADVNUM,BLOCK,LOT,QUAL,TOTAL_IN_SALE,PERCENTAGE_BID,PREMIUM_BID\n31,1,1.04,5,,491.77,,\n",
        site=of_state("34029"),
    )
    assert (to_bid.liens[0].face_amount, to_bid.liens[0].status) == (
        Decimal("491.77"),
        "advertised",
    )


def test_a_batch_prints_number_zero_for_all_and_says_what_was_struck_to_the_county() -> None:
    text = (
        "SEQ_Number,Parcel,Face Amount,Certificate Number,WinningBid,Bidder ID,Primary Name On Account\n"
        "230622,19-1,39.58,0,0,000000001,STRUCK TO COUNTY\n231517,19-2,1923.5,0,0,000000002,JANE PUBLIC\n"
    )
    reading = read(text, site=of_state("08005"))
    assert [lien.status for lien in reading.liens] == ["struck_off", "sold"]
    assert "JANE" not in str(reading)
