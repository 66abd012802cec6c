"""What must hold for every case, whatever the state."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.cases import answer, answer_line, case_as_dict, parse
from taxlien.law.errors import InvalidCase, LawError, NoRule, NotRedeemable
from taxlien.law.facts import Case, Cost, Payment
from taxlien.law.months import add_months
from taxlien.law.payoff import Payoff, payoff
from taxlien.law.pricing import Pricer

BOOK = load_rulebook()
STATES = BOOK.states()
# a busy machine is no failure
UNHURRIED = settings(deadline=None, max_examples=200)
COUNTY = {"MD": "24021", "CO": "08069"}

money = st.integers(1, 10**9).map(lambda cents: Decimal(cents) / 100)
sale_dates = st.dates(date(2001, 6, 1), date(2026, 6, 1))


@st.composite
def cases(draw: st.DrawFn, states: tuple[str, ...] = STATES) -> Case:
    state = draw(st.sampled_from(states))
    sold = draw(sale_dates)
    held = draw(st.integers(0, 2500))
    face = draw(money)
    paid = st.integers(0, 2500).map(lambda days: sold + timedelta(days=days))
    return Case(
        state=state,
        county_fips=COUNTY.get(state),
        sale_date=sold,
        redeemed_on=sold + timedelta(days=held),
        face_amount=face,
        bid_rate_pct=draw(st.none() | st.integers(0, 72).map(lambda quarters: Decimal(quarters) / 4)),
        premium=draw(st.just(Decimal("0.00")) | money),
        price=draw(st.none() | money.map(lambda more: face + more)),
        homestead=draw(st.none() | st.booleans()),
        subsequent_taxes=tuple(
            Payment(draw(paid), draw(money)) for _ in range(draw(st.integers(0, 3)))
        ),
        costs=tuple(
            Cost(draw(st.sampled_from(["costs", "taxes", "recording_fee", "hoa", "other"])),
                 draw(st.none() | paid), draw(money))
            for _ in range(draw(st.integers(0, 2)))
        ),
    )  # fmt: skip


def try_payoff(case: Case) -> Payoff | None:
    try:
        return payoff(case, BOOK)
    except (NoRule, NotRedeemable, InvalidCase):
        return None


@UNHURRIED
@given(cases())
def test_nothing_is_negative_and_lines_add_up_to_both_totals(case: Case) -> None:
    found = try_payoff(case)
    if found is None:
        return
    assert all(line.amount >= 0 for line in found.lines)
    assert found.owner_payoff == sum(line.amount for line in found.lines if line.owner_pays)
    assert found.holder_proceeds == sum(line.amount for line in found.lines if line.holder_receives)
    by_kind = {kind: Decimal(0) for kind in ("principal", "interest", "penalty", "fee", "repaid")}
    for line in found.lines:
        if line.owner_pays:
            by_kind[line.kind] += line.amount
    assert found.owner_payoff == sum(by_kind.values())
    assert found.interest + found.penalty == by_kind["interest"] + by_kind["penalty"]
    assert all(line.amount == line.amount.quantize(Decimal("0.01")) for line in found.lines)
    assert all(line.statute for line in found.lines)


@UNHURRIED
@given(cases(), st.integers(1, 400))
def test_waiting_never_makes_the_interest_on_the_sale_smaller(case: Case, more: int) -> None:
    earlier = try_payoff(case)
    later_case = parse(
        case_as_dict(case) | {"redeemed_on": (case.redeemed_on + timedelta(days=more)).isoformat()}
    )
    later = try_payoff(later_case)
    if earlier is None or later is None:
        return
    assert later.interest >= earlier.interest
    assert later.owner_payoff >= earlier.owner_payoff


@UNHURRIED
@given(cases())
def test_a_case_survives_the_round_trip_through_json(case: Case) -> None:
    assert parse(json.loads(json.dumps(case_as_dict(case, "x")))) == case


@UNHURRIED
@given(cases())
def test_an_answer_is_json_and_keeps_its_id(case: Case) -> None:
    line = json.dumps(case_as_dict(case, "x") | {"expected_owner_payoff": "1"})
    found = json.loads(answer_line(line, BOOK))
    assert found["id"] == "x"
    assert ("error" in found) != ("owner_payoff" in found)
    if "error" in found:
        assert found["error"]["code"] in {"no_rule", "not_redeemable", "invalid_case"}


@UNHURRIED
@given(
    st.text(st.characters(min_codepoint=65, max_codepoint=90), min_size=0, max_size=3).filter(
        lambda code: code not in STATES
    ),
    sale_dates,
)
def test_an_unknown_state_answers_no_rule(state: str, sold: date) -> None:
    with pytest.raises(NoRule):
        payoff(Case(state=state, sale_date=sold, redeemed_on=sold, face_amount=Decimal(1)), BOOK)


@UNHURRIED
@given(st.sampled_from(STATES), st.dates(date(1800, 1, 1), date(1979, 12, 31)))
def test_a_date_before_any_version_answers_no_rule(state: str, sold: date) -> None:
    with pytest.raises(NoRule):
        payoff(Case(state=state, sale_date=sold, redeemed_on=sold, face_amount=Decimal(1)), BOOK)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@UNHURRIED
@given(cases(), st.data())
def test_no_value_of_any_field_breaks_the_answer(case: Case, data: st.DataObject) -> None:
    written = case_as_dict(case, "x")
    field = data.draw(st.sampled_from(sorted(written)))
    written[field] = data.draw(json_values)
    found = answer(written, BOOK)
    assert "error" in found or "owner_payoff" in found


@UNHURRIED
@given(st.text(max_size=200))
def test_any_text_is_answered_with_one_line(text: str) -> None:
    found = answer_line(text, BOOK)
    assert "\n" not in found
    assert "error" in json.loads(found)


@UNHURRIED
@given(cases(), st.integers(1, 48))
def test_the_fast_path_gives_the_figures_of_the_full_engine(case: Case, months: int) -> None:
    price = Pricer(BOOK, months).price(
        case.state,
        case.county_fips,
        "certificate",
        case.sale_date,
        case.face_amount,
        case.bid_rate_pct,
        case.premium,
        case.price,
        case.homestead,
    )
    plain = Case(
        state=case.state,
        county_fips=case.county_fips,
        sale_date=case.sale_date,
        redeemed_on=add_months(case.sale_date, months),
        face_amount=case.face_amount,
        bid_rate_pct=case.bid_rate_pct,
        premium=case.premium,
        price=case.price,
        homestead=case.homestead,
    )
    full: Payoff | None = None
    refused = ""
    try:
        full = payoff(plain, BOOK)
    except LawError as error:
        refused = error.code
    if full is None:
        assert price.owner_payoff is None
        assert price.reason == refused or (price.reason, refused) == ("no_rate", "invalid_case")
        return
    assert price.reason is None
    assert price.rule_id == full.rule.rule_id
    assert price.warnings == full.warnings
    assert (price.owner_payoff, price.holder_proceeds, price.outlay, price.roi_pct) == (
        full.owner_payoff,
        full.holder_proceeds,
        full.outlay,
        full.roi_pct,
    )
