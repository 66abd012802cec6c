"""Numbers as a language writes them: dollars, percent, counts and the form of a noun beside a count.

Spanish is that of the United States (``$1,234.56``), where these liens are; null is never zero.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

UNKNOWN = "–"
_CENT = Decimal("0.01")
_NARROW = "\N{NO-BREAK SPACE}"


def money(value: object, language: str) -> str:
    """Write US dollars to the cent: ``$1,234.50``, in Russian ``1 234,50 $``; ``–`` where unknown."""
    if value is None:
        return UNKNOWN
    amount = Decimal(str(value)).quantize(_CENT, ROUND_HALF_UP)
    sign, written = ("-" if amount < 0 else ""), f"{abs(amount):,.2f}"
    if language == "ru":
        return f"{sign}{_russian(written)}{_NARROW}$"
    return f"{sign}${written}"


def amount(value: object, currency: str, language: str) -> str:
    """Write a sum in a currency: dollars as everywhere, any other by its code."""
    if currency == "USD" or value is None:
        return money(value, language)
    return money(value, language).replace("$", "").strip(_NARROW) + f"{_NARROW}{currency}"


def whole_money(value: object, language: str) -> str:
    """Write US dollars where every sign counts: ``$1,235``; rounded half up."""
    if value is None:
        return UNKNOWN
    return _without_cents(money(Decimal(str(value)).quantize(Decimal(1), ROUND_HALF_UP), language))


def percent(value: object, language: str) -> str:
    """Write a rate in percent without useless zeros: ``18%``, ``9.25%``, in Russian ``9,25 %``."""
    if value is None:
        return UNKNOWN
    rate = Decimal(str(value)).quantize(_CENT, ROUND_HALF_UP)
    written = f"{rate:,f}".rstrip("0").rstrip(".")
    return f"{_russian(written)}{_NARROW}%" if language == "ru" else f"{written}%"


def count(value: int, language: str) -> str:
    """Write a whole number with its thousands apart."""
    written = f"{int(value):,}"
    return _russian(written) if language == "ru" else written


def plural(value: int, language: str, *forms: str) -> str:
    """Return the form of a noun beside ``value``: (one, other), in Russian (one, few, many)."""
    if language != "ru":
        return forms[0] if value == 1 else forms[1]
    tens, ones = value % 100 // 10, value % 10
    if ones == 1 and tens != 1:
        return forms[0]
    return forms[1] if 2 <= ones <= 4 and tens != 1 else forms[2]


def _without_cents(written: str) -> str:
    return written.replace(".00", "").replace(",00" + _NARROW, _NARROW)


def _russian(written: str) -> str:
    return written.translate({ord(","): _NARROW, ord("."): ","})
