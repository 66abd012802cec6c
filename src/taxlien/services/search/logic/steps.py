"""Numbers in steps: each a word of the index, so that the best or the cheapest are found without reading all.

A step holds the numbers that share their first binary digits. Steps sort as their numbers do, and what lies
between two steps lies between their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from .ordering import HIGHEST

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


def step_word(name: str, scope: str, step: int) -> str:
    """Return the word of a step among the liens of ``scope``: a state, a county (FIPS), "" for all."""
    return f"{scope}{_LETTERS[name]}{step:04x}"


def words_begin(name: str, scope: str) -> str:
    """Return what the words of all steps of ``name`` in ``scope`` begin with."""
    return f"{scope}{_LETTERS[name]}"


def step_words(state: str, county_fips: str, price: int | None, roi: int | None) -> list[str]:
    """Return the words of a lien's steps: everywhere, in its state and in its county."""
    words: list[str] = []
    for name, value in (("price", price), ("roi", roi)):
        if value is not None:
            words += _words_of(name, state, county_fips, step_of(name, value))
    return words


@lru_cache(maxsize=16_384)
def _words_of(name: str, state: str, county_fips: str, step: int) -> tuple[str, ...]:
    word = step_word(name, "", step)
    return word, state + word, county_fips + word
