"""Every kind of mail: what it is told, and whether a user may do without it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """``parameters`` are what its template may use. Only an ``optional`` kind heeds a user's wish to
    get no mail: what concerns the safety of an account or the law always goes out."""

    name: str
    parameters: frozenset[str] = frozenset()
    optional: bool = False


def _kinds(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS = _kinds(
    Kind("welcome", optional=True),
    Kind("verify_email", frozenset({"email", "token", "expires_at"})),
    Kind("sign_up_repeated", frozenset({"at"})),
    Kind("reset_password", frozenset({"token", "expires_at"})),
    Kind("password_changed", frozenset({"at"})),
    Kind("device_added", frozenset({"at", "device_name", "address"})),
    Kind("refresh_token_reused", frozenset({"at", "device_name"})),
    Kind("second_factor_changed", frozenset({"at", "factor", "change", "remaining"})),
    Kind("identity_linked", frozenset({"at", "provider"})),
    Kind("export_ready", frozenset({"export_id", "expires_at"})),
    Kind("deletion_requested", frozenset({"at", "erase_after"})),
    Kind("deletion_cancelled", frozenset({"at"})),
    Kind("account_erased", frozenset({"at", "proof"})),
)

LANGUAGES = ("en", "ru")


def language_for(wanted: str | None) -> str:
    """Return the language of the templates that suits a tag such as ``ru-RU``; English for others."""
    primary = (wanted or "").replace("_", "-").partition("-")[0].lower()
    return primary if primary in LANGUAGES else LANGUAGES[0]
