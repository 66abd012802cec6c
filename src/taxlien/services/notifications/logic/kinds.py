"""Every kind of message: what it is told, by which channels it may come, whether a user may do without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Channel = Literal["email", "push", "sms", "webhook", "in_app"]
Category = Literal["security", "transactional", "alert", "marketing"]

CHANNELS: tuple[Channel, ...] = ("email", "push", "sms", "webhook", "in_app")
_MAIL: tuple[Channel, ...] = ("email",)
_ACCOUNT: tuple[Channel, ...] = ("email", "push")
_RECORD: tuple[Channel, ...] = ("email", "push", "in_app")


@dataclass(frozen=True, slots=True)
class Kind:
    """``parameters`` are what its templates may use.

    Only an ``optional`` kind heeds a user's wishes, hours of quiet and unsubscribing: what concerns the
    safety of an account, the law or what a user just did always goes out, and at once. What is
    ``asked_for`` comes only to who said yes to it; what is ``for_staff`` only to who looks after the product.
    """

    name: str
    parameters: frozenset[str] = frozenset()
    category: Category = "security"
    channels: tuple[Channel, ...] = _MAIL
    optional: bool = False
    asked_for: bool = False
    for_staff: bool = False

    @property
    def stoppable(self) -> bool:
        """Whether its mails can be unsubscribed from; what is sent but once is not worth it."""
        return self.category in ("alert", "marketing")


def _account(name: str, *parameters: str, channels: tuple[Channel, ...] = _MAIL) -> Kind:
    return Kind(name, frozenset(parameters), "security", channels)


def _done(
    name: str,
    *parameters: str,
    channels: tuple[Channel, ...] = _RECORD,
    optional: bool = False,
) -> Kind:
    return Kind(name, frozenset(parameters), "transactional", channels, optional)


def _alert(name: str, *parameters: str, for_staff: bool = False) -> Kind:
    told = frozenset(parameters)
    return Kind(name, told, "alert", CHANNELS, optional=True, for_staff=for_staff)


def _offer(
    name: str,
    *parameters: str,
    channels: tuple[Channel, ...] = _RECORD,
    asked_for: bool = False,
) -> Kind:
    return Kind(name, frozenset(parameters), "marketing", channels, True, asked_for)


def _kinds(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS = _kinds(
    _done("welcome", channels=_MAIL, optional=True),
    _account("verify_email", "email", "token", "expires_at"),
    _account("sign_up_repeated", "at"),
    _account("reset_password", "token", "expires_at"),
    _account("password_changed", "at", channels=_ACCOUNT),
    _account("device_added", "at", "device_name", "address", channels=_ACCOUNT),
    _account("refresh_token_reused", "at", "device_name", channels=_ACCOUNT),
    _account("second_factor_changed", "at", "factor", "change", "remaining", channels=_ACCOUNT),
    _account("identity_linked", "at", "provider", channels=_ACCOUNT),
    _account("export_ready", "export_id", "expires_at"),
    _account("deletion_requested", "at", "erase_after"),
    _account("deletion_cancelled", "at"),
    _account("account_erased", "at", "proof"),
    _done("purchase_confirmation", "at", "description", "amount", "currency", "receipt_number"),
    _done("subscription_started", "plan", "amount", "currency", "paid_until", "receipt_number"),
    _done("subscription_renewed", "plan", "amount", "currency", "paid_until", "receipt_number"),
    _alert("saved_search_matches", "pace", "total", "searches"),
    _alert("price_drop", "total", "more", "liens"),
    _alert("redemption_update", "total", "more", "liens"),
    _alert("watch_changed", "total", "more", "liens"),
    _alert(
        "auction_reminder",
        *("county", "state", "auction_on", "starts_at", "time_zone", "hour_known"),
        *("watched", "user_zone"),
    ),
    _alert(
        "model_alert",
        *("model", "version", "concern", "news", "detail", "at"),
        for_staff=True,
    ),
    _offer("weekly_digest", "total", "watches"),
    _offer("trial_ending", "ends_at"),
    _offer("premium_teaser", asked_for=True),
)
"""By name. Alerts that tell of many things at once carry their number as ``total``."""

LANGUAGES = ("en", "ru", "es")


def language_for(wanted: str | None) -> str:
    """Return the language of the templates that suits a tag such as ``ru-RU``; English for others."""
    primary = (wanted or "").replace("_", "-").partition("-")[0].lower()
    return primary if primary in LANGUAGES else LANGUAGES[0]
