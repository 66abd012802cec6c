"""What kinds of messages are called, for who chooses among them."""

from __future__ import annotations

_TITLES: dict[str, tuple[str, str, str]] = {
    "welcome": ("Welcome", "Приветствие", "Bienvenida"),
    "saved_search_matches": (
        "New liens in saved searches",
        "Новые залоги по сохранённым поискам",
        "Gravámenes nuevos en búsquedas guardadas",
    ),
}


def title_of(kind: str, language: str) -> str:
    """Return what ``kind`` is called; its name where it needs none for people."""
    english, russian, spanish = _TITLES.get(kind, (kind.replace("_", " ").capitalize(),) * 3)
    return {"ru": russian, "es": spanish}.get(language, english)
