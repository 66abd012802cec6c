"""Pages nested so deep that parsing them would take minutes: no site writes such a page."""

from __future__ import annotations

import re

MOST_OPEN = 20_000
"""Tags that stay open. A parser's work grows with the square of the depth: at this depth it is a second."""

MOST_TABLES = 200
"""Tables or sections inside one another: each is read, the innermost once for all that are around it."""

_FRAME = re.compile(r"<(/?)(?:table|section)\b")


def is_bottomless(text: str) -> bool:
    """Whether more tags are opened and never closed than any page has, empty elements counted in.

    Tables and sections are counted one inside the other, closed in the end or not.
    """
    if text.count("<") - 2 * text.count("</") > MOST_OPEN:
        return True
    lowered = text.lower()
    if lowered.count("<table") + lowered.count("<section") <= MOST_TABLES:
        return False
    depth = 0
    for frame in _FRAME.finditer(lowered):
        depth = max(depth - 1, 0) if frame[1] else depth + 1
        if depth > MOST_TABLES:
            return True
    return False
