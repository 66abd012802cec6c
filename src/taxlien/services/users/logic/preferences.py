"""What may be preferred: languages we speak, currencies and time zones of the world, hours of quiet."""

from __future__ import annotations

import re
from datetime import time
from functools import cache
from zoneinfo import available_timezones

from taxlien.kit.errors import InvalidInput

LANGUAGES = ("en", "ru", "es")
FALLBACK_LANGUAGE = "en"

# ISO 4217, money in use in 2026: no metals, funds or testing codes.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
    GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
    KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
    NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
    VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - a table to be read
)

_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def spoken(language: str) -> str:
    """Return the language we speak that is nearest to a tag such as ``ru-RU``; English if none is."""
    primary = language.replace("_", "-").split("-")[0].lower()
    return primary if primary in LANGUAGES else FALLBACK_LANGUAGE


def language_of(text: str) -> str:
    """Return a language we speak. Raises ``InvalidInput``."""
    if text not in LANGUAGES:
        raise InvalidInput("language", f"is none of {', '.join(LANGUAGES)}")
    return text


def currency_of(text: str) -> str:
    """Return an ISO 4217 code. Raises ``InvalidInput``."""
    if text not in CURRENCIES:
        raise InvalidInput("currency", "is no currency code of ISO 4217, such as USD")
    return text


@cache
def time_zones() -> frozenset[str]:
    """Return the IANA zones that name places, and UTC."""
    return frozenset(z for z in available_timezones() if "/" in z) | {"UTC"}


def time_zone_of(text: str) -> str:
    """Return an IANA zone. Raises ``InvalidInput``."""
    if text not in time_zones():
        raise InvalidInput("time_zone", "is no time zone of IANA, such as America/Chicago")
    return text


def hour_of(field: str, text: str) -> time:
    """Read ``HH:MM``. Raises ``InvalidInput`` naming ``field``."""
    found = _HOUR.fullmatch(text)
    if found is None:
        raise InvalidInput(field, "is not a time of day as HH:MM")
    return time(int(found[1]), int(found[2]))


def hour_text(hour: time | None) -> str | None:
    """Return ``HH:MM``, or None."""
    return None if hour is None else hour.strftime("%H:%M")


def check_quiet_hours(start: time | None, end: time | None) -> None:
    """Raise ``InvalidInput`` unless both are there, and apart, or neither is."""
    if (start is None) != (end is None):
        missing = "quiet_from" if start is None else "quiet_until"
        raise InvalidInput(missing, "is missing: quiet hours have a beginning and an end")
    if start is not None and start == end:
        raise InvalidInput("quiet_until", "is the same as quiet_from")
