"""The fast path answers every published lien with figures or with a reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from taxlien.law.pricing import Pricer, price_lien
from taxlien.law.rulebook import RuleBook

D = Decimal
FLORIDA: dict[str, Any] = {
    "state": "FL",
    "county_fips": "12105",
    "kind": "certificate",
    "sale_date": date(2019, 5, 30),
    "face_amount": D("1875.34"),
    "bid_rate_pct": D("0.25"),
}


def test_a_florida_certificate_earns_its_minimum(rulebook: RuleBook) -> None:
    found = price_lien(rulebook, **FLORIDA)
    assert found.owner_payoff == D("1975.36")
    assert found.holder_proceeds == D("1969.11")
    assert (found.roi_pct, found.simple_annual_pct) == (D("5.00"), D("5.00"))
    assert (found.rule_id, found.warnings, found.reason) == ("FL/lien/2000-01-01", (), None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "ZZ"}, "no_rule"),
        ({"sale_date": None}, "no_sale_date"),
        ({"face_amount": None}, "no_amount"),
        ({"bid_rate_pct": None}, "no_rate"),
        ({"bid_rate_pct": D(19)}, "invalid_case"),
        ({"premium": D(5)}, "invalid_case"),
        (
            {
                "state": "CO",
                "county_fips": None,
                "sale_date": date(2012, 11, 1),
                "premium": D("NaN"),
                "bid_rate_pct": None,
            },
            "invalid_case",
        ),
        ({"face_amount": D(-5)}, "invalid_case"),
        ({"face_amount": D("NaN")}, "invalid_case"),
        ({"county_fips": "13121"}, "invalid_case"),
        ({"kind": "deed_sale"}, "not_redeemable"),
        ({"kind": "delinquency"}, "not_a_certificate"),
        ({"kind": "subsequent_tax"}, "not_a_certificate"),
    ],
)
def test_a_lien_without_a_figure_has_a_reason(
    change: dict[str, Any], reason: str, rulebook: RuleBook
) -> None:
    found = price_lien(rulebook, **(FLORIDA | change))
    assert (found.reason, found.owner_payoff) == (reason, None)


def test_an_unknown_colorado_premium_leaves_the_return_unknown(rulebook: RuleBook) -> None:
    found = price_lien(
        rulebook,
        state="CO",
        county_fips="08069",
        kind="certificate",
        sale_date=date(2012, 11, 15),
        face_amount=D("1000.00"),
    )
    assert found.owner_payoff == D("1108.33")
    assert (found.roi_pct, found.holder_proceeds) == (None, None)
    assert any("premium" in warning for warning in found.warnings)


def test_a_charleston_deed_pays_on_its_winning_bid(rulebook: RuleBook) -> None:
    found = Pricer(rulebook, 8).price(
        "SC",
        "45019",
        "deed_sale",
        date(2012, 11, 5),
        D("14851.77"),
        price=D("160000.00"),
    )
    assert found.holder_proceeds == D("174400.00")
    assert found.roi_pct == D("9.00")
    assert found.reason is None


def test_a_period_that_ends_before_the_horizon_is_not_redeemable(rulebook: RuleBook) -> None:
    found = Pricer(rulebook, 24).price(
        "SC", "45019", "deed_sale", date(2012, 11, 5), None, price=D("160000.00")
    )
    assert found.reason == "not_redeemable"


def test_a_horizon_of_no_months_is_refused(rulebook: RuleBook) -> None:
    with pytest.raises(ValueError, match="months"):
        Pricer(rulebook, 0)
