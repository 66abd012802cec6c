"""Which passwords are accepted: long enough, hard to guess for who knows the person, never breached."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from zxcvbn import zxcvbn  # type: ignore[import-untyped]

from taxlien.kit.errors import InvalidInput

SHORTEST = 10
LONGEST = 128
LEAST_SCORE = 3
_LEAST_OWN = 6
# zxcvbn's work grows with the square of the length; what comes later can only make a password better.
_LOOKED_AT = 72


def normalise(password: str) -> str:
    """Return the form that is hashed (NFKC): the same keys on another keyboard give the same password."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, field: str, about: Sequence[str]) -> None:
    """Raise ``InvalidInput`` on ``field`` for a password that is too short, too long or easy to guess.

    ``about`` is what a guesser knows, such as the address. Takes up to 60 ms of processor time.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(field, f"must have {SHORTEST} to {LONGEST} characters")
    words = _words(about)
    if len(_without(password.casefold(), words)) < _LEAST_OWN:
        raise InvalidInput(field, "is too weak: it is made of what others know of you")
    found = zxcvbn(password[:_LOOKED_AT], user_inputs=words)
    if found["score"] < LEAST_SCORE:
        said = found["feedback"]["warning"] or "this is easy to guess"
        advice = " ".join(found["feedback"]["suggestions"])
        raise InvalidInput(field, f"is too weak: {said.rstrip('.')}. {advice}".rstrip())


def _words(about: Sequence[str]) -> list[str]:
    parts = [part for text in about for part in re.split(r"[^\w]+", text) if len(part) > 2]
    return [*about, *parts, "taxlien", "tax lien"]


def _without(text: str, words: Sequence[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word.casefold(), "") if word else text
    return text
