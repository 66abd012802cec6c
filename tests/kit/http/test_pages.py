"""Cursors come back as they went, and anything else is a 400 in words."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.kit.http.errors import Problem
from taxlien.kit.http.pages import Page, decode_cursor, encode_cursor
from taxlien.kit.ids import new_id

Position = tuple[Decimal | None, UUID]


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.none(), st.uuids())
def test_a_cursor_returns_its_position_with_its_types(amount: Decimal | None, key: UUID) -> None:
    cursor = encode_cursor((amount, key))
    assert decode_cursor(cursor, Position) == (amount, key)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


@given(st.data())
def test_a_cursor_changed_anywhere_is_refused(data: st.DataObject) -> None:
    cursor = encode_cursor((Decimal("1875.34"), new_id()))
    place = data.draw(st.integers(0, len(cursor) - 2))  # the last one has bits that mean nothing
    letters = st.characters(codec="ascii", categories=("Lu", "Ll", "Nd")).filter(
        lambda letter: letter != cursor[place]
    )
    changed = cursor[:place] + data.draw(letters) + cursor[place + 1 :]
    with pytest.raises(Problem) as caught:
        decode_cursor(changed, Position)
    assert (caught.value.status, caught.value.code) == (400, "bad_cursor")


@given(st.text(max_size=80))
def test_any_text_is_a_400_and_never_another_error(text: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(text, Position)
    assert caught.value.errors[0].field == "cursor"


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(Problem):
        decode_cursor(encode_cursor(("redeemed", 7)), Position)


def test_the_last_page_has_no_cursor() -> None:
    assert Page[int](items=[1]).model_dump() == {"items": [1], "next_cursor": None}
