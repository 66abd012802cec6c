"""How far a word may be from what was typed, how far two words are apart, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .tokens import plain
from .words import Word

WIDEN_BELOW = 10
"""With fewer exact matches than this, words a typo away are counted too."""

LITTLE = frozenset(("suffix", "direction", "unit"))
"""Roles of words that may be missing where few liens have them all: people mistake ST for AVE."""

_SHORTEST_TYPO = 4
_SHORTEST_TWO_TYPOS = 7
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


_WORD = re.compile("[^\\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}`][^\\W_]+)*")


def corrections(
    unknown: Iterable[Word], seen: Iterable[str], liens_with: Callable[[str], int]
) -> dict[str, str]:
    """Return for each word that no lien has the likeliest of ``seen``: the nearest, then the most frequent.

    ``seen`` are words of liens that nearly match. Words that one of them continues are only begun.
    """
    candidates = set(seen)
    found: dict[str, str] = {}
    for word in unknown:
        written, most = word.written, typos_forgiven(word.written)
        near = {c: n for c in candidates if (n := typos_between(written, c, most)) <= most}
        if near and not any(c.startswith(written) for c in candidates):
            found[written] = min(near, key=lambda c: (near[c], -liens_with(c), c))
    return found


def rewritten(text: str, better: dict[str, str]) -> str:
    """Return ``text`` with words replaced, in capitals where they stood in capitals."""

    def replace(match: re.Match[str]) -> str:
        word = better.get(plain(match[0]))
        if word is None:
            return match[0]
        return word.upper() if match[0].isupper() else word

    return _WORD.sub(replace, text)
