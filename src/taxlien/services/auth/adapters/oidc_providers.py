"""The providers this deployment offers, by the settings."""

from __future__ import annotations

from functools import cache

from taxlien.services.auth.adapters.oidc import OidcConfig, OidcProvider, SignInProvider
from taxlien.services.auth.adapters.oidc_apple import AppleKey, AppleProvider
from taxlien.services.auth.adapters.oidc_facebook import FacebookConfig, FacebookProvider
from taxlien.services.auth.settings import ProviderSettings


def open_provider(name: str, settings: ProviderSettings) -> SignInProvider | None:
    """Return a provider, or None where its credentials are not set. The same settings give the same one."""
    if name == "google":
        return _google(settings)
    if name == "apple":
        return _apple(settings)
    if name == "facebook":
        return _facebook(settings)
    return None


def _google(settings: ProviderSettings) -> SignInProvider | None:
    if not settings.google_client_id or not settings.google_client_secret:
        return None
    secret = settings.google_client_secret.get_secret_value()
    return _oidc(OidcConfig("google", settings.google_issuer, settings.google_client_id, secret))


def _apple(settings: ProviderSettings) -> SignInProvider | None:
    key = settings.apple_private_key
    if not (settings.apple_client_id and settings.apple_team_id and settings.apple_key_id and key):
        return None
    config = OidcConfig(
        "apple", settings.apple_issuer, settings.apple_client_id, "", "openid name email"
    )
    # A PEM text in one line is how many a secret store hands it over.
    pem = key.get_secret_value().replace("\\n", "\n")
    own = AppleKey(settings.apple_team_id, settings.apple_key_id, pem)
    return _apple_with(config, own)


def _facebook(settings: ProviderSettings) -> SignInProvider | None:
    if not settings.facebook_client_id or not settings.facebook_client_secret:
        return None
    return FacebookProvider(
        FacebookConfig(
            settings.facebook_client_id,
            settings.facebook_client_secret.get_secret_value(),
            settings.facebook_dialog_url,
            settings.facebook_graph_url.rstrip("/"),
            settings.facebook_email_verified,
        )
    )


@cache
def _oidc(config: OidcConfig) -> OidcProvider:
    return OidcProvider(config)


@cache
def _apple_with(config: OidcConfig, key: AppleKey) -> AppleProvider:
    return AppleProvider(config, key)
