"""How far a word may be from what was typed, and how far two words are apart."""

from __future__ import annotations

from collections.abc import Sequence

from .words import Word

WIDEN_BELOW = 10
"""With fewer exact matches than this, words a typo away are counted too."""

LITTLE = frozenset(("suffix", "direction", "unit"))
"""Roles of words that may be missing where few liens have them all: people mistake ST for AVE."""

_SHORTEST_TYPO = 4
_SHORTEST_TWO_TYPOS = 8
_LONGEST_TYPO = 24


def typos_forgiven(word: str) -> int:
    """Return how many typos a word may have: none in short ones and in anything with a digit."""
    if not word.isalpha() or not _SHORTEST_TYPO <= len(word) <= _LONGEST_TYPO:
        return 0
    return 2 if len(word) >= _SHORTEST_TWO_TYPOS else 1


def may_widen(pieces: Sequence[Sequence[Word]], total: int) -> bool:
    """Tell whether a question with ``total`` exact matches is worth asking with typos forgiven.

    Who gives a number means one lien: with any match, near ones only disturb.
    """
    words = [word for piece in pieces for word in piece]
    if total >= WIDEN_BELOW or (total and any(word.role == "number" for word in words)):
        return False
    return any(
        typos_forgiven(word.written) or (len(words) > 1 and word.role in LITTLE) for word in words
    )


def typos_between(one: str, other: str, most: int) -> int:
    """Return how many letters were added, left out, changed or swapped; ``most + 1`` if more.

    The optimal string alignment distance: letters swapped once are not changed again.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)
