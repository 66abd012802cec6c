"""Pages nested so deep that parsing them would take minutes: no site writes such a page."""

from __future__ import annotations

MOST_OPEN = 20_000
"""Tags that stay open. A parser's work grows with the square of the depth: at this depth it is a second."""


def is_bottomless(text: str) -> bool:
    """Whether more tags are opened and never closed than any page has, empty elements counted in."""
    return text.count("<") - 2 * text.count("</") > MOST_OPEN
