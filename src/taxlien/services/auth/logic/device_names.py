"""A short name for a device, such as ``Firefox on Windows``, from what it says of itself."""

from __future__ import annotations

MAX_NAME = 80
MAX_USER_AGENT = 400

# The first that is found wins: most browsers claim to be several others, too.
_PROGRAMS = (
    ("TAXLIEN", "TAXLIEN app"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("YaBrowser", "Yandex Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python", "a Python program"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def name_of(user_agent: str) -> str:
    """Return the name; ``unknown device`` where the user agent says nothing known."""
    program = next((name for mark, name in _PROGRAMS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if program and system:
        return f"{program} on {system}"
    return program or system or "unknown device"


def clean_text(text: str, longest: int) -> str:
    """Return ``text`` without characters that cannot be shown, at most ``longest`` of them."""
    return "".join(c for c in text if c.isprintable()).strip()[:longest]
