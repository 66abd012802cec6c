"""What has become of a lien, in words of each language."""

from __future__ import annotations

_NAMES: dict[str, tuple[str, str, str]] = {
    "delinquent": ("delinquent", "просрочен", "en mora"),
    "advertised": ("on a sale list", "в списке торгов", "en lista de subasta"),
    "removed": ("taken off the list", "снят со списка", "retirado de la lista"),
    "withdrawn": ("withdrawn at the sale", "снят на торгах", "retirado en la subasta"),
    "unsold": ("not sold", "не продан", "no vendido"),
    "struck_off": ("struck off to the county", "отошёл округу", "adjudicado al condado"),
    "sold": ("sold", "продан", "vendido"),
    "assigned": ("assigned", "переуступлен", "cedido"),
    "redeemed": ("redeemed", "выкуплен", "redimido"),
    "deed_applied": ("deed applied for", "подано на акт", "escritura solicitada"),
    "foreclosed": ("foreclosed", "обращён во взыскание", "ejecutado"),
    "void": ("void", "признан недействительным", "anulado"),
    "expired": ("expired", "истёк", "vencido"),
}


def status_name(status: str, language: str) -> str:
    """Return what a status of a lien is called; its own name where it is a new one."""
    english, russian, spanish = _NAMES.get(status, (status.replace("_", " "),) * 3)
    return {"ru": russian, "es": spanish}.get(language, english)
