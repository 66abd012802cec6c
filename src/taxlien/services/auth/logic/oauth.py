"""Secrets of one sign-in at another provider, and what its answer means for our accounts.

The browser holds one secret in a cookie; nonce and PKCE verifier follow from it and from the state, so
that the database stores nothing but hashes, and nobody without the cookie can finish what it began.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Literal, NamedTuple

from .opaque import digest, new_token

TRANSACTION_SECONDS = 600
RESULT_SECONDS = 120
COOKIE_PREFIX = "__Host-taxlien_oauth_"

Decision = Literal["create", "link", "sign_in_first"]


class Identity(NamedTuple):
    """Who a provider says signed in. ``email_verified`` is the provider's word for ``email``."""

    subject: str
    email: str | None
    email_verified: bool
    full_name: str | None = None


class Secrets(NamedTuple):
    """What one sign-in needs to be ours, this browser's, and of this moment."""

    state: str
    browser: str

    @property
    def nonce(self) -> str:
        """What the ID token must say."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """The PKCE code verifier (RFC 7636)."""
        return self._derived("verifier")

    @property
    def state_hash(self) -> bytes:
        """Key of the stored transaction."""
        return digest(self.state)

    @property
    def browser_hash(self) -> bytes:
        """What the stored transaction knows of the browser."""
        return digest(self.browser)

    @property
    def cookie_name(self) -> str:
        """Name of the browser's cookie: one a transaction, so that two tabs do not disturb each other."""
        return cookie_name(self.state_hash)

    def _derived(self, use: str) -> str:
        mac = hmac.new(self.browser.encode(), f"{use}:{self.state}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def new_secrets() -> Secrets:
    """Return a state and a browser secret of 256 random bits each."""
    return Secrets(new_token(), new_token())


def cookie_name(state_hash: bytes) -> str:
    """Return the name of the cookie that belongs to a transaction."""
    return COOKIE_PREFIX + state_hash[:6].hex()


def decide(identity: Identity, *, account_exists: bool, account_email_verified: bool) -> Decision:
    """Say what to do with an identity that no account knows yet.

    Both must be sure whose the address is: the provider, or a stranger's identity opens an account; and
    we, or an account made in wait for its owner gets the owner's identity. What is refused is refused in
    the same way whether or not there is an account: nobody learns who has one.
    """
    if identity.email is None or not identity.email_verified:
        return "sign_in_first"
    if not account_exists:
        return "create"
    return "link" if account_email_verified else "sign_in_first"
