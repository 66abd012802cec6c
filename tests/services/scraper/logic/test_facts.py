"""Facts: keys that stay, hashes of what is said, nothing dropped silently, events that fit the bus."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from synthetic_county import liens, parcels
from taxlien.interfaces.scraper import (
    ItemKind,
    LienObserved,
    PageCard,
    ParcelObserved,
    SaleDayObserved,
    SourceCard,
    ValueOfYear,
    parcel_numbers,
)
from taxlien.services.scraper.logic.facts import (
    MAX_EVENT,
    MAX_FACT,
    MAX_KEY,
    decoded,
    difference,
    encoded,
    event_parts,
    facts_of,
)
from taxlien.services.scraper.logic.pages import Reading

RUN = UUID(int=1)
SOURCE = SourceCard(
    name="test/one",
    title="One",
    platform="test",
    county_fips="12039",
    legal_status="synthetic",
    url="http://127.0.0.1:1/one",
    synthetic=True,
)
PAGE = PageCard(
    key="items/1",
    url="http://127.0.0.1:1/one/1",
    fetched_at=datetime(2026, 5, 1, tzinfo=UTC),
    parser_version="1",
    content_sha256="0" * 64,
)
LIEN = LienObserved(
    kind="certificate",
    status="advertised",
    parcel_id="01-02-27-0000-00010",
    advertising_number="7",
    tax_year=2025,
    face_amount=Decimal("1200.50"),
)

texts = st.none() | st.text(max_size=12)
amounts = st.none() | st.decimals(-100, 10**9, places=2)
observed_liens = st.builds(
    LienObserved,
    kind=st.sampled_from(get_args(ItemKind)),
    status=st.just("sold"),
    parcel_id=texts,
    item_id=texts,
    case_number=texts,
    certificate_number=texts,
    advertising_number=texts,
    tax_year=st.none() | st.integers(2020, 2026),
    sale_date=st.none() | st.dates(date(2020, 1, 1), date(2026, 12, 31)),
    face_amount=amounts,
    attributes=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)
readings = st.builds(Reading, liens=st.lists(observed_liens, max_size=12).map(tuple))


def the_hash(lien: LienObserved) -> str:
    return facts_of(Reading(liens=(lien,)))[0].sha256


@given(readings)
def test_every_fact_of_a_page_has_a_key_of_its_own_and_none_is_lost(reading: Reading) -> None:
    facts = facts_of(reading)
    assert len({(fact.kind, fact.key) for fact in facts}) == len(facts)
    assert sum(1 + fact.repeats for fact in facts) == len(reading.liens)


@given(readings)
def test_a_second_reading_of_the_same_page_gives_the_same_facts(reading: Reading) -> None:
    again = msgspec.json.decode(msgspec.json.encode(reading), type=Reading)
    assert facts_of(again) == facts_of(reading)


@given(readings)
def test_what_is_kept_reads_back(reading: Reading) -> None:
    for fact in facts_of(reading):
        assert decoded(fact.kind, encoded(fact)) == fact.observed


def test_where_it_stood_and_how_an_amount_was_written_do_not_change_the_hash() -> None:
    moved = replace(LIEN, origins={"face_amount": "row 9"}, missing={"city": "no such column"})
    written = replace(LIEN, face_amount=Decimal("1200.5"))
    assert the_hash(moved) == the_hash(written) == the_hash(LIEN)
    assert the_hash(replace(LIEN, face_amount=Decimal("1200.51"))) != the_hash(LIEN)
    assert the_hash(replace(LIEN, face_amount=None)) != the_hash(LIEN)


def test_the_order_of_years_does_not_change_the_hash() -> None:
    rows = tuple(
        ValueOfYear(year=year, kind="market", amount=Decimal(year), label="Market")
        for year in (2024, 2025)
    )
    one = ParcelObserved(parcel_id="R1", values=rows)
    other = ParcelObserved(parcel_id="R1", values=rows[::-1])
    assert (
        facts_of(Reading(parcels=(one,)))[0].sha256 == facts_of(Reading(parcels=(other,)))[0].sha256
    )


@pytest.mark.parametrize(
    "field", ["certificate_number", "case_number", "item_id", "advertising_number"]
)
def test_items_of_one_parcel_are_told_apart_by_each_number(field: str) -> None:
    bare = replace(LIEN, advertising_number=None)
    one, other = (replace(bare, **{field: number}) for number in ("1", "2"))
    assert len(facts_of(Reading(liens=(one, other)))) == 2


def test_a_case_that_is_sold_again_on_another_day_is_another_item() -> None:
    one = replace(LIEN, kind="deed_sale", case_number="2026-TD-1", sale_date=date(2026, 5, 1))
    later = replace(one, sale_date=date(2026, 7, 1))
    assert len({fact.key for fact in facts_of(Reading(liens=(one, later)))}) == 2


def test_a_status_that_changes_keeps_the_key() -> None:
    [before] = facts_of(Reading(liens=(LIEN,)))
    [after] = facts_of(Reading(liens=(replace(LIEN, status="sold", certificate_number="99"),)))
    assert before.key == after.key
    assert before.sha256 != after.sha256


def test_two_items_of_one_number_are_told_apart_by_their_further_numbers() -> None:
    one, other = (replace(LIEN, certificate_number=number) for number in ("1", "2"))
    facts = facts_of(Reading(liens=(one, other)))
    swapped = facts_of(Reading(liens=(other, one)))
    assert {fact.key for fact in facts} == {fact.key for fact in swapped}
    assert not any(fact.by_position for fact in facts)


def test_two_items_with_nothing_to_tell_them_apart_say_so() -> None:
    other = replace(LIEN, face_amount=Decimal(5))
    facts = facts_of(Reading(liens=(LIEN, other, LIEN)))
    assert [(fact.by_position, fact.repeats) for fact in facts] == [(True, 1), (True, 0)]


def test_a_separator_inside_a_number_makes_no_other_key() -> None:
    one = replace(LIEN, parcel_id="1|certificate", advertising_number=None)
    other = replace(LIEN, parcel_id="1", advertising_number=None)
    assert len({fact.key for fact in facts_of(Reading(liens=(one, other)))}) == 2


def test_text_that_no_database_holds_is_cleaned_and_endless_text_is_cut() -> None:
    awful = LienObserved(
        kind="certificate",
        status="sold",
        parcel_id="1\x002" + "\ud800" + "9" * 1000,
        situs_address="1 OAK ST " * 100_000,
        attributes={f"n{n}": "x" * 999 for n in range(5000)},
    )
    [fact] = facts_of(Reading(liens=(awful,)))
    assert len(fact.key) <= MAX_KEY
    assert "\x00" not in fact.key
    assert len(encoded(fact)) < 2 * MAX_FACT * 2
    assert isinstance(fact.observed, LienObserved)
    assert "(record)" in fact.observed.missing


def test_a_difference_names_the_fields_that_say_something_else() -> None:
    later = replace(LIEN, status="sold", face_amount=Decimal("1200.500"), origins={"status": "x"})
    assert difference(LIEN, later) == ("status",)
    assert difference(None, LIEN) == (
        "advertising_number",
        "face_amount",
        "kind",
        "parcel_id",
        "status",
        "tax_year",
    )


def test_a_page_with_very_much_to_say_comes_as_events_that_fit_the_bus() -> None:
    reading = Reading(
        parcels=tuple(parcels(2000)),
        liens=tuple(liens(4000)),
        sales=(SaleDayObserved(sale_date=date(2026, 6, 1), kind="certificate_sale"),),
    )
    facts = facts_of(reading)
    events = event_parts(facts, run_id=RUN, source=SOURCE, page=PAGE, max_bytes=100_000)
    assert [event.part for event in events] == list(range(len(events)))
    assert len(events) > 3
    assert all(len(msgspec.json.encode(event)) < 102_000 for event in events)
    said = [x for e in events for x in (*e.parcels, *e.liens, *e.sales)]
    assert said == [fact.observed for fact in facts]
    assert all(
        len(msgspec.json.encode(event)) <= MAX_EVENT + 2_000
        for event in event_parts(facts, run_id=RUN, source=SOURCE, page=PAGE)
    )


def test_an_item_without_a_parcel_is_not_announced() -> None:
    nameless = replace(LIEN, parcel_id=None, item_id="5")
    facts = facts_of(Reading(liens=(nameless,)))
    assert len(facts) == 1
    assert event_parts(facts, run_id=RUN, source=SOURCE, page=PAGE) == []


@pytest.mark.parametrize(
    ("other_ids", "numbers"),
    [
        ({"Alternate Key": "1023456"}, ["1023456"]),
        ({"Parcel Key:": "00123456"}, ["00123456"]),
        ({"ACCOUNT NO.": "R-12", "Alternate Key": "77"}, ["77"]),
        (
            {"Parcel ID 2": "B-2", "Parcel ID 10": "C-3", "Parcel ID 1": "A-1"},
            ["A-1", "B-2", "C-3"],
        ),
        ({"Alternate Key": "77", "Parcel ID 1": "A-1", "Parcel ID 2": "B-2"}, ["A-1", "B-2"]),
        ({"Section": "12", "Township": "30", "Range": "26"}, []),
        ({"Old Parcel ID": "12-3"}, []),
        ({"Account": "see legal"}, []),
        ({}, []),
    ],
)
def test_an_item_is_announced_where_other_numbers_name_its_parcels(
    other_ids: dict[str, str], numbers: list[str]
) -> None:
    item = replace(LIEN, parcel_id=None, other_ids=other_ids)
    assert [number for _, number in parcel_numbers(item)] == numbers
    events = event_parts(facts_of(Reading(liens=(item,))), run_id=RUN, source=SOURCE, page=PAGE)
    assert [event.liens for event in events] == ([(item,)] if numbers else [])
