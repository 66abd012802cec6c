"""Signing in at other providers: go there, come back, and exchange the result for a sign-in here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import structlog

from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.adapters.oidc import SignInProvider, SignInRefused
from taxlien.services.auth.adapters.oidc_metadata import ProviderFailed
from taxlien.services.auth.adapters.oidc_providers import open_provider
from taxlien.services.auth.logic import oauth
from taxlien.services.auth.logic.factor_refusals import (
    LastWayToSignIn,
    OAuthAnswerRefused,
    ProviderNotConfigured,
)
from taxlien.services.auth.logic.opaque import digest, new_token
from taxlien.services.auth.models import PROVIDERS, Provider
from taxlien.services.auth.repository import Begun, Finished

from .linking import Linked, link_identity, sign_in_with_identity
from .proofs import Owner, Proof, own_account, prove
from .sessions import DeviceFacts, SignedIn
from .signing_in import ChallengeRequired
from .transactions import Transactions
from .ways_in import has_another_way

_log = structlog.get_logger("taxlien.auth")


class Departure(NamedTuple):
    """Where the browser goes, and the cookie it has to bring back. The cookie's value is a secret."""

    url: str
    cookie_name: str
    cookie_value: str


class Landing(NamedTuple):
    """Where the browser goes on, with a one-time code for the exchange, or with what went wrong."""

    return_to: str
    code: str | None
    error: str | None


class ProviderFact(NamedTuple):
    """A provider: offered here or not, and linked to the account that asks (None: nobody asks)."""

    provider: Provider
    available: bool
    linked: bool | None


async def providers(session: Session, owner: Owner | None) -> list[ProviderFact]:
    """Return every provider there could be."""
    linked = set()
    if owner is not None:
        found = await repository.identities_of(session, owner.user_id)
        linked = {identity.provider for identity in found}
    return [
        ProviderFact(name, _offered(name) is not None, None if owner is None else name in linked)
        for name in PROVIDERS
    ]


async def depart(
    transactions: Transactions, provider: Provider, return_to: str | None, language: str
) -> Departure:
    """Begin a sign-in at ``provider``. Raises ``ProviderNotConfigured``, ``InvalidInput`` (``return_to``)."""
    return await _depart(transactions, provider, return_to, language, None)


async def depart_to_link(
    transactions: Transactions,
    owner: Owner,
    provider: Provider,
    return_to: str | None,
    proof: Proof | None,
) -> Departure:
    """Begin to link ``provider`` to the account that asks, with a proof or a new sign-in.

    Raises as ``depart`` and as ``prove``.
    """
    _require(provider)
    await prove(transactions, owner, proof, or_new_sign_in=True)
    return await _depart(transactions, provider, return_to, "en", owner)


async def arrive(
    transactions: Transactions,
    provider: Provider,
    answer: Mapping[str, str],
    cookies: Mapping[str, str],
) -> Landing:
    """Take the answer a browser brings from ``provider``: once, and only from the browser that left.

    No transaction is open while the provider is asked. Raises ``OAuthAnswerRefused``.
    """
    offered = _require(provider)
    state = answer.get("state", "")
    browser = cookies.get(oauth.cookie_name(digest(state)), "")
    secrets = oauth.Secrets(state, browser)
    async with transactions() as session:
        begun = await repository.take_answer(
            session, secrets.state_hash, provider, secrets.browser_hash
        )
        if begun is None:
            raise OAuthAnswerRefused
    try:
        identity = await offered.identify(secrets, _redirect_uri(provider), answer)
    except SignInRefused:
        return Landing(begun.return_to, None, "access_denied")
    except ProviderFailed as failed:
        _log.warning("provider_failed", provider=provider, reason=str(failed))
        return Landing(begun.return_to, None, "provider_failed")
    code = new_token()
    sealed = current.keyring().seal(msgspec.json.encode(identity), _context(begun.state_hash))
    until = datetime.now(UTC) + timedelta(seconds=oauth.RESULT_SECONDS)
    async with transactions() as session:
        await repository.put_result(session, begun.state_hash, digest(code), sealed, until)
    return Landing(begun.return_to, code, None)


