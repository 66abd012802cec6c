"""Offers become candidates: what a model says of each, what law lets it pay, what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.risk.meaning import LONGEST_WAIT, lost_unredeemed, rule_of
from taxlien.services.ml.logic.survival import EDGES

from .candidate import Candidate, Floats, Wishes
from .choosing import MOST_CANDIDATES
from .offers import Offer, Terms, age_of, terms_of
from .payoffs import Payoffs

MONTHS = tuple(range(1, EDGES[-1] + 1))
_NEVER = 1e-6


@dataclass(frozen=True)
class Valued:
    """An offer with what was said of it; ``rough`` is its expected profit per dollar laid out."""

    offer: Offer
    terms: Terms
    redemption: Any
    risk_score: int | None
    flags: tuple[str, ...]
    age: int
    candidate: Candidate
    warnings: tuple[str, ...]
    rough: float


@dataclass(frozen=True)
class Asked:
    """An offer, its case, and what the models said of it (None: no such model serves)."""

    offer: Offer
    case: Case
    redemption: Any
    price: Any = None
    risk: Any = None


@dataclass(frozen=True)
class Limits:
    """What the investor does not want at all. US dollars; None is no limit."""

    min_per_lien: float | None = None
    max_risk_score: int | None = None


class Book:
    """Those that can be chosen from, the most promising first, and how many are not for which reason."""

    def __init__(self, valued: list[Valued], left_out: Counter[str]) -> None:
        self.valued = valued
        self.left_out = left_out

    @property
    def candidates(self) -> list[Candidate]:
        return [each.candidate for each in self.valued]


def book_of(asked: Sequence[Asked], wishes: Wishes, limits: Limits, today: date) -> Book:
    """Return what can be chosen from. Law is asked for a few months of all, and for each of the most
    promising."""
    payoffs, left_out = Payoffs(), Counter[str]()
    rough: list[Valued] = []
    for one in asked:
        found = _valued(one, EDGES, payoffs, wishes, today)
        reason = found if isinstance(found, str) else _unwanted(found, wishes, limits)
        if reason is not None:
            left_out[reason] += 1
        elif isinstance(found, Valued):
            rough.append(found)
    best = _most_promising(rough, wishes)
    left_out["less_promising"] += len(rough) - len(best)
    of = {one.offer.lien_id: one for one in asked}
    exact = [_valued(of[each.offer.lien_id], MONTHS, payoffs, wishes, today) for each in best]
    return Book([each for each in exact if isinstance(each, Valued)], +left_out)


def candidates_of(asked: Sequence[Asked], today: date) -> list[Candidate]:
    """Return all that law and the model let be bought, whatever anybody wishes."""
    payoffs, anybody = Payoffs(), Wishes(budget=np.inf)
    found = (_valued(one, MONTHS, payoffs, anybody, today) for one in asked)
    return [each.candidate for each in found if isinstance(each, Valued)]


def monthly(answer: Any, age: int) -> Floats | None:
    """Return the chance of redemption by the end of each coming month, of a lien still open ``age``
    months after its sale. None where the model does not see so far."""
    if age >= EDGES[-1]:
        return None
    known = dict(sorted(answer.p_redeem_by_months.items())) | {EDGES[-1]: answer.p_redeem}
    points = np.array([0.0, *known]), np.array([0.0, *known.values()])
    curve = np.maximum.accumulate(np.interp(np.arange(EDGES[-1] + 1), *points))
    still = 1.0 - curve[age]
    if still <= _NEVER:
        return None
    ahead = np.full(EDGES[-1], (curve[-1] - curve[age]) / still)
    ahead[: EDGES[-1] - age] = (curve[age + 1 :] - curve[age]) / still
    return ahead


def _valued(
    one: Asked, months: Sequence[int], payoffs: Payoffs, wishes: Wishes, today: date
) -> Valued | str:
    offer, told = one.offer, one.redemption
    age, terms = age_of(offer, today), terms_of(offer, one.price)
    if not hasattr(told, "p_redeem_by_months"):
        return "unanswered"  # the model failed on this very case
    curve = monthly(told, age)
    if curve is None:
        return "too_old"
    paid = payoffs.paid(offer, terms, age, months)
    if isinstance(paid, str):
        return paid
    if paid.outlay <= 0:
        return "no_amount"
    lost = lost_unredeemed(one.case, rule_of(one.case))
    recovery = paid.outlay * (1.0 - lost) / (1.0 - LONGEST_WAIT)
    candidate = Candidate(
        lien_id=offer.lien_id,
        county_fips=offer.county_fips,
        cost=paid.outlay,
        redeemed_by=curve[np.array(months) - 1],
        payoff=np.array(paid.proceeds),
        recovery=recovery,
    )
    flags = tuple(str(flag.kind) for flag in getattr(one.risk, "flags", ()))
    return Valued(
        offer=offer,
        terms=terms,
        redemption=told,
        risk_score=getattr(one.risk, "score", None),
        flags=flags,
        age=age,
        candidate=candidate,
        warnings=paid.warnings,
        rough=_rough(candidate, months, wishes),
    )


def _rough(candidate: Candidate, months: Sequence[int], wishes: Wishes) -> float:
    parts = np.diff(candidate.redeemed_by, prepend=0.0)
    in_time = np.array(months) <= wishes.horizon_months
    back = float((parts * candidate.payoff)[in_time].sum())
    rest = 1.0 - float(parts[in_time].sum())
    to_the_end = wishes.horizon_months >= months[-1]
    open_value = candidate.cost * (1.0 - wishes.open_haircut_pct / 100.0)
    back += rest * (candidate.recovery if to_the_end else open_value)
    return (back - candidate.cost) / candidate.cost


def _unwanted(found: Valued, wishes: Wishes, limits: Limits) -> str | None:
    cost, score = found.candidate.cost, found.risk_score
    if wishes.max_per_lien is not None and cost > wishes.max_per_lien:
        return "above_max_per_lien"
    if limits.min_per_lien is not None and cost < limits.min_per_lien:
        return "below_min_per_lien"
    if limits.max_risk_score is not None:
        if score is None:
            return "risk_unknown"
        if score > limits.max_risk_score:
            return "above_max_risk_score"
    if cost > wishes.budget:
        return "above_budget"
    if wishes.max_per_county is not None and cost > wishes.max_per_county:
        return "above_max_per_county"
    return None


def _most_promising(rough: list[Valued], wishes: Wishes) -> list[Valued]:
    """Return at most ``MOST_CANDIDATES``; of a county no more than three times what may be bought there,
    so that others are not crowded out."""
    room = dict.fromkeys(
        {each.offer.county_fips for each in rough}, 3 * (wishes.max_per_county or float("inf"))
    )
    best: list[Valued] = []
    for each in sorted(rough, key=lambda each: (-each.rough, each.offer.lien_id)):
        if len(best) == MOST_CANDIDATES:
            break
        if room[each.offer.county_fips] > 0:
            room[each.offer.county_fips] -= each.candidate.cost
            best.append(each)
    return best
