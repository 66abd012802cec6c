"""What a score of risk means: dollars expected to be lost of 100 laid out, of principal and by delay.

Money that is back after m months is short by what a year at ``DELAY_RATE_PCT`` would have brought. Money
of a lien that is never redeemed is back at the horizon, and only as far as property and law allow; that of
a void sale is refunded. Each point of the score is about half a dollar; 50 dollars and more are 100.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.errors import NoRule
from taxlien.law.expected_value import Foreclosure, foreclosure_value
from taxlien.law.rules import Rule
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.survival import EDGES

Floats = NDArray[np.float64]

HORIZON = EDGES[-1]
DELAY_RATE_PCT = 8.0
"""Percent a year that waiting costs: chosen, the same for every lien, not learned."""
HAIRCUT_PCT = Decimal(30)
"""Percent of a property's value that a forced sale and its costs take: chosen."""
MOST_DOLLARS_LOST = 50.0
NO_WINDFALL = "in_flux"
"""Where no rule is known, nobody counts on more than the debt."""
_MIDDLES = (np.array(EDGES) + np.array((0, *EDGES[:-1]))) / 2


def shortfall(months: Floats | float) -> Floats:
    """Return the part of a dollar that is lost by waiting so many months for it."""
    return np.asarray(1 - (1 + DELAY_RATE_PCT / 100) ** (-np.asarray(months) / 12), np.float64)


LONGEST_WAIT = float(shortfall(HORIZON))


def usual_wait(redeemed: Floats) -> Floats:
    """Return the mean shortfall of those that redeem, from chances (cases, edges)."""
    parts = np.diff(redeemed, axis=1, prepend=0.0)
    return np.asarray(parts @ shortfall(_MIDDLES) / np.maximum(redeemed[:, -1], 1e-9), np.float64)


def expected_loss(lost: Floats, lost_then: Floats, wait: Floats) -> Floats:
    """Return the part of a dollar expected to be lost: ``lost`` is the chance never to be redeemed,
    ``lost_then`` what is lost if so, ``wait`` what is lost by waiting otherwise."""
    return np.asarray(lost * lost_then + (1 - lost) * wait, np.float64)


def score_of(loss: float) -> int:
    """Return 1 (nothing is expected to be lost) to 100 (half or more) for a part of a dollar."""
    return 1 + round(99 * min(1.0, max(0.0, loss) * 100 / MOST_DOLLARS_LOST))


def rule_of(case: Case) -> Rule | None:
    """Return the law of a case's sale; None where state or day is missing or no rule is known."""
    if case.state is None or case.sale_date is None:
        return None
    return rule_on(case.state, case.sale_date)


def rule_on(state: str, day: date) -> Rule | None:
    """Return the law of a state's sale on ``day``; None where no rule is known."""
    try:
        return load_rulebook().find(state, day)
    except NoRule:
        return None


def value_of(case: Case) -> tuple[str, float] | None:
    """Return the value of the property in dollars and the field that tells it."""
    for field in ("market_value", "assessed_value"):
        value: float | None = getattr(case, field)
        if value:
            return field, value
    return None


def lost_unredeemed(case: Case, rule: Rule | None) -> float:
    """Return the part of the outlay that is lost if the owner never redeems.

    All of it where value or face is unknown: a pessimistic prior, so that to learn a value never
    raises the risk. What comes back comes at the horizon.
    """
    value = value_of(case)
    if value is None or not case.face_amount:
        return 1.0
    what = Foreclosure(
        value=Decimal(str(value[1])),
        haircut_pct=HAIRCUT_PCT,
        debt=Decimal(str(case.face_amount)),
        allowed_costs=Decimal(0),
        own_costs=Decimal(0),
    )
    back = float(foreclosure_value(rule.surplus_rule if rule else NO_WINDFALL, what))
    part = min(1.0, max(0.0, back / (case.face_amount + (case.premium or 0.0))))
    return 1.0 - part * (1.0 - LONGEST_WAIT)
