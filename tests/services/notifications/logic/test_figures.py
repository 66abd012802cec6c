"""Money, rates and nouns as each language writes them."""

from __future__ import annotations

import pytest

from taxlien.services.notifications.logic.figures import count, money, percent, plural, whole_money
from taxlien.services.notifications.logic.sms import clipped, segments
from taxlien.services.notifications.logic.wording import clock, day

GAP = "\u00a0"


@pytest.mark.parametrize(
    ("write", "value", "english", "russian"),
    [
        (money, "1234567.5", "$1,234,567.50", f"1{GAP}234{GAP}567,50{GAP}$"),
        (money, "-0.005", "-$0.01", f"-0,01{GAP}$"),
        (money, None, "–", "–"),
        (whole_money, "1234.50", "$1,235", f"1{GAP}235{GAP}$"),
        (percent, "18.0000", "18%", f"18{GAP}%"),
        (percent, "9.25", "9.25%", f"9,25{GAP}%"),
        (percent, "100", "100%", f"100{GAP}%"),
        (percent, None, "–", "–"),
        (count, 40000, "40,000", f"40{GAP}000"),
    ],
)
def test_numbers(write, value: object, english: str, russian: str) -> None:
    assert (write(value, "en"), write(value, "ru")) == (english, russian)
    assert write(value, "es") == english


def test_nouns_beside_numbers() -> None:
    russian = [plural(n, "ru", "залог", "залога", "залогов") for n in (1, 2, 5, 11, 21, 22, 112)]
    assert russian == ["залог", "залога", "залогов", "залогов", "залог", "залога", "залогов"]
    assert [plural(n, "en", "lien", "liens") for n in (0, 1, 2)] == ["liens", "lien", "liens"]


def test_days_and_clocks_of_a_place() -> None:
    assert day("2026-11-23", "en") == "Monday, 23 November 2026"
    assert day("2026-11-23T23:30:00-08:00", "es") == "lunes, 23 de noviembre de 2026"
    assert clock("2026-11-23T17:05:00+00:00", "America/New_York", "en") == (
        "23 November 2026, 12:05 EST"
    )
    assert clock("2026-07-23T17:05:00+00:00", "Asia/Kathmandu", "ru").endswith("22:50 UTC+05:45")


def test_text_messages_cost_by_their_letters() -> None:
    assert [segments("a" * n) for n in (1, 160, 161)] == [1, 1, 2]
    assert [segments("я" * n) for n in (70, 71, 140)] == [1, 2, 3]
    assert segments("€" * 81) == 2
    assert segments("á") == 1
    assert clipped("  a\nb ", 3) == "a b"
    assert clipped("abcdef", 3) == "ab…"
