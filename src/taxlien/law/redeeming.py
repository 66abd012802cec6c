"""When the period ends in which the owner alone decides, as far as a rule tells it by the sale alone."""

from __future__ import annotations

from datetime import date, timedelta

from taxlien.law.months import add_months
from taxlien.law.rules import Rule


def redemption_period_ends(
    rule: Rule, sold_on: date, homestead: bool | None, agricultural: bool | None
) -> date | None:
    """The last day of the period that begins with the sale (or the deed's recording), county-local.

    After it the holder of a lien can first act; in many states the owner may redeem until a deed or a
    judgment bars it. None where the rule gives no period after the sale (a deed sale ends the right),
    or where its length hangs on a fact that is not known (34.21(e) of the Texas Tax Code). Holidays,
    notices and appeals may move the day: this is the rule.
    """
    if rule.track == "deed" or rule.redemption_months <= 0:
        return None
    short = rule.closes_after_days_unless_homestead
    if short is not None and not (homestead or agricultural):
        if homestead is None or agricultural is None:
            return None
        return sold_on + timedelta(days=short)
    return add_months(sold_on, rule.redemption_months)
