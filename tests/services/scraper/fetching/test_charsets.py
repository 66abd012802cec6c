"""Bytes to text, also where header and page say the wrong thing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.scraper.adapters.fetching.charsets import text_of
from taxlien.services.scraper.adapters.fetching.outcomes import Fetched

WORDS = "<p>Peña & Cañón — Süd “§”</p>"
LATIN = "<p>Peña & Cañón</p>"


def fetched(content: bytes, content_type: str = "text/html") -> Fetched:
    return Fetched(
        url="http://county.example/",
        status=200,
        headers={"content-type": content_type},
        content=content,
        fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (WORDS.encode(), "text/html; charset=utf-8"),
        (WORDS.encode(), "text/html; charset=ISO-8859-1"),  # the header lies
        (WORDS.encode(), "text/html"),
        (WORDS.encode("cp1252"), "text/html; charset=utf-8"),  # the header lies
        (WORDS.encode("cp1252"), "text/html; charset=iso-8859-1"),  # what browsers take it for
        (WORDS.encode("cp1252"), 'text/html; charset="windows-1252"'),
        (WORDS.encode("cp1252"), "text/html"),
        (WORDS.encode("cp1252"), "text/html; charset=no-such-thing"),
        (WORDS.encode("cp1252"), "text/html; charset=base64"),  # a codec, but no charset
        (b"\xef\xbb\xbf" + WORDS.encode(), "text/html; charset=latin1"),
        (b"\xff\xfe" + WORDS.encode("utf-16-le"), "text/html; charset=utf-8"),
        (WORDS.encode("utf-16-le"), "text/html; charset=utf-16le"),
        (WORDS.encode(), "text/html; charset=utf-16"),  # the header lies
    ],
)
def test_the_text_is_right_whatever_was_declared(content: bytes, content_type: str) -> None:
    assert text_of(fetched(content, content_type)) == WORDS


@pytest.mark.parametrize(
    "declaration",
    ['<meta charset="iso-8859-2">', "<meta http-equiv=x content='text/html; charset=iso-8859-2'>"],
)
def test_the_page_may_say_its_charset(declaration: str) -> None:
    text = declaration + "<p>Łódź</p>"
    assert text_of(fetched(text.encode("iso-8859-2"))) == text


def test_a_stray_declaration_within_the_page_is_not_believed() -> None:
    text = '<table><?xml version="1.0" encoding="utf-16"?><td>Peña</td></table>'
    assert text_of(fetched(text.encode(), "text/html")) == text


def test_one_bad_byte_does_not_spoil_the_rest() -> None:
    content = (LATIN * 9).encode() + b"\xff" + LATIN.encode()
    text = text_of(fetched(content, "text/html; charset=utf-8"))
    assert text == LATIN * 9 + "�" + LATIN


def test_a_page_cut_within_a_letter_is_still_read() -> None:
    content = LATIN.encode()[: LATIN.encode().index("ó".encode()) + 1]
    assert text_of(fetched(content)) == "<p>Peña & Cañ�"


def test_a_letter_at_the_very_end_is_read_as_declared() -> None:
    assert text_of(fetched(b"Pe\xf1", "text/html; charset=iso-8859-1")) == "Peñ"


def test_a_header_that_lies_is_overruled_although_one_byte_is_bad() -> None:
    content = (LATIN * 9).encode() + b"\xff"
    assert text_of(fetched(content, "text/html; charset=iso-8859-1")) == LATIN * 9 + "�"


@given(content=st.binary(max_size=400), content_type=st.text(max_size=40))
def test_anything_is_text(content: bytes, content_type: str) -> None:
    assert isinstance(text_of(fetched(content, f"text/html; charset={content_type}")), str)


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300).filter(
        lambda t: t[:1] != "\ufeff"
    )
)
def test_utf8_is_read_as_utf8(text: str) -> None:
    assert text_of(fetched(text.encode(), "text/html; charset=iso-8859-1")) == text
