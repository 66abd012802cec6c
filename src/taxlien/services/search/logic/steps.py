"""Numbers in steps: each a word of the index, so that the best or the cheapest are found without reading all.

A step holds the numbers that share their first binary digits. Steps sort as their numbers do, and what lies
between two steps lies between their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from .ordering import HIGHEST
from .reading import Span

DIGITS: Mapping[str, int] = {"price": 5, "roi": 12}
"""Binary digits that a step keeps. Prices spread; yields crowd around what a law allows, so that each of
them up to 40.95 % has a step of its own."""

_LETTERS = {"price": "p", "roi": "r"}


def step_of(name: str, value: int) -> int:
    """Return the step of ``value``: 0 for what is not above zero, the last for what no order tells apart."""
    digits = DIGITS[name]
    if value <= 0:
        return 0
    value = min(value, HIGHEST)
    shift = max(0, value.bit_length() - digits)
    return (shift << (digits - 1)) + (value >> shift)


def span_of(name: str, step: int) -> Span:
    """Return the lowest and the highest number of a step; the first and the last have no end."""
    if step <= 0:
        return Span(None, 0)
    digits = DIGITS[name]
    shift = max(0, (step >> (digits - 1)) - 1)
    low = (step - (shift << (digits - 1))) << shift
    high = low + (1 << shift) - 1
    return Span(low, high if high < HIGHEST else None)


def step_word(name: str, scope: str, step: int) -> str:
    """Return the word of a step among the liens of ``scope``: a state, or everywhere (empty)."""
    return f"{scope}{_LETTERS[name]}{step:04x}"


def words_begin(name: str, scope: str) -> str:
    """Return what the words of all steps of ``name`` in ``scope`` begin with."""
    return f"{scope}{_LETTERS[name]}"


def step_words(state: str, price: int | None, roi: int | None) -> list[str]:
    """Return the words of a lien's steps, everywhere and in its state."""
    words: list[str] = []
    if price is not None:
        word = step_word("price", "", step_of("price", price))
        words += (word, state + word)
    if roi is not None:
        word = step_word("roi", "", step_of("roi", roi))
        words += (word, state + word)
    return words


def within(name: str, step: int, wanted: Span) -> bool | None:
    """Tell whether all numbers of a step lie in ``wanted`` (True), none (False), or maybe some (None)."""
    have = span_of(name, step)
    if wanted.high is not None and have.low is not None and have.low > wanted.high:
        return False
    if wanted.low is not None and have.high is not None and have.high < wanted.low:
        return False
    starts = wanted.low is None or (have.low is not None and have.low >= wanted.low)
    ends = wanted.high is None or (have.high is not None and have.high <= wanted.high)
    return True if starts and ends else None
