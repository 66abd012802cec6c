"""What a half-typed text may become: how well a place, an address or a number continues it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, zip_longest
from typing import TypeVar

from .places import STATE_NAMES, fold
from .street_names import FULL, SUFFIX_WORDS, TWO_NAMES
from .tokens import plain, tokens_of

SHORTEST_INSIDE = 3
"""Letters that are looked for inside of words: fewer are looked for at their beginning only."""

T = TypeVar("T", bound=Hashable)


def place_key(name: str) -> str:
    """Return what a place is found by: "FT MYERS" is ``fort myers``, "St. Lucie" ``saint lucie``."""
    return " ".join(_place_word(token) for token in tokens_of(name) if token.isalnum())


def _place_word(token: str) -> str:
    if token in TWO_NAMES:
        return TWO_NAMES[token][1]
    full = FULL.get(token, token)
    # CTR may end a city, but CT is rather what it says.
    return token if full in SUFFIX_WORDS and len(token) < SHORTEST_INSIDE else full


def typed_places(text: str) -> list[tuple[str, str | None]]:
    """Return the keys that ``text`` may be the beginning of, each with the state that it must be in."""
    words = [token for token in tokens_of(text) if token.isalnum()]
    if not words:
        return []
    keys = [" ".join([*map(_place_word, words[:-1]), words[-1]]), place_key(text)]
    found: list[tuple[str, str | None]] = [(key, None) for key in dict.fromkeys(keys)]
    state = words[-1].upper()
    if len(words) > 1 and state in STATE_NAMES:
        found.append((" ".join(map(_place_word, words[:-1])), state))
    return found


def number_rank(number: str, typed: str) -> int | None:
    """Return 0 where ``typed`` is the number, 1 where it begins it, 2 inside, or None.

    ``typed`` is plain and without punctuation; zeros before either do not count.
    """
    whole = "".join(tokens_of(number))
    if whole.lstrip("0") == typed.lstrip("0"):
        return 0
    if whole.startswith(typed) or whole.lstrip("0").startswith(typed):
        return 1
    return 2 if typed in whole else None


def typed_words(text: str) -> str:
    """Return ``text`` as ``address_rank`` compares it."""
    return " ".join(tokens_of(plain(text)))


def address_rank(address: str, typed: str) -> int:
    """Return 0 where ``typed`` begins the address, 1 where it begins a word of it, else 2."""
    at = f" {fold(address)}".find(f" {typed}")
    return 2 if at < 0 else min(at, 1)


def shared_out(groups: Sequence[Iterable[T]], limit: int) -> list[T]:
    """Return at most ``limit`` completions in the order of their groups, every group with its share."""
    lists = [list(group) for group in groups]
    by_turns = chain.from_iterable(zip_longest(*lists))
    taken = set(list(dict.fromkeys(one for one in by_turns if one is not None))[:limit])
    return [one for one in dict.fromkeys(chain.from_iterable(lists)) if one in taken]
