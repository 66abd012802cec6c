"""The JSON format: what is refused, by which field, and what lenient forms mean."""

from __future__ import annotations

from typing import Any

import pytest

from taxlien.law.cases import answer, answer_line
from taxlien.law.rulebook import RuleBook

FLORIDA: dict[str, Any] = {
    "id": "x",
    "state": "FL",
    "sale_date": "2026-06-01",
    "face_amount": "1000.00",
    "bid_rate_pct": "10",
    "redeemed_on": "2027-06-01",
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("face_amount", 1000.5),
        ("face_amount", "NaN"),
        ("face_amount", "Infinity"),
        ("face_amount", "1e3"),
        ("face_amount", "1,000.00"),
        ("face_amount", "-1"),
        ("face_amount", "1.005"),
        ("face_amount", "1000000000000.00"),
        ("face_amount", True),
        ("face_amount", ""),
        ("face_amount", None),
        ("face_amount", "١٢"),
        ("bid_rate_pct", "-0.25"),
        ("bid_rate_pct", "18.01"),
        ("bid_rate_pct", None),
        ("premium", "0.01"),
        ("sale_date", "2026-02-30"),
        ("sale_date", "06/01/2026"),
        ("sale_date", "20260601"),
        ("sale_date", None),
        ("redeemed_on", "2026-05-31"),
        ("redeemed_on", "9999-12-31"),
        ("county_fips", "1210"),
        ("county_fips", "13121"),
        ("homestead", "yes"),
        ("track", "certificate"),
        ("state", 12),
        ("subsequent_taxes", {"paid_on": "2026-07-01"}),
        ("costs", "none"),
        ("colour", "red"),
        ("id", ["a"]),
    ],
)
def test_a_wrong_value_is_an_invalid_case_that_names_its_field(
    field: str, value: object, rulebook: RuleBook
) -> None:
    error = answer(FLORIDA | {field: value}, rulebook)["error"]
    assert error["code"] == "invalid_case"
    assert error["field"] == field
    assert field in error["message"]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"amount": "1"}, "subsequent_taxes[0].paid_on"),
        ({"paid_on": "2026-07-01"}, "subsequent_taxes[0].amount"),
        ({"paid_on": "2026-07-01", "amount": "-1"}, "subsequent_taxes[0].amount"),
        ({"paid_on": "2026-05-31", "amount": "1"}, "subsequent_taxes[0].paid_on"),
        ({"paid_on": "2026-07-01", "amount": "1", "x": 1}, "subsequent_taxes[0].x"),
        ("45.38", "subsequent_taxes[0]"),
    ],
)
def test_a_wrong_later_tax_is_named_by_its_place(
    item: object, field: str, rulebook: RuleBook
) -> None:
    error = answer(FLORIDA | {"state": "AZ", "subsequent_taxes": [item]}, rulebook)["error"]
    assert (error["code"], error["field"]) == ("invalid_case", field)


def test_keys_that_start_with_expected_are_ignored(rulebook: RuleBook) -> None:
    assert "error" not in answer(FLORIDA | {"expected_anything": [1]}, rulebook)


def test_lines_that_are_not_cases_are_answered(rulebook: RuleBook) -> None:
    for line in (
        "",
        "nonsense",
        "[1]",
        "null",
        '{"id": NaN}',
        "[" * 100_000,
        '{"id": 1',
        '{"id": 1e999}',
    ):
        found = answer_line(line, rulebook)
        assert '"invalid_case"' in found
        assert "Infinity" not in found


def test_florida_never_adds_a_later_tax_and_says_so(rulebook: RuleBook) -> None:
    taxes = [{"paid_on": "2026-11-01", "amount": "500.00"}]
    found = answer(FLORIDA | {"subsequent_taxes": taxes}, rulebook)
    assert (found["owner_payoff"], found["outlay"]) == ("1106.25", "1000.00")
    assert any("500.00 was left out" in warning for warning in found["warnings"])


def test_a_county_premium_that_is_deferred_is_no_outlay(rulebook: RuleBook) -> None:
    found = answer(
        {
            "id": "md",
            "state": "MD",
            "county_fips": "24021",
            "sale_date": "2015-05-11",
            "face_amount": "1000.00",
            "premium": "5000.00",
            "redeemed_on": "2016-05-11",
        },
        rulebook,
    )
    assert (found["owner_payoff"], found["outlay"]) == ("1080.00", "1000.00")


