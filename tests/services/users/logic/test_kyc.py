"""A check of identity moves along its states only, and nobody is approved without having been looked at."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.interfaces.users import KycStatus
from taxlien.kit.errors import Conflict, InvalidInput
from taxlien.services.users.logic.kyc import (
    RESTARTABLE,
    STATUSES,
    Action,
    Details,
    advance,
    check_age,
    check_complete,
    unsettled,
)

ACTIONS: tuple[Action, ...] = get_args(Action)
SOMEBODY = Details("Ann Lee", date(1990, 5, 17), "US", "US")


def walk(actions: list[Action]) -> list[tuple[Action, KycStatus]]:
    """Do what can be done, in order, from a new case."""
    status: KycStatus = "pending"
    done = []
    for action in actions:
        try:
            status = advance(status, action)
        except Conflict:
            continue
        done.append((action, status))
    return done


def test_states_are_those_others_know() -> None:
    assert get_args(KycStatus) == STATUSES


@given(st.lists(st.sampled_from(ACTIONS), max_size=40))
def test_who_is_approved_was_handed_in_and_looked_at(actions: list[Action]) -> None:
    done = walk(actions)
    for position, (action, status) in enumerate(done):
        if status == "approved":
            assert action == "approve"
            assert "submitted" in [earlier for _, earlier in done[:position]]
            assert done[position - 1][1] == "in_review"


@given(st.lists(st.sampled_from(ACTIONS), max_size=40))
def test_a_hit_always_leads_to_a_reviewer(actions: list[Action]) -> None:
    assert {status for action, status in walk(actions) if action == "hit"} <= {"in_review"}


@given(st.lists(st.sampled_from(ACTIONS), max_size=40))
def test_nothing_leads_out_of_an_ended_case(actions: list[Action]) -> None:
    done = walk(actions)
    ended = [n for n, (_, status) in enumerate(done) if status in RESTARTABLE]
    assert ended in ([], [len(done) - 1])


@pytest.mark.parametrize("status", STATUSES)
def test_the_same_decision_cannot_be_made_twice(status: KycStatus) -> None:
    for action in ("submit", "take", "approve", "reject", "expire"):
        try:
            after = advance(status, action)
        except Conflict:
            continue
        with pytest.raises(Conflict):
            advance(after, action)


@pytest.mark.parametrize(
    ("details", "documents", "lacking"),
    [
        (None, ["passport", "proof_of_address"], "name, birth date"),
        (SOMEBODY, ["proof_of_address"], "a passport or an identity card"),
        (SOMEBODY, ["passport", "id_card"], "a proof of address"),
        (None, [], "name, birth date and countries, a passport or an identity card, a proof"),
    ],
)
def test_what_is_missing_is_named(
    details: Details | None, documents: list[str], lacking: str
) -> None:
    with pytest.raises(Conflict, match=lacking):
        check_complete(details, documents)


@pytest.mark.parametrize("identity", ["passport", "id_card"])
def test_one_document_of_identity_suffices(identity: str) -> None:
    check_complete(SOMEBODY, [identity, "proof_of_address"])


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("born", [date(2008, 11, 23), date(1990, 1, 1), date(1906, 11, 24)])
def test_adults_may_be_checked(born: date) -> None:
    check_age(born, TODAY)


@pytest.mark.parametrize("born", [date(2008, 11, 24), date(2026, 11, 24), date(1900, 1, 1)])
def test_children_and_the_impossible_may_not(born: date) -> None:
    with pytest.raises(InvalidInput):
        check_age(born, TODAY)


@given(st.sets(st.text()), st.sets(st.text()))
def test_a_match_is_settled_only_by_name(matches: set[str], cleared: set[str]) -> None:
    left = unsettled(matches, cleared)
    assert set(left) == {match for match in matches if match not in cleared}
    assert left == sorted(left)
