"""What becomes of a sold lien: how long its state lets the owner redeem, and what ends it otherwise.

Shapes, not records: most owners pay within the months that the law gives them, some in the last weeks;
of the rest most lose the property once it may be taken, some sales are void, some liens lapse.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.errors import NoRule
from taxlien.law.rules import Rule

DAYS_A_MONTH = 365.25 / 12
LAST_WEEKS = 45  # days before the end in which the late ones pay
TAKEN, VOID = (
    0.72,
    0.76,
)  # shares of what is not redeemed: taken up to the first, void up to the second


def fate_of(
    lien: dict[str, Any], usual: float, *, chance: float, wait: float, today: date
) -> dict[str, Any]:
    """Return status and dates of ``lien``, sold on its ``sale_date``, as they stand on ``today``.

    ``usual`` is the share that its county's owners redeem, ``chance`` uniform between 0 and 1, ``wait``
    exponential of mean 1: the lot that was drawn.
    """
    sold_on: date = lien["sale_date"]
    rule = _rule(lien["state"], sold_on)
    months = max(rule.redemption_months if rule else 24, 12)
    allowed = int(months * DAYS_A_MONTH)
    redeems = _chance_to_redeem(lien, usual)
    if chance < redeems:
        ended = sold_on + timedelta(days=_days_to_redeem(wait, allowed))
        told = {"status": "redeemed", "redeemed_on": ended}
    else:
        rest = (chance - redeems) / (1 - redeems)
        status, days = _other_end(rest, wait, allowed, rule)
        ended = sold_on + timedelta(days=days)
        told = {"status": status, "ended_on": ended}
    return told if ended <= today else {"status": "sold"}


def _chance_to_redeem(lien: dict[str, Any], usual: float) -> float:
    """Owners who live there and have much to lose redeem more often, those of bare land less."""
    times = math.log(float(lien["market_value"]) / float(lien["face_amount"]))
    pull = 0.5 * bool(lien["homestead"]) - 0.7 * bool(lien["vacant"])
    pull += min(max(0.35 * (times - 4.4), -1.2), 1.2)
    return 1 / (1 + math.exp(-math.log(usual / (1 - usual)) - pull))


def _days_to_redeem(wait: float, allowed: int) -> int:
    days = 20 + int(wait * 0.45 * allowed)
    return days if days < allowed else allowed - 1 - int((wait % 1) * LAST_WEEKS)


def _other_end(rest: float, wait: float, allowed: int, rule: Rule | None) -> tuple[str, int]:
    """Return how a lien ends that nobody redeems, and after how many days."""
    if rest < TAKEN:
        return "foreclosed", allowed + 40 + int(wait * 120)
    if rest < VOID:
        return "void", 60 + int(wait * 90)
    life = rule.life_months if rule and rule.life_months else 180
    return "expired", int(life * DAYS_A_MONTH)


def _rule(state: str, sold_on: date) -> Rule | None:
    try:
        return load_rulebook().find(state, sold_on)
    except NoRule:
        return None
