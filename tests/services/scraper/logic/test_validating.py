"""Runs are believed or not: one planted fault each, and no alarm on days as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from synthetic_county import (
    DAY,
    after_the_sale,
    changed,
    figures,
    liens,
    next_day,
    parcels,
)
from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.logic.figures import RunFigures
from taxlien.services.scraper.logic.findings import Finding
from taxlien.services.scraper.logic.sites import Expected
from taxlien.services.scraper.logic.validating import publishable, validate

EXPECTED = Expected(min_records=100, required={"face_amount": 0.95, "lien.parcel_id": 1.0})
LIENS = liens(1000)
LAST = figures(LIENS)


def failures(found: Sequence[Finding]) -> set[tuple[str, str | None]]:
    return {(one.check, one.field) for one in found if one.severity == "fails"}


def checked(records: Sequence[LienObserved], last: RunFigures | None = LAST) -> list[Finding]:
    return validate(figures(records), last, EXPECTED)


def test_the_same_again_is_nothing_to_speak_of() -> None:
    assert checked(LIENS) == []


def test_a_seasonal_list_may_be_empty_and_another_may_not() -> None:
    closed = RunFigures(day=DAY)
    closed.page(read=0)
    seasonal = replace(EXPECTED, seasonal=True)
    assert publishable(validate(closed, LAST, seasonal))
    assert not publishable(validate(closed, LAST, EXPECTED))


def test_a_seasonal_list_that_could_not_be_read_is_no_closed_one() -> None:
    broken = RunFigures(day=DAY)
    broken.error("layout")
    assert not publishable(validate(broken, LAST, replace(EXPECTED, seasonal=True)))


def pages_of(found: int, not_found: int) -> RunFigures:
    """A site with a parcel a page, of which some are not known any more."""
    run = figures(LIENS[:found], pages=found)
    for _ in range(not_found):
        run.page(read=0, not_found=True)
    return run


@pytest.mark.parametrize(
    ("found", "not_found", "last", "held"),
    [
        (990, 10, (1000, 0), False),  # some parcels were split or merged
        (800, 200, (1000, 0), True),  # within the change that is allowed, and yet a relaunch
        (900, 100, (900, 100), False),  # as ever
        (900, 100, None, False),
        (300, 700, None, True),
        (8, 2, (10, 0), False),  # too few to tell
    ],
)
def test_many_records_that_are_not_found_any_more_look_like_a_relaunch(
    found: int, not_found: int, last: tuple[int, int] | None, held: bool
) -> None:
    before = None if last is None else pages_of(*last)
    findings = validate(pages_of(found, not_found), before, Expected(min_records=1))
    assert (("not_found", None) in failures(findings)) == held
    if held:
        said = f"{not_found} of 1,000 pages say that what was asked for is not there"
        assert any(said in finding.text for finding in findings)


@pytest.mark.parametrize(("size", "days"), [(150, 30), (1000, 4), (3000, 1)])
def test_day_after_day_raises_no_alarm(size: int, days: int) -> None:
    records = liens(size, seed=size)
    last = figures(records)
    for n in range(days):
        records = next_day(records, seed=n)
        run = figures(records, day=DAY + timedelta(days=n))
        found = [one for one in validate(run, last, EXPECTED) if one.severity != "notes"]
        assert found == []
        last = run


@given(st.integers(0, 10_000), st.integers(120, 600))
@settings(max_examples=25, deadline=None)
def test_no_county_is_quarantined_for_living_a_day(seed: int, size: int) -> None:
    records = liens(size, seed=seed)
    assert publishable(validate(figures(next_day(records, seed)), figures(records), EXPECTED))


def test_the_day_of_the_sale_is_no_fault() -> None:
    assert publishable(checked(after_the_sale(LIENS)))


def test_another_year_of_the_same_county_is_no_fault() -> None:
    another = [replace(x, tax_year=2026, sale_date=date(2027, 6, 1)) for x in liens(950, seed=77)]
    run = figures(another, day=date(2027, 5, 1))
    assert publishable(validate(run, LAST, EXPECTED))


def test_too_few_and_too_many_records_fail() -> None:
    assert ("count", None) in failures(checked(LIENS[:50], None))
    most = replace(EXPECTED, max_records=800)
    assert ("count", None) in failures(validate(LAST, None, most))


def test_half_the_records_gone_since_the_last_run_fail_and_twice_as_many_do() -> None:
    assert ("change", None) in failures(checked(LIENS[:450]))
    assert ("change", None) in failures(checked([*LIENS, *liens(600, seed=9, first=50_000)]))


def test_a_kind_of_record_that_vanishes_fails_although_the_count_is_well() -> None:
    last = figures([*LIENS, *parcels(200)])
    run = figures([*LIENS, *liens(200, first=9000)])
    assert ("vanished", "parcel") in failures(validate(run, last, EXPECTED))


def test_a_seasonal_list_may_take_nearly_all_of_a_kind_along_and_not_the_last() -> None:
    seasonal = replace(EXPECTED, seasonal=True, max_change=2.0)
    last = figures([*liens(100), *parcels(200)])
    few = figures([*liens(5), *parcels(200)])
    assert publishable(validate(few, last, seasonal))
    assert ("vanished", "lien") in failures(validate(few, last, replace(seasonal, seasonal=False)))
    assert ("vanished", "lien") in failures(validate(figures(parcels(200)), last, seasonal))


def test_a_first_run_of_few_records_is_compared_with_nothing() -> None:
    last = figures(LIENS[:5])
    found = validate(figures(LIENS), last, EXPECTED)
    assert publishable(found)
    assert [one.check for one in found if one.check == "change"] == ["change"]


def test_too_many_errors_fail_and_a_few_are_told() -> None:
    run = figures(LIENS, pages=90)
    for _ in range(4):
        run.error("timeout")
    [found] = validate(run, LAST, EXPECTED)
    assert (found.severity, found.check) == ("warns", "errors")
    assert "timeout 4" in found.text
    for _ in range(6):
        run.error("layout")
    assert ("errors", None) in failures(validate(run, LAST, EXPECTED))


def test_a_run_without_a_page_fails() -> None:
    assert ("pages", None) in failures(validate(RunFigures(day=DAY), None, EXPECTED))


def test_fewer_records_than_pages_announce_fail() -> None:
    run = figures(LIENS)
    run.page(read=27, promised=27)
    assert validate(run, LAST, EXPECTED) == []
    run.page(read=26, promised=27)
    assert ("promised", None) in failures(validate(run, LAST, EXPECTED))


def test_a_required_field_that_is_not_there_fails_in_a_first_run_too() -> None:
    bare = changed(LIENS, 0.1, lambda x: replace(x, face_amount=None))
    assert ("required", "lien.face_amount") in failures(checked(bare, None))


def test_a_required_field_that_no_record_knows_is_told() -> None:
    expected = Expected(required={"shoe_size": 0.5})
    assert ("required", "shoe_size") in failures(validate(LAST, None, expected))


def test_a_lost_field_fails_and_a_thinner_one_warns() -> None:
    lost = [replace(x, situs_address=None) for x in LIENS]
    assert ("presence", "lien.situs_address") in failures(checked(lost))
    thinner = changed(LIENS, 0.5, lambda x: replace(x, situs_address=None))
    found = [one for one in checked(thinner) if one.check == "presence"]
    assert [one.severity for one in found] == ["warns"]


def test_neighbours_that_thin_out_together_fail() -> None:
    slipped = changed(LIENS, 0.5, lambda x: replace(x, situs_address=None, assessed_value=None))
    assert {
        ("presence", "lien.situs_address"),
        ("presence", "lien.assessed_value"),
    } <= failures(checked(slipped))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("situs_address", "01-20-27-0000-00010"),
        ("situs_address", "$1,234.50"),
        ("city", "123 OAK ST"),
        ("zip_code", "Alder"),
        ("parcel_id", "12 OAK ST"),
        ("property_type", "06/01/2026"),
        ("advertising_number", "1,203.77"),
    ],
)
def test_a_column_in_anothers_place_fails(field: str, value: str) -> None:
    """A layout that changes mid-run moves only some of the records."""
    slipped = changed(LIENS, 0.2, lambda x: replace(x, **{field: value}))
    assert ("shape", f"lien.{field}") in failures(checked(slipped))
    all_of_them = [replace(x, **{field: value}) for x in LIENS]
    assert ("shape", f"lien.{field}") in failures(checked(all_of_them, None))


def test_a_name_in_an_address_field_shows_in_the_shapes() -> None:
    slipped = [replace(x, situs_address="SOMEBODY OR OTHER") for x in LIENS]
    assert ("distribution", "lien.situs_address") in failures(checked(slipped))


def test_a_field_that_repeats_another_fails() -> None:
    slipped = [replace(x, assessed_value=x.face_amount) for x in LIENS]
    found = failures(checked(slipped))
    assert ("same", "lien.assessed_value") in found
    twins = [replace(x, city=x.situs_address) for x in LIENS]
    warned = [one.check for one in validate(figures(twins), None, EXPECTED)]
    assert "same" in warned


@pytest.mark.parametrize("factor", [10, 100, Decimal("0.1")])
def test_amounts_ten_or_a_hundred_times_too_large_or_small_fail(factor: Decimal) -> None:
    wrong = [replace(x, face_amount=(x.face_amount or 0) * factor) for x in LIENS]
    assert ("distribution", "lien.face_amount") in failures(checked(wrong))


def test_amounts_a_fifth_larger_are_no_other_population() -> None:
    dearer = [replace(x, face_amount=(x.face_amount or 0) * Decimal("1.2")) for x in LIENS]
    assert publishable(checked(dearer))


def test_other_codes_than_last_time_fail() -> None:
    others = [replace(x, property_type="9999 UNKNOWN") for x in LIENS]
    assert ("distribution", "lien.property_type") in failures(checked(others))


def test_small_samples_are_too_few_and_no_verdict() -> None:
    few = liens(60)
    cents = [replace(x, face_amount=(x.face_amount or 0) * 100) for x in few]
    found = validate(figures(cents), figures(few), Expected())
    assert publishable(found)
    assert any(one.check == "distribution" and "too few" in one.text for one in found)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("face_amount", Decimal(-5)),
        ("face_amount", Decimal(10_000_001)),
        ("face_amount", Decimal("NaN")),
        ("bid_rate_pct", Decimal(180)),
        ("sale_date", date(1066, 10, 14)),
        ("sale_date", date(2199, 1, 1)),
        ("tax_year", 2207),
    ],
)
def test_values_that_cannot_be_fail_when_many_and_warn_when_one(field: str, value: object) -> None:
    many = changed(LIENS, 0.05, lambda x: replace(x, **{field: value}))
    assert ("impossible", f"lien.{field}") in failures(checked(many))
    one = [replace(LIENS[0], **{field: value}), *after_the_sale(LIENS[1:])]
    found = [x for x in checked(one, None) if x.check == "impossible"]
    assert [x.severity for x in found] == ["warns"]


def test_records_said_twice_warn_and_very_many_fail() -> None:
    warned = [one for one in checked([*LIENS, *LIENS[:50]]) if one.check == "duplicates"]
    assert [one.severity for one in warned] == ["warns"]
    assert ("duplicates", None) in failures(checked([*LIENS, *LIENS[:450]]))


def test_items_told_apart_only_by_their_place_are_told() -> None:
    nameless = [replace(x, parcel_id="1", advertising_number=None) for x in LIENS]
    assert ("duplicates", None) in failures(checked(nameless))


def test_the_gravest_finding_comes_first() -> None:
    severities = [one.severity for one in checked(LIENS[:60])]
    order = ["fails", "warns", "notes"]
    assert severities == sorted(severities, key=order.index)
    assert severities[0] == "fails"
