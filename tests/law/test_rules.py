"""The shipped rules: complete, cited, without gaps between versions, and refused when broken."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.kit.reference import reference_names, reference_text
from taxlien.law.errors import NoRule, RuleDataError
from taxlien.law.rulebook import RuleBook, local_rate_as_dict, parse, rule_as_dict

FLORIDA = reference_text("rules/states/FL.toml")
LOW = {"AK", "ID", "KS", "ME", "NH", "NY", "OK", "OR", "UT", "VA", "WA"}


def test_all_fifty_states_and_the_district_have_a_rule_today(rulebook: RuleBook) -> None:
    assert len(rulebook.states()) == 51
    for state in rulebook.states():
        assert rulebook.rules_of(state, date(2026, 11, 1))


def test_every_rule_cites_a_statute_a_source_and_a_day_it_was_verified(rulebook: RuleBook) -> None:
    for state in rulebook.states():
        for rule in rulebook.rules_of(state):
            assert any(digit in rule.statute for digit in "0123456789"), rule.rule_id
            assert rule.source_url.startswith("http"), rule.rule_id
            assert date(2026, 1, 1) <= rule.verified_on <= date(2026, 12, 31), rule.rule_id
            assert rule.rule_id == f"{state}/{rule.track}/{rule.effective_from}"
            assert rule.notes


def test_versions_of_a_track_follow_each_other_without_a_gap(rulebook: RuleBook) -> None:
    for state in rulebook.states():
        for track in ("lien", "redeemable_deed", "deed"):
            versions = [r for r in rulebook.rules_of(state) if r.track == track]
            for before, after in pairwise(sorted(versions, key=lambda rule: rule.effective_from)):
                assert before.effective_to is not None
                assert (after.effective_from - before.effective_to).days == 1, after.rule_id


def test_the_eleven_doubtful_states_are_marked_low(rulebook: RuleBook) -> None:
    for state in LOW:
        for rule in rulebook.rules_of(state):
            assert rule.confidence == "low"
            assert rule.cautions()


@pytest.mark.parametrize(
    ("state", "day", "rule_id", "rate"),
    [
        ("CO", date(2003, 11, 19), "CO/lien/1990-01-01", "11"),
        ("CO", date(2020, 11, 5), "CO/lien/1990-01-01", "9"),
        ("FL", date(2006, 5, 30), "FL/lien/2000-01-01", None),
        ("AZ", date(2007, 2, 13), "AZ/lien/1999-01-01", None),
        ("IL", date(2021, 12, 31), "IL/lien/1994-01-01", None),
        ("IL", date(2022, 1, 1), "IL/lien/2022-01-01", None),
        ("IN", date(2014, 6, 30), "IN/lien/2006-01-01", "15"),
        ("IN", date(2014, 7, 1), "IN/lien/2014-07-01", "15"),
        ("LA", date(2025, 12, 31), "LA/redeemable_deed/2009-01-01", "1"),
        ("LA", date(2026, 1, 1), "LA/lien/2026-01-01", None),
        ("MA", date(2024, 10, 31), "MA/lien/2000-01-01", "16"),
        ("MA", date(2024, 11, 1), "MA/lien/2024-11-01", "8"),
        ("AL", date(2015, 5, 1), "AL/redeemable_deed/2000-01-01", "12"),
        ("AL", date(2026, 5, 1), "AL/lien/2019-01-01", None),
    ],
)
def test_the_rule_of_the_day_of_the_sale_applies(
    state: str, day: date, rule_id: str, rate: str | None, rulebook: RuleBook
) -> None:
    terms = rulebook.terms(state, day)
    assert terms.rule.rule_id == rule_id
    assert terms.rate_pct == (None if rate is None else Decimal(rate))


@pytest.mark.parametrize(
    ("county", "day", "homestead", "rate"),
    [
        ("24021", date(2015, 5, 11), None, "8"),
        ("24005", date(2015, 5, 11), None, "12"),
        ("24025", date(2015, 5, 11), None, "12"),
        ("24027", date(2015, 5, 11), None, "18"),
        ("24510", date(2006, 5, 15), None, "18"),
        ("24510", date(2016, 5, 16), True, "12"),
        ("24510", date(2016, 5, 16), False, "18"),
    ],
)
def test_a_maryland_county_sets_its_rate(
    county: str, day: date, homestead: bool | None, rate: str, rulebook: RuleBook
) -> None:
    assert rulebook.terms("MD", day, county, homestead).rate_pct == Decimal(rate)


def test_an_unlisted_maryland_county_has_no_rule(rulebook: RuleBook) -> None:
    with pytest.raises(NoRule):
        rulebook.terms("MD", date(2015, 5, 11), "24031")
    with pytest.raises(NoRule):
        rulebook.terms("MD", date(2015, 5, 11))


def test_a_doubtful_county_rate_warns(rulebook: RuleBook) -> None:
    warnings = rulebook.terms("MD", date(2016, 5, 16), "24510").warnings
    assert any("low confidence" in warning for warning in warnings)
    assert any("principal residence" in warning for warning in warnings)


@pytest.mark.parametrize("year", [1980, 2017, 2018, 2019, 2021, 2022, 2024])
def test_a_colorado_year_without_a_published_rate_has_no_rule(
    year: int, rulebook: RuleBook
) -> None:
    with pytest.raises(NoRule):
        rulebook.terms("CO", date(year, 11, 5))


def test_a_rule_becomes_plain_json_values(rulebook: RuleBook) -> None:
    shown = rule_as_dict(rulebook.find("FL", date(2026, 6, 1)))
    assert shown["id"] == "FL/lien/2000-01-01"
    assert (shown["max_rate_pct"], shown["collector_fee"]) == ("18", "6.25")
    assert shown["effective_to"] is None
    rates = [local_rate_as_dict(rate) for rate in rulebook.local_rates_of("CO")]
    assert {"2020-01-01": "9"}.items() <= {
        r["effective_from"]: r["rate_pct"] for r in rates
    }.items()


def test_the_rule_book_is_read_once() -> None:
    assert load_rulebook() is load_rulebook()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('max_rate_pct = "18"', "max_rate_pct = 18.0"),
        ('max_rate_pct = "18"', 'max_rate_pct = "eighteen"'),
        ('max_rate_pct = "18"', 'maximum_rate = "18"'),
        ('accrual = "elapsed_ceil"', 'accrual = "monthly-ish"'),
        ('confidence = "high"', 'confidence = "certain"'),
        ("effective_from = 2000-01-01", 'effective_from = "2000-01-01"'),
        ('state = "FL"', 'state = "GA"'),
        ('track = "deed"', 'track = "lien"'),
        ('surplus_rule = "surplus_returned"', ""),
    ],
)
def test_a_broken_rule_is_refused_when_it_is_read(old: str, new: str) -> None:
    broken = FLORIDA.replace(old, new, 1) if old != 'track = "deed"' else FLORIDA.replace(old, new)
    assert broken != FLORIDA
    with pytest.raises(RuleDataError):
        parse({"FL": broken}, "state", "state")


def test_reference_names_stay_inside_the_shipped_data() -> None:
    assert len(reference_names("rules/states")) == 51
    with pytest.raises(ValueError, match="inside"):
        reference_text("../pyproject.toml")
    with pytest.raises(FileNotFoundError):
        reference_text("rules/states/ZZ.toml")
