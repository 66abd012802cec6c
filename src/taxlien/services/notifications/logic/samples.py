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


def _change(number: int) -> dict[str, Any]:
    lien = _lien(number)
    return {
        **lien,
        "label": "Lots by the river",
        "reason": "new_lien" if number == 1 else "status_changed",
        "status": ("sold", "advertised", "redeemed", "struck_off")[number],
        "previous_status": None if number == 1 else "advertised",
        "previous_price": f"{float(lien['price']) * 1.21:.2f}",
        "redeemed_on": None if number == 3 else "2026-12-18",
    }


_LIENS = [_lien(number) for number in range(4)]
_CHANGES = [_change(number) for number in range(4)]
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
    "liens": _CHANGES,
    "watches": [{"name": "Marion, FL", "total": 212, "more": 209, "liens": _CHANGES[:3]}],
    "description": "Course: reading a sale list",
    "amount": "49.00",
    "currency": "USD",
    "receipt_number": "R-2026-001234",
    "plan": "premium",
    "paid_until": "2027-01-21T17:05:00+00:00",
    "ends_at": "2026-12-24T17:00:00+00:00",
    "county": "Marion",
    "state": "FL",
    "auction_on": "2026-12-22",
    "starts_at": "2026-12-22T14:00:00+00:00",
    "time_zone": "America/New_York",
    "user_zone": "America/Los_Angeles",
    "hour_known": True,
    "watched": 7,
    "searches": [
        {"name": "Houses under $5,000", "total": 37, "more": 34, "liens": _LIENS[:3]},
        {"name": "Near the lake", "total": 3, "more": 2, "liens": _LIENS[3:]},
    ],
}


_OF_KIND: dict[str, dict[str, Any]] = {
    "redemption_update": {"liens": [{**change, "status": "redeemed"} for change in _CHANGES]},
    "weekly_digest": {"total": 212},
    "model_alert": {
        "model": "redemption",
        "version": 4,
        "concern": "outcomes",
        "news": "raised",
        "detail": "12 months: 0.7410 expected, 0.6020 came, z -5.31",
    },
}


def sample_of(kind: str) -> dict[str, Any]:
    """Return values for every parameter of ``kind``."""
    values = {**_VALUES, **_OF_KIND.get(kind, {})}
    return {name: values[name] for name in sorted(KINDS[kind].parameters)}
