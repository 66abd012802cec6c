"""Words made from data, and pauses between attempts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.notifications.logic.retrying import JITTER, pause_after
from taxlien.services.notifications.logic.wording import LONGEST_TEXT, harmless, moment


def test_moment_is_written_in_utc_and_in_the_language() -> None:
    assert moment("2026-11-23T19:05:00+02:00", "en") == "23 November 2026, 17:05 UTC"
    assert moment("2026-05-01T00:00:00+00:00", "ru") == "1 мая 2026, 00:00 UTC"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Firefox 145.0 on macOS 15.2", "Firefox 145.0 on macOS 15.2"),
        ("203.0.113.7", "203.0.113.7"),
        ("Call us\r\n\r\nhttps://evil.com/x", "Call us https evil\u2024com/x"),
        ("refund@evil.com", "refund at evil\u2024com"),
        ("Phone \u202egnp.exe\u200b", "Phone gnp\u2024exe"),
        ("", ""),
    ],
)
def test_text_of_others_is_one_line_that_links_nowhere(text: str, expected: str) -> None:
    assert harmless(text) == expected


@given(st.text(max_size=300))
def test_text_of_others_is_short_and_has_no_control_signs(text: str) -> None:
    found = harmless(text)
    assert len(found) <= LONGEST_TEXT
    assert not any(unicodedata.category(sign)[0] == "C" for sign in found)
    assert "://" not in found


@given(st.integers(0, 10_000))
def test_pauses_grow_up_to_the_longest(attempts: int) -> None:
    pause = pause_after(attempts, first=5, longest=900)
    assert 5 * (1 - JITTER) <= pause <= 900


def test_pauses_double() -> None:
    assert 5 * 4 * (1 - JITTER) <= pause_after(3, first=5, longest=900) <= 5 * 4
