"""What kinds of messages are called, for who chooses among them."""

from __future__ import annotations

_TITLES: dict[str, tuple[str, str, str]] = {
    "welcome": ("Welcome", "Приветствие", "Bienvenida"),
    "saved_search_matches": (
        "New liens in saved searches",
        "Новые залоги по сохранённым поискам",
        "Gravámenes nuevos en búsquedas guardadas",
    ),
    "price_drop": ("Price drops", "Снижение цены", "Bajadas de precio"),
    "redemption_update": ("Redemptions", "Выкуп залогов", "Redenciones"),
    "watch_changed": (
        "Changes of what you watch",
        "Изменения в том, за чем вы следите",
        "Cambios en lo que usted sigue",
    ),
    "auction_reminder": ("Sale reminders", "Напоминания о торгах", "Avisos de subastas"),
    "model_alert": ("Alerts about models", "Тревоги о моделях", "Alertas sobre los modelos"),
    "weekly_digest": ("Weekly digest", "Сводка за неделю", "Resumen semanal"),
    "trial_ending": ("End of the trial", "Конец пробного периода", "Fin de la prueba"),
    "premium_teaser": ("What Premium adds", "Что даёт Premium", "Lo que añade Premium"),
}


def title_of(kind: str, language: str) -> str:
    """Return what ``kind`` is called; its name where it needs none for people."""
    english, russian, spanish = _TITLES.get(kind, (kind.replace("_", " ").capitalize(),) * 3)
    return {"ru": russian, "es": spanish}.get(language, english)
