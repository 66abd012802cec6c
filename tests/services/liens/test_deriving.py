"""What an observation makes of a lien, without anything running."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from taxlien.interfaces.liens import Lien
from taxlien.kit.ids import new_id
from taxlien.services.liens.logic import deriving
from taxlien.services.liens.logic.deriving import County, Known, SaleDay, Source
from taxlien.services.liens.logic.records import LienRecord

Make = Callable[..., LienRecord]

POLK = County("12105", "Polk", "FL")
COUNTY_LIST = Source(new_id(), "county", False)
PLATFORM = Source(new_id(), "platform", False)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)


def born(record: LienRecord, source: Source = COUNTY_LIST) -> Lien:
    return deriving.new_lien(
        deriving.state(record),
        lien_id=new_id(),
        county=POLK,
        source=source,
        at=FIRST,
        sale=deriving.sale_day(record, {}),
    )


def then(lien: Lien, record: LienRecord, source: Source = COUNTY_LIST) -> deriving.Change | None:
    return deriving.derive(
        lien,
        deriving.state(record),
        source=source,
        at=LATER,
        sale=deriving.sale_day(record, {}),
    )


def test_first_observation_makes_a_lien_with_all_its_values(record: Make) -> None:
    lien = born(record(winning_bid="2000.00", homestead=True))
    assert (lien.version, lien.status, lien.county, lien.state) == (1, "sold", "Polk", "FL")
    assert (lien.face_amount, lien.winning_bid) == (Decimal("1875.34"), Decimal("2000.00"))
    assert lien.homestead is True
    assert lien.first_seen_at == lien.last_changed_at == FIRST
    assert (lien.sale_date, lien.sale_date_basis) == (date(2019, 5, 31), "published")


def test_same_values_change_nothing(record: Make) -> None:
    assert then(born(record()), record()) is None


def test_changed_value_is_named_and_raises_the_version(record: Make) -> None:
    change = then(born(record()), record(face_amount="1900.00"))
    assert change is not None
    assert change.changed == ("face_amount",)
    assert (change.lien.version, change.lien.last_changed_at) == (2, LATER)
    assert change.lien.face_amount == Decimal("1900.00")


def test_null_never_erases_a_value(record: Make) -> None:
    lien = born(record(situs_address="1 MAIN ST"))
    assert then(lien, record(situs_address=None)) is None


def test_equal_amounts_with_other_digits_are_no_change(record: Make) -> None:
    assert then(born(record(face_amount="12.5")), record(face_amount="12.50")) is None


def test_status_change_keeps_status_out_of_changed(record: Make) -> None:
    change = then(born(record()), record(status="redeemed", redeemed_on=date(2020, 1, 2)))
    assert change is not None
    assert (change.previous_status, change.lien.status) == ("sold", "redeemed")
    assert change.changed == ("redeemed_on",)


@pytest.mark.parametrize("early", ["advertised", "delinquent"])
def test_list_of_a_coming_sale_does_not_undo_another_sources_outcome(
    record: Make, early: str
) -> None:
    assert then(born(record()), record(status=early), PLATFORM) is None


def test_source_may_correct_its_own_status(record: Make) -> None:
    change = then(born(record()), record(status="advertised"))
    assert change is not None
    assert change.lien.status == "advertised"


def test_assumed_sale_date_does_not_replace_a_published_one(record: Make) -> None:
    later = record(sale_date=date(2019, 6, 1), sale_date_basis="assumed")
    assert then(born(record()), later) is None


def test_published_sale_date_replaces_an_assumed_one(record: Make) -> None:
    change = then(born(record(sale_date_basis="assumed")), record(sale_date=date(2019, 5, 30)))
    assert change is not None
    assert set(change.changed) == {"sale_date", "sale_date_basis"}
    assert change.lien.sale_date_basis == "published"


def test_line_of_a_row_is_not_part_of_what_it_says(record: Make) -> None:
    assert deriving.state(record(line=7)).sha256 == deriving.state(record(line=8)).sha256


def test_what_is_said_holds_no_nulls_and_every_attribute(record: Make) -> None:
    said = deriving.state(record(premium=None, attributes={"batch": "7"})).said
    assert "null" not in said
    assert "premium" not in said
    assert '"attributes":{"batch":"7"}' in said


def known(certificate: str | None, advertising: str | None) -> Known:
    return Known(new_id(), certificate, advertising, None)


def named(record: Make, certificate: str | None, advertising: str | None) -> LienRecord:
    return record(certificate_number=certificate, advertising_number=advertising)


def test_certificate_number_decides_where_both_have_one(record: Make) -> None:
    ours = known("C-1", "7")
    assert deriving.match(named(record, "C-1", None), [known("C-2", "7"), ours]) is ours
    assert deriving.match(named(record, "C-3", "7"), [ours]) is None


def test_lien_first_seen_on_a_list_is_recognised_when_its_certificate_appears(record: Make) -> None:
    listed = known(None, "7")
    assert deriving.match(named(record, "C-1", "7"), [known(None, "8"), listed]) is listed


def test_list_read_after_the_sale_finds_the_certificate(record: Make) -> None:
    sold = known("C-1", "7")
    assert deriving.match(named(record, None, "7"), [sold]) is sold
    assert deriving.match(named(record, None, "8"), [sold]) is None


def test_without_any_number_parcel_and_year_decide(record: Make) -> None:
    bare = known(None, None)
    assert deriving.match(named(record, None, None), [known("C-1", None), bare]) is bare
    assert deriving.match(named(record, None, None), [known("C-1", None)]) is None


def test_sale_day_comes_from_the_countys_sales_before_the_usual_one(record: Make) -> None:
    usual = record(sale_date=date(2019, 5, 31), sale_date_basis="assumed")
    sales = deriving.days_of_sales([(date(2019, 5, 28), "certificate_sale", 2018)])
    assert deriving.sale_day(usual, sales) == SaleDay(date(2019, 5, 28), "published")
    assert deriving.sale_day(usual, {}) == SaleDay(date(2019, 5, 31), "assumed")
    assert deriving.sale_day(record(), sales) == SaleDay(date(2019, 5, 31), "published")


def test_sale_year_tells_the_day_where_a_file_names_no_tax_year(record: Make) -> None:
    undated = record(sale_date=None, sale_date_basis=None, sale_year=2019, tax_year=None)
    sales = deriving.days_of_sales([(date(2019, 5, 28), "certificate_sale", None)])
    assert deriving.sale_day(undated, sales).day == date(2019, 5, 28)


def test_two_sales_in_one_year_do_not_tell_the_day(record: Make) -> None:
    days = deriving.days_of_sales(
        [(date(2019, 5, 28), "tax_sale", 2018), (date(2019, 9, 3), "tax_sale", 2018)]
    )
    assert days == {}


def test_sales_of_assignments_do_not_tell_when_liens_were_first_sold() -> None:
    days = deriving.days_of_sales(
        [
            (date(2019, 5, 28), "certificate_sale", 2018),
            (date(2019, 5, 31), "assignment_sale", 2018),
        ]
    )
    assert days[("tax_year", 2018)] == date(2019, 5, 28)


def test_dated_statuses_are_added_once(record: Make) -> None:
    dated: Any = (("delinquent", date(2026, 3, 1)), ("redeemed", date(2026, 4, 1)))
    panel = record(status="redeemed", status_history=dated)
    assert deriving.history(panel, None, "redeemed") == list(dated)
    assert deriving.history(panel, "delinquent", "redeemed", dated[:1]) == list(dated[1:])


def test_undated_status_is_added_when_it_moved(record: Make) -> None:
    assert deriving.history(record(), None, "sold") == [("sold", None)]
    assert deriving.history(record(), "sold", "sold") == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"bid_rate_pct": "1000"}, "bid_rate_pct"), ({"situs_address": "1 MA\0IN"}, "situs_address"),
     ({"attributes": {"note": "a\0b"}}, "attributes")],
)  # fmt: skip
def test_values_no_column_can_hold_are_named(
    record: Make, fields: dict[str, Any], field: str
) -> None:
    found = deriving.fault(deriving.state(record(**fields)))
    assert found is not None
    assert found[0] == field


def test_ordinary_record_has_no_fault(record: Make) -> None:
    assert deriving.fault(deriving.state(record())) is None


def test_a_certificate_without_a_sale_date_was_sold_on_the_day_it_was_bought(record: Make) -> None:
    silent: dict[str, Any] = {"sale_date": None, "sale_date_basis": None, "sale_year": None}
    bought = record(kind="certificate", paid_on=date(2003, 11, 19), **silent)
    assert deriving.sale_day(bought, {}) == SaleDay(date(2003, 11, 19), "published")
    added = record(kind="subsequent_tax", paid_on=date(2004, 8, 1), **silent)
    assert deriving.sale_day(added, {}) == SaleDay(None, None)
