"""Figures of a run: the same however the work was shared out, small, and good enough to compare."""

from __future__ import annotations

import json
import math
import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic_county import DAY, figures, liens, parcels
from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.logic.facts import facts_of
from taxlien.services.scraper.logic.figures import RunFigures, figures_of, quantile
from taxlien.services.scraper.logic.pages import Reading
from taxlien.services.scraper.logic.shifting import stability

FACTS = facts_of(Reading(liens=tuple(liens(120)), parcels=tuple(parcels(40))))


def of(facts: object) -> RunFigures:
    run = RunFigures(day=DAY)
    for fact in facts:  # type: ignore[attr-defined]
        run.observe(fact)
    return run


@given(st.lists(st.integers(0, 3), min_size=len(FACTS), max_size=len(FACTS)))
@settings(max_examples=25, deadline=None)
def test_figures_of_workers_add_up_to_those_of_one(workers: list[int]) -> None:
    merged = RunFigures(day=DAY)
    for worker in range(4):
        merged.merge(of([f for f, w in zip(FACTS, workers, strict=True) if w == worker]))
    assert merged == of(FACTS)


def test_figures_go_through_json_and_come_back() -> None:
    run = figures([*liens(200), *parcels(100)])
    run.error("timeout")
    assert figures_of(json.loads(json.dumps(run.document()))) == run


def test_figures_stay_small_whatever_is_in_them() -> None:
    """Half as many different values more are not half as many bytes more."""
    chance = random.Random(1)

    def awful(n: int) -> LienObserved:
        return LienObserved(
            kind="certificate",
            status="sold",
            parcel_id=str(chance.random()),
            city=str(chance.random()),
            property_type="x" * chance.randint(1, 900),
            zip_code=str(chance.random()),
            item_id=str(n),
            face_amount=Decimal(str(10 ** chance.uniform(-9, 30))),
            tax_year=chance.randint(-(10**9), 10**9),
        )

    run = of(facts_of(Reading(liens=tuple(awful(n) for n in range(3000)))))
    assert len(json.dumps(run.document())) < 60_000


@given(st.lists(st.decimals(Decimal("0.01"), 10**7, places=2), min_size=1, max_size=60))
def test_a_median_is_right_within_six_percent(amounts: list[Decimal]) -> None:
    records = [
        LienObserved(
            kind="certificate", status="sold", parcel_id="1", item_id=str(n), face_amount=amount
        )
        for n, amount in enumerate(amounts)
    ]
    found = quantile(
        of(facts_of(Reading(liens=tuple(records)))).fields["lien.face_amount"].bins, 0.5
    )
    true = sorted(amounts)[math.ceil(len(amounts) / 2) - 1]
    assert found is not None
    assert abs(found - true) <= true * Decimal("0.061") + Decimal("0.005")


@given(
    st.dictionaries(st.integers(0, 9), st.integers(1, 500), min_size=1),
    st.dictionaries(st.integers(0, 9), st.integers(1, 500), min_size=1),
)
def test_a_stability_index_is_never_negative_and_the_same_is_stable(
    one: dict[int, int], other: dict[int, int]
) -> None:
    assert stability(one, other) >= 0
    assert stability(one, one) == 0


def test_another_population_has_a_large_index() -> None:
    assert stability({1: 1000, 2: 10}, {1: 10, 2: 1000}) > 1
