"""The world follows from its seed and its day alone, and moves as counties do."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.kit.reference import reference_text
from taxlien.run.simulator.world.counties import list_counties, played_counties
from taxlien.run.simulator.world.parcels import parcel_id, parcel_number
from taxlien.run.simulator.world.world import World

TODAY = date(2026, 11, 28)
WORLD = World.made(7, 28, 28 * 2_000, TODAY)
COUNTIES = st.sampled_from(WORLD.counties)
NUMBERS = st.integers(0, WORLD.each - 1)
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@given(st.integers(0, 2**40), COUNTIES, NUMBERS)
def test_a_parcels_id_leads_back_to_its_number(seed: int, county: object, number: int) -> None:
    named = parcel_id(seed, county, number)  # type: ignore[arg-type]
    assert parcel_number(seed, county, named, WORLD.each) == number  # type: ignore[arg-type]


@given(COUNTIES, st.text(max_size=30))
def test_no_other_text_is_a_parcels_id(county: object, text: str) -> None:
    number = parcel_number(WORLD.seed, county, text, WORLD.each)  # type: ignore[arg-type]
    assert number is None or WORLD.parcel_id(county, number) == text  # type: ignore[arg-type]


def test_ids_are_unique_within_a_county() -> None:
    for county in WORLD.counties[:14]:
        assert len({WORLD.parcel_id(county, n) for n in range(1_000)}) == 1_000


@given(COUNTIES, NUMBERS, DAYS)
@settings(max_examples=40)
def test_the_same_seed_and_day_give_the_same_records(
    county: object, number: int, day: date
) -> None:
    one, other = (World.made(7, 28, 28 * 2_000, day) for _ in range(2))
    found = [
        (w.parcel(county, number), w.bills(county, held), w.rolls(county, held))  # type: ignore[arg-type]
        for w in (one, other)
        if (held := w.parcel(county, number))  # type: ignore[arg-type]
    ]
    assert found[0] == found[1]


def test_another_seed_gives_other_records() -> None:
    other = World.made(8, 28, 28 * 2_000, TODAY)
    county = WORLD.counties[0]
    same = [n for n in range(200) if WORLD.parcel(county, n).situs == other.parcel(county, n).situs]
    assert len(same) < 60  # vacant land has no address under any seed


@given(COUNTIES, NUMBERS, st.integers(2020, 2025))
def test_a_parcel_knows_the_certificates_that_the_list_has_of_it(
    county: object, number: int, year: int
) -> None:
    held = WORLD.parcel(county, number)  # type: ignore[arg-type]
    for certificate in WORLD.certificates_of(county, held):  # type: ignore[arg-type]
        listed = WORLD.certificate(county, certificate.tax_year, certificate.ordinal)  # type: ignore[arg-type]
        assert listed == certificate
        assert WORLD.certificate_numbered(county, listed.certificate_id) == listed  # type: ignore[arg-type]


def test_a_list_names_every_late_parcel_once() -> None:
    county = WORLD.counties[3]
    numbers = [WORLD.certificate(county, 2024, n).parcel.number for n in range(WORLD.late)]
    assert len(set(numbers)) == len(numbers) == round(WORLD.each * 0.09)


@given(COUNTIES, st.integers(0, WORLD.late - 1), st.integers(2021, 2025), DAYS, st.integers(1, 400))
def test_time_moves_a_certificate_only_forward(
    county: object, ordinal: int, year: int, day: date, later: int
) -> None:
    order = {"advertised": 0, "removed": 1, "sold": 1, "struck_off": 1, "redeemed": 2}
    before, after = (
        WORLD.on(d).certificate(county, year, ordinal)  # type: ignore[arg-type]
        for d in (day, day + timedelta(later))
    )
    assert order[after.state] >= order[before.state]
    assert (before.face, before.rate, before.number) == (after.face, after.rate, after.number)
    if before.state in {"removed", "redeemed"}:
        assert after.state == before.state
    assert (after.redeemed_on is not None) == (after.state == "redeemed")


@given(COUNTIES, NUMBERS, DAYS, st.integers(1, 400))
def test_a_bill_once_paid_stays_paid(county: object, number: int, day: date, later: int) -> None:
    held = WORLD.parcel(county, number)  # type: ignore[arg-type]
    then = {b.year: b for b in WORLD.on(day).bills(county, held)}  # type: ignore[arg-type]
    for bill in WORLD.on(day + timedelta(later)).bills(county, held):  # type: ignore[arg-type]
        before = then.get(bill.year, bill)
        assert before.amount == bill.amount >= 500
        assert before.paid_on in {None, bill.paid_on}
        assert bill.due == (0 if bill.paid_on else bill.amount)


def test_payments_come_in_by_the_day() -> None:
    county = WORLD.counties[0]
    held = [WORLD.parcel(county, n) for n in range(600)]
    unpaid = [
        sum(b.due > 0 for p in held for b in WORLD.on(date(2027, month, 1)).bills(county, p))
        for month in (1, 2, 3, 4)
    ]
    assert unpaid == sorted(unpaid, reverse=True)
    assert unpaid[0] > unpaid[-1] > 0


@given(COUNTIES, NUMBERS, st.integers(2016, 2028))
def test_values_of_a_roll_add_up(county: object, number: int, year: int) -> None:
    world = WORLD.on(date(year, 12, 1))
    for roll in world.rolls(county, world.parcel(county, number)):  # type: ignore[arg-type]
        assert roll.land + roll.building + roll.features == roll.market
        assert 0 <= roll.taxable <= roll.taxable_school <= roll.assessed <= roll.market
        assert min(roll.land, roll.building, roll.features) >= 0


def test_a_sale_ends_as_sales_end() -> None:
    """What waits is sold, stays without a bidder, or is canceled before; nothing comes back."""
    county = WORLD.counties[0]
    sale = next(s for s in WORLD.sale_days(county, 2027, 2) if s.scheduled > 10)
    days = [sale.day + timedelta(n) for n in (-61, -50, -20, 0, 1, 30)]
    states = [Counter(i.state for i in WORLD.on(day).items(county, sale)) for day in days]
    assert states[0] == {}
    assert all(sum(s.values()) == sale.scheduled for s in states[1:])
    waiting = [s["waiting"] for s in states[1:]]
    assert waiting == sorted(waiting, reverse=True)
    assert waiting[0] > 0 == waiting[-1]
    assert {"sold", "canceled"} <= states[-1].keys()
    assert states[-1] == states[-2]


def test_items_of_a_sale_are_of_different_parcels() -> None:
    for county in WORLD.counties:
        for sale in WORLD.sale_days(county, 2026, 11):
            items = WORLD.items(county, sale)
            assert (
                len({i.parcel.number for i in items})
                == len({i.item_id for i in items})
                == len(items)
            )


def test_amounts_are_of_the_size_that_lists_have() -> None:
    county = WORLD.counties[0]
    faces = [WORLD.certificate(county, 2025, n).face / 100 for n in range(WORLD.late)]
    assert 300 < median(faces) < 6_000
    assert max(faces) > 3 * median(faces)  # a long tail
    rates = Counter(WORLD.certificate(county, 2025, n).rate for n in range(WORLD.late))
    assert rates.most_common(1)[0][0] == 25  # a quarter of a percent: Florida's usual bid


def test_played_counties_are_real_and_none_is_played_twice() -> None:
    counties = played_counties(200)
    known = reference_text("counties.csv")
    assert len({c.fips for c in counties}) == 200
    assert all(f"\n{c.fips},{c.name}," in known for c in (*counties, *list_counties()))
    assert played_counties(20) == counties[:20]


@pytest.mark.parametrize("count", [0, -1, 100_000])
def test_counties_that_do_not_exist_cannot_be_played(count: int) -> None:
    with pytest.raises(ValueError, match="counties can be played"):
        played_counties(count)
