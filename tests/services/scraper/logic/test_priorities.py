"""Demand decides who comes first; nobody waits for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from taxlien.services.scraper.logic.priorities import (
    FAIR_EVERY,
    Candidate,
    Demand,
    choose,
    due_at,
    priority,
    score,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TODAY = date(2026, 5, 1)
FRESH = Candidate(
    source="a/fresh", last_started=NOW - timedelta(hours=2), last_success=NOW - timedelta(hours=2)
)

demands = st.builds(
    Demand,
    searches=st.integers(0, 10**7),
    watchlists=st.integers(0, 10**5),
    customers=st.integers(0, 1000),
    next_sale=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
)


def with_demand(**demand: object) -> Candidate:
    return replace(FRESH, demand=Demand(**demand))  # type: ignore[arg-type]


def test_what_nobody_wants_and_is_fresh_comes_last() -> None:
    assert priority(FRESH, NOW, TODAY) == 9


@given(demands, st.integers(0, 10_000))
def test_a_priority_is_one_of_ten(demand: Demand, age: int) -> None:
    one = replace(FRESH, demand=demand, last_success=NOW - timedelta(hours=age))
    assert 0 <= priority(one, NOW, TODAY) <= 9


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"customers": 1}, {"searches": 3}),
        ({"customers": 7}, {"searches": 10**6}),
        ({"watchlists": 50}, {"watchlists": 5}),
        ({"searches": 500}, {"searches": 50}),
        ({"next_sale": TODAY + timedelta(days=5)}, {"next_sale": TODAY + timedelta(days=30)}),
        ({"next_sale": TODAY - timedelta(days=1)}, {"next_sale": TODAY - timedelta(days=9)}),
        ({"next_sale": TODAY + timedelta(days=1)}, {"watchlists": 1000}),
    ],
)
def test_what_is_wanted_more_comes_first(more: dict[str, object], less: dict[str, object]) -> None:
    assert score(with_demand(**more), NOW, TODAY) > score(with_demand(**less), NOW, TODAY)


def test_what_grew_stale_comes_before_what_is_fresh() -> None:
    stale = replace(FRESH, last_success=NOW - timedelta(hours=96))
    assert priority(stale, NOW, TODAY) == 7
    assert priority(replace(FRESH, last_success=None), NOW, TODAY) == 7


@given(demands)
def test_the_most_wanted_come_at_most_twice_as_often(demand: Demand) -> None:
    due = due_at(replace(FRESH, demand=demand), NOW, TODAY)
    assert FRESH.last_started is not None
    assert timedelta(hours=12) <= due - FRESH.last_started <= timedelta(hours=24)


def test_a_failed_run_is_tried_again_with_growing_pauses_up_to_the_usual_interval() -> None:
    def hours(failures: int) -> float:
        due = due_at(replace(FRESH, failures=failures), NOW, TODAY)
        assert FRESH.last_started is not None
        return (due - FRESH.last_started) / timedelta(hours=1)

    assert [hours(n) for n in (1, 2, 3)] == [0.25, 0.5, 1.0]
    assert hours(40) == hours(0) == 24


def test_only_what_is_due_is_chosen_and_what_never_ran_is_due() -> None:
    never = Candidate(source="b/never")
    chosen = choose([FRESH, never], 5, turn=0, now=NOW, today=TODAY)
    assert [one.source for one in chosen] == ["b/never"]


def test_the_most_wanted_is_chosen_first() -> None:
    old = NOW - timedelta(days=3)
    wanted = replace(with_demand(customers=5), source="z", last_started=old)
    plain = replace(FRESH, source="a", last_started=old)
    assert [x.source for x in choose([plain, wanted], 2, turn=0, now=NOW, today=TODAY)] == [
        "z",
        "a",
    ]


@given(
    st.lists(demands, min_size=1, max_size=12),
    st.integers(0, 3),
    st.integers(1, 5),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_every_source_gets_its_turn_within_a_bounded_number_of_picks(
    wanted: list[Demand], batch: int, hours: int, turn: int
) -> None:
    """Everything is due all the time, as when there is far more to collect than can be collected."""
    sources = {
        f"s/{n}": Candidate(source=f"s/{n}", every_hours=0.001, last_success=NOW, demand=demand)
        for n, demand in enumerate(wanted)
    }
    now, picks = NOW, turn
    last_picked = dict.fromkeys(sources, turn)
    bound = FAIR_EVERY * len(sources)
    while picks < turn + 4 * bound:
        now += timedelta(hours=hours)
        for place, one in enumerate(
            choose(sources.values(), batch + 1, turn=picks, now=now, today=TODAY)
        ):
            assert picks + place - last_picked[one.source] <= bound
            last_picked[one.source] = picks + place
            started = now + timedelta(seconds=place)
            sources[one.source] = replace(one, last_started=started)
        picks += min(batch + 1, len(sources))
    assert all(picks - last <= bound for last in last_picked.values())
