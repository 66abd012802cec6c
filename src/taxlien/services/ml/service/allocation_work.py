"""The work behind an allocation: models and law are asked, futures drawn, choices judged. It blocks."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import structlog

from taxlien.kit.settings import read_settings
from taxlien.kit.telemetry.metrics import Histogram
from taxlien.services.ml.logic.allocation import answer as told
from taxlien.services.ml.logic.allocation.answer import Allocation, Heard
from taxlien.services.ml.logic.allocation.candidate import Wishes
from taxlien.services.ml.logic.allocation.choosing import choose
from taxlien.services.ml.logic.allocation.offers import case_of
from taxlien.services.ml.logic.allocation.valuing import Asked, Limits, book_of
from taxlien.services.ml.logic.allocation.wanted import Wanted
from taxlien.services.ml.settings import MlSettings

from .allocating import Market
from .answering import answer

_log = structlog.get_logger("taxlien.ml")
_seconds = Histogram("taxlien_ml_allocation_seconds", "Time to work an allocation out", [])


def work(market: Market, wanted: Wanted) -> Allocation:
    """Return the best choice found in ``market``; an empty one with its reason where there is none."""
    began = time.monotonic()
    wishes = _wishes(wanted)
    heard = _heard(market, wanted)
    if "redemption" not in market.models:
        reason = "No model of redemption has been trained here: nothing can be said of any lien."
        return told.nothing(reason, wishes, heard)
    book = book_of(_asked(market), wishes, _limits(wanted), market.today)
    heard = replace(heard, left_out=Counter(heard.left_out) + book.left_out)
    if not book.valued:
        return told.nothing(_why_nothing(heard), wishes, heard)
    policy = market.models.get("allocation")
    seconds = read_settings(MlSettings).program_seconds
    plan = choose(book.candidates, wishes, getattr(policy, "buys", None), wanted.seed, seconds)
    _seconds.observe(time.monotonic() - began)
    _log.info("allocated", method=plan.method, liens=len(plan.bought), considered=heard.considered)
    return told.told(plan, book, wishes, heard)


def _heard(market: Market, wanted: Wanted) -> Heard:
    """Return what is known before anything was asked."""
    left_out = {reason: n for reason, n in market.counted.items() if reason is not None}
    on_offer = market.counted.get(None, 0)
    return Heard(
        considered=on_offer + sum(left_out.values()),
        left_out=left_out | {"beyond_sample": on_offer - len(market.offers)},
        versions=market.versions,
        seed=wanted.seed,
        warnings=_warnings(market, wanted),
    )


def _asked(market: Market) -> list[Asked]:
    """Return every offer with what each model that serves says of it."""
    cases = [case_of(offer) for offer in market.offers]
    nothing = [None] * len(cases)
    said = {
        name: answer(market.models[name], cases) if name in market.models else nothing
        for name in ("redemption", "price", "risk")
    }
    rows = zip(market.offers, cases, said["redemption"], said["price"], said["risk"], strict=True)
    return [Asked(*row) for row in rows]


def _wishes(wanted: Wanted) -> Wishes:
    return Wishes(
        budget=wanted.budget,
        risk_tolerance=wanted.risk_tolerance,
        max_per_lien=wanted.max_per_lien,
        max_per_county=wanted.max_per_county,
        horizon_months=wanted.horizon_months,
    )


def _limits(wanted: Wanted) -> Limits:
    return Limits(wanted.min_per_lien, wanted.max_risk_score)


def _why_nothing(heard: Heard) -> str:
    if not heard.considered:
        return "No lien on offer is known there."
    common = Counter(heard.left_out).most_common(3)
    reasons = ", ".join(f"{reason} ({n:,})" for reason, n in common if n)
    return (
        f"None of the {heard.considered:,} liens that are known there can be bought within these"
        f" limits; most often: {reasons}."
    )


def _warnings(market: Market, wanted: Wanted) -> list[str]:
    found = []
    offered = {offer.county_fips for offer in market.offers}
    if missing := [fips for fips in wanted.counties if fips not in offered]:
        found.append(f"no lien on offer is known in {', '.join(sorted(missing)[:20])}")
    if "price" not in market.models:
        found.append("no price model serves: coming sales are counted at their opening terms")
    if "risk" not in market.models:
        found.append("no risk model serves: no lien has a score")
    return found
