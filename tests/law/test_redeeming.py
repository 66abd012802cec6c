"""The end of the redemption period, by the rules that ship."""

from __future__ import annotations

from datetime import date

import pytest

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.redeeming import redemption_period_ends

SOLD = date(2024, 8, 31)


@pytest.mark.parametrize(
    ("state", "track", "homestead", "agricultural", "last"),
    [
        ("FL", "lien", None, None, date(2026, 8, 31)),
        ("MD", "lien", None, None, date(2025, 2, 28)),
        ("IA", "lien", None, None, date(2026, 5, 31)),
        ("FL", "deed", None, None, None),  # a deed ends the right to redeem
        ("AK", "deed", None, None, None),  # its year lies before the sale
        ("TX", "redeemable_deed", True, None, date(2026, 8, 31)),
        ("TX", "redeemable_deed", None, True, date(2026, 8, 31)),
        ("TX", "redeemable_deed", False, False, date(2025, 2, 27)),  # 180 days
        ("TX", "redeemable_deed", None, False, None),  # two years or 180 days: not known
        ("TX", "redeemable_deed", False, None, None),
    ],
)
def test_last_day_follows_the_rule_of_the_state(state, track, homestead, agricultural, last):
    rule = next(r for r in load_rulebook().rules_of(state) if r.track == track and r.covers(SOLD))
    assert redemption_period_ends(rule, SOLD, homestead, agricultural) == last
