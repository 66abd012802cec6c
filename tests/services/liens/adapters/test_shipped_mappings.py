"""The mappings that ship: valid, recognised, and meaning what their counties mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from taxlien.services.liens.adapters.shipped import (
    load_mapping,
    mapping_for,
    mapping_names,
    mappings_for,
    read_mapping,
)
from taxlien.services.liens.logic.mapping import MappingError, dump_mapping, parse_mapping
from taxlien.services.liens.logic.records import UnreadableFile

Read = Callable[..., Any]


@pytest.mark.parametrize("name", mapping_names())
def test_every_mapping_survives_being_written_and_read(name: str) -> None:
    mapping = load_mapping(name)
    assert mapping.name == name
    assert parse_mapping(dump_mapping(mapping)) == mapping


@pytest.mark.parametrize("name", [n for n in mapping_names() if n.startswith("realtaxlien")])
def test_bidders_are_personal_in_every_realtaxlien_mapping(name: str) -> None:
    mapping = load_mapping(name)
    people = {source for personal in mapping.personal.values() for source in personal.sources}
    assert {"BIDDER ID", "user_id", "Winner", "Primary_Account"} <= people


def test_an_unknown_mapping_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_mapping("../secrets")


def test_a_users_mapping_that_cannot_be_read_is_a_mapping_error(tmp_path: Path) -> None:
    with pytest.raises(MappingError):
        read_mapping(tmp_path / "none.yml")


HEADERS = [
    "ADV_AMT,ADV_NUM,FOLIO1,USER_ID,WINNING_BID",
    "Advertising_Number,Parcel_ID,Face_Value,Winning_Bidder_Number,Winning_Bid",
    "Advertising_Number,Parcel_ID,Winning_Bidder_Number,Winning_Bid,Face_Value,Primary_Account",
    "AdvNum,Parcel,Face Amount,Certificate Number,WinningBid,Bidder ID",
    "ADVNUM,NUMBER,PARCEL,WINNINGBID,FACE AMOUNT,BIDDER ID",
    "SEQ_Number,Parcel,Face Amount,Certificate Number,WinningBid,Bidder ID",
    "ADV_Num,Folio2,ADV_Amt,Winning_Bidder,Winner,Winning_Bid",
]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize(
    ("state", "county"), [("fl", "polk"), ("az", "coconino"), ("co", "arapahoe")]
)
def test_the_path_tells_the_states_of_one_platform_apart(
    header: str, state: str, county: str
) -> None:
    found = mapping_for(Path(f"x/{state}_{county}/2019_results.csv.gz"), header.split(","))
    assert found is not None
    assert found.name == f"realtaxlien_{state}"


def test_a_header_of_one_platform_without_a_telling_path_is_a_question() -> None:
    assert mapping_for(Path("results.csv"), HEADERS[3].split(",")) is None
    assert mappings_for(Path("results.csv"), ["a", "b"]) == []


FLORIDA = b"ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT,BIDDER ID\n"


def test_florida_certificate_zero_at_eighteen_is_struck_to_the_county(read: Read) -> None:
    rows = b"1,0,0126-1,018.00,$1.00,51b7f72cf6\n2,77,0126-2,018.00,$2.00,51\n3,0,0126-3,000.25,$3.00,51\n"
    found = read(FLORIDA + rows, load_mapping("realtaxlien_fl"), "fl_polk/2019_results.csv")
    assert [lien.status for lien in found.liens] == ["struck_off", "sold", "sold"]
    lien = found.liens[0]
    assert (lien.state, lien.county_fips, lien.tax_year) == ("FL", "12105", 2018)
    assert (lien.sale_year, lien.sale_date, lien.sale_date_basis) == (
        2019,
        date(2019, 6, 1),
        "assumed",
    )


def test_florida_eighteen_without_certificate_numbers_is_marked_as_possible(read: Read) -> None:
    content = (
        b"adv_num,folio,adv_amt,user_id,winning_bid\n1,22260,287.96,90,18\n2,22261,1.00,90,17.5\n"
    )
    found = read(content, load_mapping("realtaxlien_fl"), "fl_polk/2008_results.csv")
    assert [lien.attributes for lien in found.liens] == [{"struck_to_county": "possible"}, {}]


def test_florida_files_without_a_header_are_known_by_their_shape(read: Read) -> None:
    rows = b"000002,01-26-22-000010,1096.98,6000224,Some LLC,5.7500,,\n" * 1 + (
        b"000003,01-26-22-000011,639.40,1784,A CUST FOR B,0.2500,,\n"
    )
    found = read(rows, load_mapping("realtaxlien_fl"), "fl_polk/2006_results.csv")
    assert [(lien.line, lien.bid_rate_pct) for lien in found.liens] == [
        (1, Decimal("5.75")),
        (2, Decimal("0.25")),
    ]
    assert found.every_line_is_accounted_for


def test_a_rate_over_the_states_most_is_a_reject(read: Read) -> None:
    found = read(
        FLORIDA + b"1,5,0126-1,019.00,$1.00,51\n",
        load_mapping("realtaxlien_fl"),
        "fl_polk/2019_results.csv",
    )
    assert (found.rejects[0].column, found.rejects[0].reason) == ("WINNINGBID", "above 18")


def test_arizona_over_sixteen_is_no_bid(read: Read) -> None:
    content = b"AdvNum,Parcel,Face Amount,Certificate Number,WinningBid,Bidder ID\n"
    rows = b"1,10012018,5.00,0,018.00,45\n2,10012019,5.00,0,016.00,45\n"
    found = read(content + rows, load_mapping("realtaxlien_az"), "az_coconino/2015_results.csv")
    assert [(lien.status, lien.bid_rate_pct) for lien in found.liens] == [
        ("struck_off", None),
        ("sold", Decimal(16)),
    ]
    assert found.liens[0].tax_year == 2013


def test_colorado_bids_are_premiums_whatever_they_are_called(read: Read) -> None:
    content = b"SEQ_Number,Parcel,Face Amount,Certificate Number,WinningBid,Bidder ID\n"
    rows = b"1,1971-28,650.14,1,161.00,3f\n2,1971-29,10.00,0,0.00,3f\n"
    found = read(content + rows, load_mapping("realtaxlien_co"), "co_arapahoe/2016_results.csv")
    assert [(lien.premium, lien.bid_rate_pct, lien.status) for lien in found.liens] == [
        (Decimal("161.00"), None, "sold"),
        (None, None, "struck_off"),
    ]


def test_colorado_files_that_print_no_certificate_numbers_strike_nothing(read: Read) -> None:
    content = b"ADVNUM,CERTIFICATE NUMBER,PARCEL,FACE AMOUNT,WINNINGPREMIUM,BIDDER ID\n"
    found = read(
        content + b"1,0,1971-28,650.14,0.00,3f\n",
        load_mapping("realtaxlien_co"),
        "co_arapahoe/2014_results.csv",
    )
    assert (found.liens[0].status, found.liens[0].premium) == ("sold", Decimal("0.00"))


def test_a_county_nobody_listed_is_asked_for(read: Read) -> None:
    name = "fl_nowhere/2019_results.csv"
    with pytest.raises(UnreadableFile, match="no county 'nowhere' is known in FL"):
        read(FLORIDA + b"1,5,0126-1,001.00,$1.00,51\n", load_mapping("realtaxlien_fl"), name)
    given = read(
        FLORIDA + b"1,5,0126-1,001.00,$1.00,51\n",
        load_mapping("realtaxlien_fl"),
        name,
        {"county": "12001"},
    )
    assert given.liens[0].county_fips == "12001"


BALTIMORE = (
    b"Account Number,Adv Number,Certificate Number,Batch Number,Tax Year,Face Amount,Assessed Value,"
    b"Property Address,Homestead,Removed,Removed Because,Removed Time Stamp,Winning Bid,Winning Premium,"
    b"Winning Amount Due,Winning Bidder,Num Ties,Num Bids\n"
)


def test_baltimore_statuses_are_told_apart(read: Read) -> None:
    rows = (
        b"056600014,2,,1,2015,337.84,7840.00,**ES BROOK AV,0,1,Removed from Sale,2016-05-03 10:37:03,,,,,,\n"
        b"02358048D,3,,1,2015,583.10,1900.00,X,0,0,,,583.10,,,City,,\n"
        b"02358048E,4,,1,2015,583.10,1900.00,X,0,0,,,583.10,,,f8,,\n"
        b"02358048F,5,,1,2015,583.10,1900.00,X,0,0,,,,,,,,\n"
        b"5140E0050,6,,1,2015,1849.23,5140.00,X,1,0,,,2800.00,148.00,1997.23,58,,3\n"
        b"5140E0051,7,,1,2015,1849.23,5140.00,X,1,1,Struck to City,2016-05-30,2800.00,1.00,9.00,58,,3\n"
    )
    found = read(
        BALTIMORE + rows, load_mapping("baltimore_md_results"), "certificate_sale_results_2016.csv"
    )
    assert [lien.status for lien in found.liens] == [
        "removed",
        "struck_off",
        "struck_off",
        "unsold",
        "sold",
        "struck_off",
    ]
    assert [lien.winning_bid for lien in found.liens] == [None] * 4 + [Decimal("2800.00"), None]
    assert found.liens[0].status_history == (("removed", date(2016, 5, 3)),)
    assert found.liens[0].situs_address == "ES BROOK AV"
    assert found.liens[4].homestead is True
    assert found.liens[4].bid_count == 3


def test_block_and_lot_become_the_account_number(read: Read) -> None:
    content = (
        b"Count,Address,block_lot,lot_size,assessed_value,lien\n"
        b'1,**BED EASTBOURNE AV,6587A-6A,30X204,"$11,900",328.71\n2,X,4275- 26,1,$5,1.00\n'
    )
    found = read(content, load_mapping("baltimore_md_advertised"), "advertised_2022.csv")
    assert [(lien.parcel_id, lien.parcel_key) for lien in found.liens] == [
        ("6587A-6A", "6587A006A"),
        ("4275- 26", "042750026"),
    ]
    assert found.liens[0].tax_year == 2021
    assert found.liens[0].assessed_value == Decimal("11900.00")


def test_larimer_subsequent_taxes_are_paid_and_certificates_sold(read: Read) -> None:
    head = (
        b"SCHEDULE_NUMBER,CERTIFICATE_NUMBER,ISSUE_DATE,SUBTAX,REDEMPTION_DATE,TAX_YEAR,PRINCIPAL,INTEREST,"
        b"PREMIUMBIDFEE,TREASURERDEEDFEE\r\n"
    )
    rows = (
        b"11,40,08/07/02,Y,09/08/09,2001,45.38,1.06,0,0\r\n"
        b"11,40,11/14/01 04:11 AM,N,,2000,53.66,1.25,3,0\r\n"
    )
    found = read(head + rows, load_mapping("larimer_co"))
    assert [(lien.kind, lien.status, lien.paid_on) for lien in found.liens] == [
        ("subsequent_tax", "redeemed", date(2002, 8, 7)),
        ("certificate", "sold", date(2001, 11, 14)),
    ]
    assert found.liens[0].sale_date is None
    assert found.liens[0].redeemed_on == date(2009, 9, 8)


def test_montana_keeps_when_each_status_was_seen(read: Read) -> None:
    head = (
        b"county,parcel_id,geocode,acres,market_value,taxable_value,tax_year,first_seen,first_status,"
        b"first_total_taxes,first_half,second_half,last_seen,last_status,last_total_taxes,paid_first_seen,n\n"
    )
    rows = (
        b"Gallatin,RDC31418,06-11,4.1,332677,25,2025,2026-03-27,Delinquent,9.00,5,4,2026-04-27,Paid,9.00,2026-04-02,3\n"
        b"Flathead,RDC31419,06-12,,,,2025,2026-03-27,Delinquent,9.00,5,4,2026-04-27,Unknown,9.00,,3\n"
    )
    found = read(head + rows, load_mapping("montana_mt"))
    assert found.liens[0].status_history == (
        ("delinquent", date(2026, 3, 27)),
        ("redeemed", date(2026, 4, 2)),
    )
    assert [(lien.status, lien.county_fips) for lien in found.liens] == [
        ("redeemed", "30031"),
        ("delinquent", "30029"),
    ]


def test_charleston_marks_what_was_read_after_the_outcome() -> None:
    assert {"market_value", "building_sqft", "latitude"} <= set(
        load_mapping("charleston_sc").late_fields
    )
    assert "winning_bid" not in load_mapping("charleston_sc").late_fields


def test_charleston_says_when_a_deed_or_a_void_ended_a_lien() -> None:
    mapping = load_mapping("charleston_sc")
    assert mapping.columns["ended_on"].sources == mapping.columns["redeemed_on"].sources
    cleared = {
        rule.status: set(rule.clear) & {"redeemed_on", "ended_on"} for rule in mapping.status
    }
    assert cleared == {
        "redeemed": {"ended_on"},
        "foreclosed": {"redeemed_on"},
        "void": {"redeemed_on"},
        "sold": {"redeemed_on", "ended_on"},
    }
