"""By which key an account is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.kit.errors import InvalidInput
from taxlien.services.auth.logic.emails import read_address


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ada@Example.com", "ada@example.com"),
        ("  ada@example.com\n", "ada@example.com"),
        ("a.da+liens@example.com", "a.da+liens@example.com"),
        ("\uff41\uff44\uff41@example.com", "ada@example.com"),
        ("stra\u00dfe@example.com", "strasse@example.com"),
        ("ada@B\u00dcCHER.example.com", "ada@xn--bcher-kva.example.com"),
    ],
)
def test_key_is_the_mailbox_however_it_is_written(text: str, key: str) -> None:
    assert read_address(text).key == key


@given(st.emails(domains=st.just("example.com")))
def test_key_is_the_same_in_upper_and_lower_case(email: str) -> None:
    try:
        key = read_address(email).key
    except InvalidInput:
        return
    assert read_address(email.upper()).key == key == read_address(key).key


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused_by_name(text: str) -> None:
    refused = None
    try:
        key = read_address(text).key
    except InvalidInput as error:
        refused, key = error, "@"
    assert refused is None or refused.field == "email"
    assert "@" in key
