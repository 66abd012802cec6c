"""What is kept of events, and that every message made of it can be written: whatever is not known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxlien.interfaces.liens import Lien, LienStatus
from taxlien.interfaces.portfolio import WatchReason, WatchTriggered
from taxlien.interfaces.search import SearchMatched
from taxlien.services.notifications.adapters.rendering import render, render_note, render_sms
from taxlien.services.notifications.logic.gathering import (
    MOST_SECTIONS,
    MOST_SHOWN,
    SHOWN_OF_SEVERAL,
    Section,
    match_of,
    path_of,
    told_of,
    watch_of,
)
from taxlien.services.notifications.logic.kinds import KINDS, LANGUAGES

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MONEY = st.one_of(st.none(), st.decimals(0, 10**9, places=2))
TEXT = st.one_of(st.none(), st.text(max_size=120))
STATUS = st.sampled_from(get_args(LienStatus))


@st.composite
def liens(draw) -> Lien:
    """A lien of which anything but its place may be unknown."""
    return Lien(
        lien_id=draw(st.uuids()), version=draw(st.integers(1, 9)), kind="certificate",
        status=draw(STATUS), state="FL", county_fips="12083", county=draw(st.text(max_size=40)),
        parcel_id=draw(st.text(max_size=40)), parcel_key="P", source="test", first_seen_at=NOW,
        last_changed_at=NOW, situs_address=draw(TEXT), city=draw(TEXT),
        bid_rate_pct=draw(MONEY),
        redeemed_on=draw(st.one_of(st.none(), st.just(date(2026, 11, 20)))),
    )  # fmt: skip


@st.composite
def events(draw) -> SearchMatched | WatchTriggered:
    who = {"user_id": UUID(int=1), "lien": draw(liens()), "at": NOW}
    if draw(st.booleans()):
        return SearchMatched(
            **who, search_id=draw(st.uuids()), search_name=draw(st.text(max_size=90)),
            pace=draw(st.sampled_from(("instant", "daily", "weekly"))), cause="created",
            price=draw(MONEY), rate_pct=draw(MONEY), payoff=draw(MONEY), roi_pct=draw(MONEY),
        )  # fmt: skip
    return WatchTriggered(
        **who, watch_id=draw(st.uuids()), label=draw(st.text(max_size=90)), price=draw(MONEY),
        pace=draw(st.sampled_from(("instant", "daily", "weekly"))),
        target=draw(st.sampled_from(("lien", "parcel", "county", "auction"))),
        reason=draw(st.sampled_from(get_args(WatchReason))), previous_price=draw(MONEY),
        previous_status=draw(st.one_of(st.none(), STATUS)),
    )  # fmt: skip


def item_of(event: SearchMatched | WatchTriggered):
    return match_of(event) if isinstance(event, SearchMatched) else watch_of(event)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event=events(), total=st.integers(1, 100_000), language=st.sampled_from(LANGUAGES))
def test_whatever_is_unknown_every_message_can_be_written(event, total, language) -> None:
    item = item_of(event)
    kept = msgspec.json.decode(msgspec.json.encode(item.facts))
    told = told_of(item.kind, item.pace, [Section(total, [kept])])
    assert set(told) == KINDS[item.kind].parameters
    mail = render(item.kind, language, told, web_url="https://x.example", unsubscribe_url="u")
    assert "None" not in mail.text.replace(str(event.lien.parcel_id), "")
    assert render_note(item.kind, language, told).title
    if "sms" in KINDS[item.kind].channels:
        assert len(render_sms(item.kind, language, told)) <= 140


@given(event=events())
def test_the_same_fact_has_the_same_id_and_another_has_another(event) -> None:
    first = item_of(event).item_id
    later = msgspec.structs.replace(event, at=datetime(2027, 1, 1, tzinfo=UTC))
    assert item_of(later).item_id == first
    other = msgspec.structs.replace(
        event, lien=msgspec.structs.replace(event.lien, lien_id=UUID(int=7))
    )
    assert item_of(other).item_id != first


def facts(number: int) -> dict[str, object]:
    return {"search": "S", "path": f"/v1/liens/{number}", "price": str(Decimal(number))}


def test_one_search_shows_twenty_and_several_show_five_each_at_most_ten() -> None:
    alone = told_of("saved_search_matches", "instant", [Section(40, list(map(facts, range(20))))])
    [search] = alone["searches"]
    assert (len(search["liens"]), search["more"], alone["total"]) == (MOST_SHOWN, 20, 40)
    many = told_of("saved_search_matches", "daily", [Section(7, list(map(facts, range(7))))] * 12)
    assert len(many["searches"]) == MOST_SECTIONS
    assert {len(search["liens"]) for search in many["searches"]} == {SHOWN_OF_SEVERAL}
    assert {search["more"] for search in many["searches"]} == {2}
    assert many["total"] == 84


@pytest.mark.parametrize(("total", "path"), [(1, "/v1/liens/0"), (2, None)])
def test_message_about_one_lien_leads_to_it(total: int, path: str | None) -> None:
    told = told_of("saved_search_matches", "instant", [Section(total, [facts(0)])])
    assert path_of(told) == path
