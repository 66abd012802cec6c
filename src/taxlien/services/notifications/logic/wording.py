"""Words made from data: moments in a language, and people's own text made harmless."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

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
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio"),
        *("agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
}
_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ru": ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_DOT_OF_A_LINK = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
_ONE_DOT_LEADER = "\u2024"


def moment(value: str, language: str) -> str:
    """Write an ISO 8601 time for people, such as ``23 November 2026, 17:05 UTC``."""
    time = datetime.fromisoformat(value).astimezone(UTC)
    return f"{_date(time, language)}, {time:%H:%M} UTC"


def day(value: str, language: str) -> str:
    """Write an ISO 8601 date (of a time: its date as written) such as ``Monday, 23 November 2026``."""
    found = date.fromisoformat(value[:10])
    return f"{_WEEKDAYS[language][found.weekday()]}, {_date(found, language)}"


def clock(value: str, zone: str, language: str) -> str:
    """Write an ISO 8601 time as clocks in ``zone`` show it, such as ``23 November 2026, 12:05 EST``.

    Where a zone has no letters of its own its distance from UTC stands there: ``UTC+05:30``.
    """
    time = datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
    name = time.tzname() or ""
    if not name.isalpha():
        name = f"UTC{time:%z}"[:6] + ":" + f"{time:%z}"[3:5]
    return f"{_date(time, language)}, {time:%H:%M} {name}"


def _date(value: date, language: str) -> str:
    month = _MONTHS[language][value.month - 1]
    return (
        f"{value.day} de {month} de {value.year}"
        if language == "es"
        else f"{value.day} {month} {value.year}"
    )


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
