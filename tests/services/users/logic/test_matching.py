"""Names are found however they are written; birth dates and countries speak for and against."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.users.logic.matching import Entry, Index, Person
from taxlien.services.users.logic.names import normalised

THRESHOLD = 88.0
LISTED = Entry(
    entry_id="NK-1",
    name="Viktor Anatolyevich Petrov",
    aliases=("Петров Виктор Анатольевич", "Víctor Petroff"),
    birth_dates=("1961-03-14",),
    countries=("RU",),
)
OTHERS = (
    Entry("NK-2", "José María O'Neill-García", birth_dates=("1970",), countries=("CO",)),
    Entry("NK-3", "Li Wei", birth_dates=("1980-01-01",)),
    Entry("NK-4", "Abu Hassan"),
)
INDEX = Index((LISTED, *OTHERS))


def find(name: str, born: date = date(1961, 3, 14), *countries: str) -> dict[str, float]:
    found = INDEX.find(Person(name, born, countries or ("RU",)), THRESHOLD)
    return {match.entry_id: match.score for match in found}


@pytest.mark.parametrize(
    "name",
    [
        "Viktor Anatolyevich Petrov",
        "PETROV, Viktor Anatolyevich",
        "Viktor Petrov",
        "Victor Petroff",
        "Виктор Петров",
        "Dr. Viktor A. Anatolyevich Petrov",
        "Viktor Anatoljevich Petrov",
    ],
)
def test_a_listed_person_is_found_however_written(name: str) -> None:
    assert "NK-1" in find(name)


@pytest.mark.parametrize("name", ["Anna Petrova-Smith", "Peter Victor", "John Miller", "Petrov"])
def test_somebody_else_is_not_found(name: str) -> None:
    assert find(name, date(1985, 6, 1), "US") == {}


def test_accents_and_apostrophes_hide_nobody() -> None:
    assert "NK-2" in find("JOSE MARIA ONEILL GARCIA", date(1970, 8, 2), "CO")


def test_evidence_speaks_for_and_against() -> None:
    name = "Viktor Anatoljevich Petrow"
    same = find(name)["NK-1"]
    unknown = {
        match.entry_id: match.score
        for match in Index([LISTED._replace(birth_dates=(), countries=())]).find(
            Person(name, date(1961, 3, 14), ("RU",)), THRESHOLD
        )
    }["NK-1"]
    assert same > unknown


def test_the_same_name_with_another_year_of_birth_is_another_person() -> None:
    assert find("Viktor Anatolyevich Petrov", date(1995, 3, 14), "US") == {}


def test_the_same_name_with_a_day_written_wrongly_is_found() -> None:
    assert "NK-1" in find("Viktor Anatolyevich Petrov", date(1961, 4, 13))


def test_a_year_alone_counts_as_the_same_year() -> None:
    person = Person("Jose Maria Oneill Garcia", date(1970, 12, 31), ("US",))
    [match] = INDEX.find(person, THRESHOLD)
    assert match.birth_date == "same year"
    assert match.country == "another"


def test_a_match_says_which_name_it_was() -> None:
    [match] = INDEX.find(Person("Виктор Петров", date(1961, 3, 14), ("RU",)), THRESHOLD)
    assert match.listed_name == "Viktor Anatolyevich Petrov"
    assert match.matched_name in (LISTED.name, *LISTED.aliases)
    assert (match.birth_date, match.country) == ("same date", "same: RU")


@pytest.mark.parametrize("name", ["", "  ", "...", "'"])
def test_no_name_is_nobody(name: str) -> None:
    assert find(name) == {}


@given(st.permutations(["viktor", "anatolyevich", "petrov"]))
def test_the_order_of_words_does_not_matter(words: list[str]) -> None:
    assert find(" ".join(words)) == find("viktor anatolyevich petrov")


@given(st.text(max_size=80))
def test_a_normalised_name_stays_as_it_is(name: str) -> None:
    once = normalised(name)
    assert normalised(once) == once
    assert once == " ".join(sorted(once.split()))


@given(
    st.text(max_size=40),
    st.dates(date(1900, 1, 1)),
    st.lists(st.sampled_from(["US", "RU", "CO"]), max_size=3),
)
def test_scores_lie_between_the_threshold_and_a_hundred(
    name: str, born: date, countries: list[str]
) -> None:
    for match in INDEX.find(Person(name, born, tuple(countries)), THRESHOLD):
        assert THRESHOLD <= match.score <= 100
