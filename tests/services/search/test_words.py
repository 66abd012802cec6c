"""Words: idempotent, the same for what is indexed and asked, and never lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.search.logic.places import STATE_NAMES
from taxlien.services.search.logic.spelling import (
    corrections,
    rewritten,
    typos_between,
    typos_forgiven,
)
from taxlien.services.search.logic.street_names import FULL, STATES_TOO, TWO_NAMES, ordinal
from taxlien.services.search.logic.tokens import number_words, plain
from taxlien.services.search.logic.words import address_words, place_words, read_words

FEW = settings(max_examples=60, deadline=None)
PARTS = (
    "N|S|NW|ST|AVE|BLVD|ST.|SAINT|OAK|O'BRIEN|MC|DONALD|22|22ND|FIRST|TWENTY|US|HWY|27|STATE|ROAD|50|SR|"
    "CR|APT|#|4B|DR|CT|MT|FT|00123|Ñandú|É|12-B"
)
parts = st.sampled_from(PARTS.split("|"))
addresses = st.lists(parts, max_size=7).map(" ".join)


@FEW
@given(addresses)
def test_words_of_words_are_the_same_words(address: str) -> None:
    """One by one: a suffix makes an ordinal of a number before it, and words are kept once."""
    for word in address_words(address).words:
        assert word in address_words(word).words


@FEW
@given(addresses | st.text(max_size=60))
def test_whatever_is_indexed_is_found_by_its_own_text(address: str) -> None:
    indexed = set(address_words(address).words)
    for piece in read_words(address):
        for word in piece:
            assert word.role == "noise" or indexed & set(word.forms), (word, indexed)


@FEW
@given(st.text(max_size=80))
def test_any_text_has_words_without_spaces(text: str) -> None:
    words = (*address_words(text).words, *place_words(text).words, *number_words(text))
    assert all(word and not any(c.isspace() for c in word) for word in words)
    assert plain(plain(text)) == plain(text) or not text.isascii()


def test_no_short_form_is_a_state_unless_both_are_kept() -> None:
    states = {code.lower() for code in STATE_NAMES}
    assert states & (FULL.keys() | TWO_NAMES.keys()) == STATES_TOO
    for code in STATES_TOO:
        assert code in place_words(f"TOWN {code}").words


@pytest.mark.parametrize(
    ("number", "named"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (22, "22nd"), (113, "113th")],
)
def test_ordinals(number: int, named: str) -> None:
    assert ordinal(number) == named


def test_house_number_before_st_stays_a_house_number() -> None:
    assert address_words("101 ST CHARLES AVE").words[0] == "101"
    assert address_words("1 ST JOHNS RD").words[0] == "1"


def test_digits_of_other_scripts_are_digits() -> None:
    assert number_words("٣٤٥-１２") == ["12", "345", "345-12", "34512"]


@pytest.mark.parametrize(
    ("one", "other", "typos"),
    [
        ("oak", "oak", 0),
        ("chestnut", "chetsnut", 1),
        ("chestnut", "chesnut", 1),
        ("chestnut", "chesntu", 2),
        ("chestnut", "walnut", 3),
        ("", "ab", 2),
    ],
)
def test_swapped_letters_are_one_typo(one: str, other: str, typos: int) -> None:
    assert typos_between(one, other, 2) == min(typos, 3)
    assert typos_between(other, one, 2) == min(typos, 3)


def test_numbers_and_short_words_have_no_typos() -> None:
    assert [typos_forgiven(w) for w in ("oak", "mill", "chestnut", "22nd", "4b", "2023001")] == [
        0, 1, 2, 0, 0, 0,
    ]  # fmt: skip


def test_the_nearest_word_is_meant_then_the_most_frequent() -> None:
    [[word]] = read_words("chestnuts")
    seen = {"chestnut", "chesnuts", "walnut", "chestnats"}
    counts = {"chestnut": 5, "chesnuts": 9, "chestnats": 1}
    assert corrections([word], seen, lambda w: counts.get(w, 0)) == {"chestnuts": "chesnuts"}
    assert corrections([word], {"chestnutshire"}, lambda w: 1) == {}


def test_only_the_wrong_word_is_put_right() -> None:
    assert rewritten("12 CHESNUT st, Polk", {"chesnut": "chestnut"}) == "12 CHESTNUT st, Polk"
    assert rewritten("o’brein ln", {"obrein": "obrien"}) == "obrien ln"
