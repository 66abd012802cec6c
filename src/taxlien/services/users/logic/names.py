"""Names made comparable: without marks, case and order, and written with Latin letters."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not take apart, and Cyrillic as passports write it (ICAO 9303).
_LATIN = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i",
        "ħ": "h", "ŋ": "n", "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh",
        "з": "z", "и": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
        "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
        "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia", "і": "i", "ѓ": "g",
        "є": "ie", "ґ": "g", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "ђ": "d", "ў": "u",
    }
)  # fmt: skip
_NOT_A_LETTER = re.compile(r"[^\w]+|_", re.UNICODE)
_APOSTROPHES = re.compile(r"['’ʼ`´.]")
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "sir", "jr", "sr", "ii", "iii", "esq"})


def normalised(name: str) -> str:
    """Return the words of a name, folded and sorted: ``"José O'Neill, Dr."`` is ``"jose oneill"``."""
    # Twice: an accent of its own would become a space, and compatible forms hide capitals and dots.
    plain = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", name)).casefold()
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", plain))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_LATIN)
    words = _NOT_A_LETTER.sub(" ", bare).split()
    told = [word for word in words if word not in _TITLES] or words
    return " ".join(sorted(told))
