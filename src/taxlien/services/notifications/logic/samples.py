"""Made-up values for previews: nobody's name, nobody's parcel."""

from __future__ import annotations

from typing import Any

from .kinds import KINDS

_PARCELS = ("12-0041-003", "12-0107-020", "33-2290-000", "07-1180-011")
_STREETS = ("118 Example St", "2204 Sample Ave", "9 Specimen Ct", "4100 Placeholder Blvd")


def _lien(number: int) -> dict[str, Any]:
    price = 1240 + 613 * number
    return {
        "path": f"/v1/liens/01900000-0000-7000-8000-00000000000{number}",
        "title": _STREETS[number],
        "place": "Exampleville, Marion, FL",
        "parcel_id": _PARCELS[number],
        "price": f"{price}.50",
        "rate_pct": None if number == 3 else f"{18 - number * 2.25}",
        "payoff": None if number == 3 else f"{price * 1.18:.2f}",
        "months": 12,
    }


_LIENS = [_lien(number) for number in range(4)]
_VALUES: dict[str, Any] = {
    "email": "you@example.com",
    "token": "sample-token",
    "expires_at": "2026-12-24T17:00:00+00:00",
    "at": "2026-12-21T17:05:00+00:00",
    "device_name": "Firefox on Linux",
    "address": "203.0.113.7",
    "factor": "recovery_codes",
    "change": "used",
    "remaining": 2,
    "provider": "Google",
    "export_id": "01900000-0000-7000-8000-000000000009",
    "erase_after": "2027-01-20T17:00:00+00:00",
    "proof": "9f86d081884c7d65",
    "pace": "daily",
    "total": 40,
    "more": 36,
    "liens": _LIENS,
    "searches": [
        {"name": "Houses under $5,000", "total": 37, "more": 34, "liens": _LIENS[:3]},
        {"name": "Near the lake", "total": 3, "more": 2, "liens": _LIENS[3:]},
    ],
}


def sample_of(kind: str) -> dict[str, Any]:
    """Return values for every parameter of ``kind``."""
    return {name: _VALUES[name] for name in sorted(KINDS[kind].parameters)}