def test_an_unknown_premium_warns_where_a_premium_is_paid(rulebook: RuleBook) -> None:
    case = {
        "id": "co",
        "state": "CO",
        "sale_date": "2012-11-15",
        "face_amount": "1000.00",
        "redeemed_on": "2013-05-15",
    }
    assert any("premium is not known" in w for w in answer(case, rulebook)["warnings"])
    assert answer(case | {"premium": "0"}, rulebook)["warnings"] == []


def test_new_jersey_keeps_the_premium_after_five_years(rulebook: RuleBook) -> None:
    case = {
        "id": "nj",
        "state": "NJ",
        "sale_date": "2015-01-10",
        "face_amount": "12000.00",
        "bid_rate_pct": "0",
        "premium": "25000.00",
    }
    kept = answer(case | {"redeemed_on": "2020-01-11"}, rulebook)
    back = answer(case | {"redeemed_on": "2020-01-10"}, rulebook)
    assert (kept["holder_proceeds"], back["holder_proceeds"]) == ("12720.00", "37720.00")


def test_texas_without_a_known_homestead_answers_with_a_warning(rulebook: RuleBook) -> None:
    case = {
        "id": "tx",
        "state": "TX",
        "sale_date": "2024-02-06",
        "price": "40000",
        "redeemed_on": "2025-02-06",
    }
    found = answer(case, rulebook)
    assert found["owner_payoff"] == "50000.00"
    assert any("180 days" in warning for warning in found["warnings"])
    mineral = answer(case | {"property_class": "mineral"}, rulebook)
    assert mineral["warnings"] == []
    recorded = answer(case | {"homestead": False, "deed_recorded_on": "2024-09-01"}, rulebook)
    assert recorded["owner_payoff"] == "50000.00"


def test_south_carolina_without_the_commission_bid_warns_that_no_cap_was_applied(
    rulebook: RuleBook,
) -> None:
    found = answer(
        {
            "id": "sc",
            "state": "SC",
            "sale_date": "2012-11-05",
            "price": "30000.00",
            "redeemed_on": "2013-07-05",
        },
        rulebook,
    )
    assert found["interest"] == "2700.00"
    assert any("cap" in warning for warning in found["warnings"])


def test_south_carolina_sales_of_late_2019_had_a_second_year(rulebook: RuleBook) -> None:
    case = {"id": "sc", "state": "SC", "face_amount": "9000.00", "price": "30000.00"}
    second = answer(case | {"sale_date": "2019-12-02", "redeemed_on": "2021-04-02"}, rulebook)
    assert second["rule"] == "SC/redeemable_deed/2019-09-30"
    assert second["interest"] == "5400.00"
    for sold, late in (("2018-12-03", "2019-12-04"), ("2020-12-07", "2021-12-08")):
        found = answer(case | {"sale_date": sold, "redeemed_on": late}, rulebook)
        assert found["error"]["code"] == "not_redeemable"


def test_georgia_owners_association_sums_are_repaid_without_a_premium_since_2016(
    rulebook: RuleBook,
) -> None:
    case = {
        "id": "ga",
        "state": "GA",
        "price": "10000.00",
        "costs": [{"kind": "hoa", "amount": "300.00"}],
    }
    after = answer(case | {"sale_date": "2016-07-05", "redeemed_on": "2017-01-05"}, rulebook)
    before = answer(case | {"sale_date": "2016-06-07", "redeemed_on": "2017-01-05"}, rulebook)
    assert after["owner_payoff"] == "12300.00"
    assert (before["owner_payoff"], before["unrecovered_costs"]) == ("12000.00", "300.00")


def test_a_right_to_redeem_that_ended_is_not_redeemable(rulebook: RuleBook) -> None:
    case = {
        "id": "in",
        "state": "IN",
        "sale_date": "2024-09-05",
        "face_amount": "5000.00",
        "price": "20000.00",
    }
    late = answer(case | {"redeemed_on": "2025-09-06"}, rulebook)
    assert late["error"]["code"] == "not_redeemable"
    assert "error" not in answer(case | {"redeemed_on": "2025-09-05"}, rulebook)
