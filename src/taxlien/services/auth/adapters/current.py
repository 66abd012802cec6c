"""What this process uses, opened from settings when first asked for."""

from __future__ import annotations

from functools import cache

from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.auth.logic.passkeys import Party
from taxlien.services.auth.settings import AuthSettings, FactorSettings, ProviderSettings

from .attempt_counter import AttemptCounter
from .breached_passwords import BreachedPasswords
from .password_hashing import PasswordHashing
from .session_cache import SessionCache
from .valkey import Valkey


@cache
def settings() -> AuthSettings:
    """Return the settings of auth. Raises ``SettingsError``."""
    return read_settings(AuthSettings)


@cache
def factor_settings() -> FactorSettings:
    """Return the settings of second factors and passkeys. Raises ``SettingsError``."""
    return read_settings(FactorSettings)


@cache
def passkey_party() -> Party:
    """Return who we are to authenticators. Raises ``SettingsError``."""
    found = factor_settings()
    return Party(found.passkey_rp_id, found.passkey_rp_name, tuple(found.passkey_origins))


@cache
def provider_settings() -> ProviderSettings:
    """Return the settings of other providers. Raises ``SettingsError``."""
    return read_settings(ProviderSettings)


@cache
def keyring() -> Keyring:
    """Return the keys that seal secrets at rest. Raises ``SettingsError``."""
    return Keyring.from_settings(read_settings(KitSettings))


@cache
def valkey() -> Valkey:
    """Return the client of Valkey; without a cache URL it is always away."""
    return Valkey(read_settings(KitSettings).cache_url, settings().cache_namespace)


@cache
def session_cache() -> SessionCache:
    """Return what vouches for sign-ins."""
    return SessionCache(valkey(), settings().session_cache_seconds)


@cache
def attempt_counter() -> AttemptCounter:
    """Return what counts attempts."""
    return AttemptCounter(valkey())


@cache
def hashing() -> PasswordHashing:
    """Return where passwords are hashed. The first call takes as long as one hash."""
    found = settings()
    return PasswordHashing(
        memory_kib=found.argon2_memory_kib,
        passes=found.argon2_passes,
        lanes=found.argon2_lanes,
        at_once=found.argon2_at_once,
        waiting=found.argon2_waiting,
    )


@cache
def breached() -> BreachedPasswords | None:
    """Return the breached passwords, or None where no file is set. Raises ``OSError``."""
    file = settings().breached_passwords
    return None if file is None else BreachedPasswords(file)


async def close() -> None:
    """Close what this process opened; a later call opens it again, from the settings of then."""
    if valkey.cache_info().currsize:
        await valkey().close()
    if hashing.cache_info().currsize:
        hashing().close()
    if breached.cache_info().currsize and (file := breached()) is not None:
        file.close()
    for opened in (settings, keyring, valkey, session_cache, attempt_counter, hashing):
        opened.cache_clear()
    breached.cache_clear()
    factor_settings.cache_clear()
    passkey_party.cache_clear()
    provider_settings.cache_clear()
