"""Words made from data: moments in a language, and people's own text made harmless."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

LONGEST_TEXT = 80

_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    "ru": (
        *("января", "февраля", "марта", "апреля", "мая", "июня", "июля"),
        *("августа", "сентября", "октября", "ноября", "декабря"),
    ),
}
_DOT_OF_A_LINK = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
_ONE_DOT_LEADER = "\u2024"


def moment(value: str, language: str) -> str:
    """Write an ISO 8601 time for people, such as ``23 November 2026, 17:05 UTC``."""
    time = datetime.fromisoformat(value).astimezone(UTC)
    return f"{time.day} {_MONTHS[language][time.month - 1]} {time.year}, {time:%H:%M} UTC"


def harmless(text: str) -> str:
    """Make text that somebody else chose fit for a mail from us: one short line that links nowhere.

    Mail programs turn what looks like an address into a link; a device called
    ``refund at evil.example`` must not become one under our name.
    """
    visible = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" else sign
        for sign in unicodedata.normalize("NFC", text)
    )
    line = " ".join(visible.split())
    line = _DOT_OF_A_LINK.sub(_ONE_DOT_LEADER, line.replace("://", " ").replace("@", " at "))
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1].rstrip() + "…"
