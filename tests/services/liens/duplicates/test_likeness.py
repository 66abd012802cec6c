"""Two spellings of one place are alike; two places are not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.liens.logic.addresses import address_of
from taxlien.services.liens.logic.duplicates import (
    LARGEST_BLOCK,
    Side,
    by_address,
    by_number,
)


def side(key: str, address: str | None, **fields: Any) -> Side:
    known: dict[str, Any] = {
        "parcel_id": key,
        "city": "LAKELAND",
        "zip_code": None,
        "acres": None,
        "year_built": None,
    }
    return Side(parcel_key=key, situs_address=address, **known | fields)


def alike(one: str, other: str, **fields: Any) -> float | None:
    found = list(by_address([side("A1", one), side("B1", other, **fields)]))
    return found[0].score if found else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 N ARMSTRONG AVENUE", "12 North Armstrong Ave."),
        ("0012 OAK STREET", "12 OAK ST"),
        ("405 NINTH ST", "405 9TH STREET"),
        ("405 9 ST", "405 NINTH STREET"),
        ("7 ELM DR APT 4", "7 ELM DRIVE #4"),
        ("7 ELM DR UNIT 04", "7 ELM DRV, STE 4"),
        ("100 O'NEIL RD", "100 ONEIL ROAD"),
        ("12 C STREET", "12 C ST"),
        ("88 COUNTY ROAD 357", "88 CO RD 357"),
    ],
)
def test_spellings_of_one_place_are_wholly_alike(one: str, other: str) -> None:
    assert alike(one, other) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 OAK ST", "14 OAK ST"),
        ("7 ELM DR APT 4", "7 ELM DR APT 5"),
        ("7 ELM DR APT 4", "7 ELM DR"),
        ("12 N OAK ST", "12 S OAK ST"),
        ("12 OAK ST", "12 OLIVE ST"),
        ("OAK ST", "OAK ST"),
        ("0 OAK ST", "0 OAK ST"),
        ("12 A OAK ST", "12 B OAK ST"),
    ],
)
def test_different_places_and_places_without_a_house_number_are_not_compared(
    one: str, other: str
) -> None:
    assert alike(one, other) is None


def test_misspelled_street_is_a_candidate_with_a_lower_score() -> None:
    score = alike("12 ARMSTRONG AVE", "12 ARMSTRNG AVE")
    assert score is not None
    assert 0.9 < score < 1.0


def test_other_city_or_zip_parts_two_places() -> None:
    assert alike("12 OAK ST", "12 OAK ST", city="TAMPA") is None
    pair = [side("A1", "12 OAK ST", zip_code="33801"), side("B1", "12 OAK ST", zip_code="33605")]
    assert list(by_address(pair)) == []


def test_sizes_that_differ_lower_the_score_and_are_written_down() -> None:
    pair = [
        side("A1", "12 OAK ST", acres=Decimal("1.0"), year_built=1960),
        side("B1", "12 OAK ST", acres=Decimal("1.01"), year_built=1961),
    ]
    [found] = by_address(pair)
    assert (found.score, found.certain) == (0.85, False)
    assert found.evidence["year_built"] == ["1960", "1961"]
    assert found.evidence["addresses"] == ["12 OAK ST", "12 OAK ST"]


def test_house_with_very_many_parcels_tells_nothing() -> None:
    crowd = [side(f"P{n}", "1 TOWER RD") for n in range(LARGEST_BLOCK + 1)]
    assert list(by_address(crowd)) == []


def test_number_that_two_parcels_share_is_certain_and_one_that_three_share_is_not() -> None:
    [pair] = by_number([("0012", "12", "12")])
    assert (pair.score, pair.certain) == (1.0, True)
    [other] = by_number([("AB77", "X1000", "X1000")])
    assert (other.parcel_key, other.score, other.certain) == ("AB77", 0.99, True)
    three = by_number([("A1", "B1", "9999"), ("A1", "C1", "9999"), ("B1", "C1", "9999")])
    assert [found.certain for found in three] == [False] * 3


@given(st.text(max_size=60))
def test_no_text_crashes_the_reading_of_an_address(text: str) -> None:
    found = address_of(text)
    assert found is None or (found.number and found.street)


@given(st.integers(1, 99999), st.sampled_from(["OAK", "ARMSTRONG", "1ST", "MARTIN L KING"]))
def test_address_read_from_its_own_short_form_is_the_same(number: int, street: str) -> None:
    found = address_of(f"{number} {street} STREET")
    assert found is not None
    again = address_of(f"{found.number} {found.street}")
    assert again == found
