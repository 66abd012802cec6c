"""What this process does without for now, while it goes on serving: shown at ``/health``, in words."""

from __future__ import annotations

_parts: dict[str, str] = {}


def degrade(part: str, why: str) -> None:
    """Say that ``part`` does not work as it should. No personal data, no secrets."""
    _parts[part] = why


def restore(part: str) -> None:
    """Say that ``part`` works again."""
    _parts.pop(part, None)


def degraded() -> dict[str, str]:
    """Return what does not work as it should, and why."""
    return dict(_parts)
