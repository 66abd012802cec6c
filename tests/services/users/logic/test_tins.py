"""Numbers that were never assigned are refused; of one that is kept, half at most is ever shown."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.kit.errors import InvalidInput
from taxlien.services.users.logic.tins import (
    TIN_KINDS,
    FormKind,
    TinKind,
    check_form,
    last_four,
    tin_of,
)


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("ssn", "123-45-6789", "123456789"),
        ("ssn", "123 45 6789", "123456789"),
        ("ssn", "899999999", "899999999"),
        ("itin", "912-70-1234", "912701234"),
        ("itin", "999-88-0000", "999880000"),
        ("itin", "900-50-0000", "900500000"),
        ("ein", "12-3456789", "123456789"),
        ("ein", "99-0000001", "990000001"),
        ("foreign", "ab 12.345/67-c", "AB1234567C"),
    ],
)
def test_numbers_that_exist_are_kept_plain(kind: TinKind, written: str, kept: str) -> None:
    assert tin_of(kind, written) == kept


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("ssn", "000-12-3456"),
        ("ssn", "666-12-3456"),
        ("ssn", "900-12-3456"),
        ("ssn", "123-00-4567"),
        ("ssn", "123-45-0000"),
        ("ssn", "078-05-1120"),
        ("ssn", "219-09-9999"),
        ("ssn", "12345678"),
        ("ssn", "1234567890"),
        ("ssn", "12-3456789"),
        ("ssn", "١٢٣٤٥٦٧٨٩"),
        ("ssn", "123-45-678a"),
        ("itin", "812-70-1234"),
        ("itin", "912-49-1234"),
        ("itin", "912-66-1234"),
        ("itin", "912-89-1234"),
        ("itin", "912-93-1234"),
        ("ein", "07-1234567"),
        ("ein", "00-1234567"),
        ("ein", "123-45-6789"),
        ("foreign", "1234"),
        ("foreign", "x" * 21),
        ("foreign", "12345<script>"),
    ],
)
def test_numbers_that_cannot_exist_are_refused(kind: TinKind, written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        tin_of(kind, written)
    assert refused.value.field == "tin"
    assert written not in refused.value.message, "a number is never repeated"


@given(st.sampled_from(TIN_KINDS), st.text(max_size=30))
def test_any_text_is_kept_or_refused(kind: TinKind, text: str) -> None:
    try:
        kept = tin_of(kind, text)
    except InvalidInput:
        return
    assert tin_of(kind, kept) == kept
    shown = last_four(kept)
    assert 2 <= len(shown) <= 4
    assert len(shown) * 2 <= len(kept)


@pytest.mark.parametrize(
    ("form", "country", "kind"),
    [
        ("W-9", "US", "ssn"),
        ("W-9", "DE", "ssn"),
        ("W-9", "US", "ein"),
        ("W-8BEN", "DE", "foreign"),
        ("W-8BEN", "DE", None),
        ("W-8BEN", "DE", "itin"),
        ("W-8BEN-E", "DE", "ein"),
    ],
)
def test_forms_take_their_numbers(form: str, country: str, kind: TinKind | None) -> None:
    check_form(cast(FormKind, form), country, kind)


@pytest.mark.parametrize(
    ("form", "country", "kind", "field"),
    [
        ("W-9", "US", None, "tin"),
        ("W-9", "US", "foreign", "tin_kind"),
        ("W-8BEN", "US", "foreign", "form_kind"),
        ("W-8BEN-E", "US", None, "form_kind"),
        ("W-8BEN", "DE", "ein", "tin_kind"),
        ("W-8BEN-E", "DE", "ssn", "tin_kind"),
    ],
)
def test_forms_refuse_what_does_not_go_with_them(
    form: str, country: str, kind: TinKind | None, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_form(cast(FormKind, form), country, kind)
    assert refused.value.field == field
