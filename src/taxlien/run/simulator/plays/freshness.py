"""What real sites put into every answer anew: states of forms, tokens, numbers of links, clocks.

Pages are written with marks in these places, and each answer gets others: whoever compares pages by their
bytes sees a change every time. All else stays determined by the seed.
"""

from __future__ import annotations

import itertools
import os
import re
from hashlib import sha256

NUMBER, STATE, TOKEN, CLOCK = "%FRESH_NUMBER%", "%FRESH_STATE%", "%FRESH_TOKEN%", "%FRESH_CLOCK%"
TICKS = "%FRESH_TICKS%"

_MARK = re.compile(r"%FRESH_([A-Z]+)%")
_PROCESS = os.urandom(8)
_answers = itertools.count(1)


def fresh_token() -> str:
    """64 hexadecimal digits that were never given before."""
    return sha256(_PROCESS + next(_answers).to_bytes(8)).hexdigest()


def freshened(text: str) -> str:
    """The text with something new in place of every mark."""
    return _MARK.sub(_fresh, text)


def _fresh(mark: re.Match[str]) -> str:
    match mark[1]:
        case "NUMBER":
            return str(int(fresh_token()[:8], 16) % 2_000_000_000)
        case "STATE":
            return "".join(fresh_token() for _ in range(4)) + "/+=="
        case "CLOCK":
            number = int(fresh_token()[:8], 16)
            return f"{number % 12 + 1}:{number // 12 % 60:02d}:{number // 720 % 60:02d} AM"
        case "TICKS":
            return str(1_790_000_000_000 + int(fresh_token()[:8], 16))
        case _:
            return fresh_token()[:40]