async def exchange(
    transactions: Transactions,
    code: str,
    cookies: Mapping[str, str],
    device: DeviceFacts,
    owner: Owner | None,
) -> SignedIn | ChallengeRequired | Linked:
    """Exchange the one-time code of a landing, from the browser that left and landed.

    A code that leads to a refusal is used up like any other. Raises ``OAuthAnswerRefused``,
    ``LinkNeedsSignIn``, ``IdentityTaken``, ``AccountDisabled``, ``SessionEnded``.
    """
    async with transactions() as session:
        finished = await _take_result(session, code, cookies)
    opened = current.keyring().open(finished.identity, _context(finished.state_hash))
    identity = msgspec.json.decode(opened, type=oauth.Identity)
    async with transactions() as session:
        if finished.user_id is None:
            return await sign_in_with_identity(
                session, finished.provider, identity, device, finished.language
            )
        if owner is None or owner.user_id != finished.user_id:
            raise OAuthAnswerRefused
        return await link_identity(session, owner, finished.provider, identity)


async def unlink(session: Session, owner: Owner, provider: Provider) -> None:
    """Unlink a provider. Raises ``NotFound``, ``LastWayToSignIn``."""
    account = await own_account(session, owner, lock=True)
    linked = await repository.identities_of(session, owner.user_id)
    if provider not in {identity.provider for identity in linked}:
        raise NotFound("This provider is not linked.")
    if not await has_another_way(session, account, but_provider=provider):
        raise LastWayToSignIn
    await repository.delete_identity(session, owner.user_id, provider)


async def _depart(
    transactions: Transactions,
    provider: Provider,
    return_to: str | None,
    language: str,
    owner: Owner | None,
) -> Departure:
    offered = _require(provider)
    secrets = oauth.new_secrets()
    begun = Begun(
        state_hash=secrets.state_hash,
        provider=provider,
        browser_hash=secrets.browser_hash,
        return_to=_allowed(return_to),
        language=language,
        user_id=None if owner is None else owner.user_id,
    )
    url = await offered.authorization_url(secrets, _redirect_uri(provider))
    until = datetime.now(UTC) + timedelta(seconds=oauth.TRANSACTION_SECONDS)
    async with transactions() as session:
        await repository.add_transaction(session, begun, until)
    return Departure(url, secrets.cookie_name, secrets.browser)


async def _take_result(session: Session, code: str, cookies: Mapping[str, str]) -> Finished:
    state_hash = await repository.state_of_code(session, digest(code))
    browser = cookies.get(oauth.cookie_name(state_hash), "") if state_hash else ""
    finished = await repository.take_result(session, digest(code), digest(browser))
    if finished is None:
        raise OAuthAnswerRefused
    return finished


def _allowed(return_to: str | None) -> str:
    """Return where the browser may go in the end: one of the settings' addresses, as it is there."""
    allowed = current.provider_settings().return_paths
    if return_to is None:
        return allowed[0]
    if return_to not in allowed:
        raise InvalidInput("return_to", "is not among the addresses that browsers may go back to")
    return return_to


def _require(provider: Provider) -> SignInProvider:
    offered = _offered(provider)
    if offered is None:
        raise ProviderNotConfigured
    return offered


def _offered(provider: Provider) -> SignInProvider | None:
    settings = current.provider_settings()
    return open_provider(provider, settings) if settings.public_url else None


def _redirect_uri(provider: Provider) -> str:
    base = (current.provider_settings().public_url or "").rstrip("/")
    return f"{base}/v1/auth/oauth/{provider}/callback"


def _context(state_hash: bytes) -> str:
    return f"auth.oauth_identity:{state_hash.hex()}"
