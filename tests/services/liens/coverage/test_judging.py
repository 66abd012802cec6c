"""How a source stands is computed from facts and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.liens.logic.coverage import SourceFacts, confidence, judge, worst

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def facts(age_hours: float | None = 1.0, **fields: Any) -> SourceFacts:
    known: dict[str, Any] = dict.fromkeys(SourceFacts._fields)
    known |= {
        "county_fips": "12105",
        "source": "qpublic/fl_polk",
        "title": "Polk",
        "legal_status": "open_data",
        "synthetic": False,
        "properties": 10,
        "liens": 1,
        "not_recorded": 0,
        "last_run_state": "published",
        "complete_pct": 100.0,
        "filled_pct": 100.0,
        "fresh_hours": 48.0,
    }
    if age_hours is not None:
        known["last_success_at"] = NOW - timedelta(hours=age_hours)
    return SourceFacts(**known | fields)


def test_source_turns_amber_and_then_red_by_itself() -> None:
    seen = [judge(facts(), NOW + timedelta(hours=h)).status for h in (0, 46, 48, 190, 192)]
    assert seen == ["green", "green", "amber", "amber", "red"]


@pytest.mark.parametrize("state", ["quarantined", "failed", "refused", "stopped"])
def test_run_that_ended_badly_makes_fresh_data_amber_and_old_data_red(state: str) -> None:
    fresh = judge(facts(last_run_state=state, last_run_reason="columns moved"), NOW)
    assert (fresh.status, "columns moved" in fresh.reason) == ("amber", True)
    assert judge(facts(50.0, last_run_state=state), NOW).status == "red"


def test_stopped_source_is_amber_until_it_is_resumed() -> None:
    at = NOW - timedelta(hours=2)
    stopped = facts(stopped_at=at, stop_kind="challenge", stop_reason="a riddle")
    assert (judge(stopped, NOW).status, "riddle" in judge(stopped, NOW).reason) == ("amber", True)
    assert judge(stopped._replace(resumed_at=at + timedelta(hours=1)), NOW).status == "green"
    assert judge(stopped._replace(resumed_at=at - timedelta(hours=1)), NOW).status == "amber"


def test_source_that_publishes_nothing_now_is_grey_and_nothing_to_rely_on() -> None:
    empty = judge(facts(properties=0, liens=0, scraped=0), NOW)
    assert (empty.status, empty.confidence) == ("grey", 0.0)
    assert judge(facts(properties=0, liens=0, scraped=7), NOW).status == "green"


def test_source_without_data_is_grey_and_red_where_collecting_it_failed() -> None:
    assert judge(facts(None, last_run_state=None), NOW).status == "grey"
    forbidden = judge(facts(None, last_run_state=None, legal_status="terms_forbid"), NOW)
    assert (forbidden.status, "terms_forbid" in forbidden.reason) == ("grey", True)
    assert judge(facts(None, last_run_state="failed"), NOW).status == "red"


def test_confidence_follows_its_formula() -> None:
    assert confidence(facts(), 1.0, 48.0) == 1.0
    assert confidence(facts(complete_pct=80.0, filled_pct=50.0), 1.0, 48.0) == 0.6
    assert confidence(facts(), 96.0, 48.0) == 0.5
    assert confidence(facts(complete_pct=None, filled_pct=None), 1.0, 48.0) == 0.375
    assert confidence(facts(legal_status="unknown"), 1.0, 48.0) == 0.8
    assert confidence(facts(synthetic=True), 1.0, 48.0) == 0.0
    assert confidence(facts(None), None, 48.0) == 0.0


@given(
    age=st.floats(0, 1e6),
    more=st.floats(0, 1e6),
    complete=st.none() | st.floats(0, 100),
    filled=st.none() | st.floats(0, 100),
)
def test_confidence_lies_between_0_and_1_and_never_grows_with_age(
    age: float, more: float, complete: float | None, filled: float | None
) -> None:
    source = facts(complete_pct=complete, filled_pct=filled)
    young, old = confidence(source, age, 48.0), confidence(source, age + more, 48.0)
    assert 0.0 <= old <= young <= 1.0


def test_county_stands_as_its_worst_source_that_brings_data() -> None:
    assert worst(["green", "amber", "grey"]) == "amber"
    assert worst(["green", "grey"]) == "green"
    assert worst(["grey"]) == "grey"
