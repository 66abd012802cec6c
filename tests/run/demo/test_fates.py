"""What becomes of demo liens keeps to the law of their state, and nothing is known before it happened."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.run.demo import past
from taxlien.run.demo.fates import DAYS_A_MONTH
from taxlien.run.demo.generate import demo_liens, demo_plan

TODAY = date(2026, 11, 28)


def test_fates_keep_to_the_months_of_the_law() -> None:
    rules = load_rulebook()
    plan = demo_plan()
    liens = [
        *demo_liens(plan, today=TODAY),
        *demo_liens(past.past_plan(plan, 3, past.AYear(40, 40)), today=TODAY),
    ]
    seen = Counter(lien["status"] for lien in liens)
    assert {"redeemed", "foreclosed", "void", "sold", "removed"} <= set(seen)
    for lien in liens:
        ended = lien.get("redeemed_on") or lien.get("ended_on")
        assert (ended is not None) == (
            lien["status"] in {"redeemed", "foreclosed", "void", "expired"}
        )
        if ended is None:
            continue
        assert lien["sale_date"] < ended <= TODAY
        months = max(rules.find(lien["state"], lien["sale_date"]).redemption_months, 12)
        over = lien["sale_date"] + timedelta(days=int(months * DAYS_A_MONTH))
        assert lien["status"] == "void" or (ended > over) == (lien["status"] != "redeemed")


def test_the_same_seed_makes_the_same_past_and_none_of_it_is_the_demo() -> None:
    plan = demo_plan()
    rows = list(past.facts(plan, today=TODAY, years=1, a_year=past.AYear(5, 5)))
    assert rows == list(past.facts(plan, today=TODAY, years=1, a_year=past.AYear(5, 5)))
    assert len(rows) == plan.size + 5 * len(plan.counties)
    assert all(row["synthetic"] for row in rows)
    firsts = {county.fips: min(county.years) for county in plan.counties}
    assert all(
        (row["sale_date"].year < firsts[row["county_fips"]]) == row["lien_id"].startswith("past")
        for row in rows
    )
