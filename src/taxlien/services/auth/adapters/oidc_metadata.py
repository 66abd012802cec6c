"""What an OpenID provider publishes of itself: its endpoints and its keys, fetched and kept a while."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

KEEP_SECONDS = 3600.0
AGAIN_SECONDS = 10.0
"""How soon keys are fetched again for a token whose key is not among them: providers rotate."""

_TIMEOUT_SECONDS = 5.0
_ATTEMPTS = 2
_LARGEST = 1_000_000


class ProviderFailed(Exception):
    """A provider did not answer, or its answer does not hold. The message is for the log: no secrets."""


class Metadata:
    """Discovery document and key set of ``issuer``. One per process: it keeps both for an hour."""

    def __init__(self, issuer: str, *, again_seconds: float = AGAIN_SECONDS) -> None:
        self._issuer = issuer
        self._again_seconds = again_seconds
        self._lock = asyncio.Lock()
        self._document: dict[str, Any] = {}
        self._document_at = -KEEP_SECONDS
        self._keys: list[Key] = []
        self._keys_at = -KEEP_SECONDS

    async def endpoint(self, name: str) -> str:
        """Return an address of the discovery document. Raises ``ProviderFailed``."""
        document = await self._discovered()
        found = document.get(name)
        if not isinstance(found, str):
            raise ProviderFailed(f"the discovery document has no {name}")
        return found

    async def key(self, key_id: str | None) -> Key:
        """Return the key named ``key_id``, or the only one there is where a token names none.

        An unknown name makes the keys be fetched again. Raises ``ProviderFailed``.
        """
        address = await self.endpoint("jwks_uri")
        async with self._lock:
            age = time.monotonic() - self._keys_at
            found = self._find(key_id)
            if age > KEEP_SECONDS or (found is None and age >= self._again_seconds):
                self._keys = _usable(await _fetch(address))
                self._keys_at = time.monotonic()
                found = self._find(key_id)
        if found is None:
            raise ProviderFailed("the ID token is signed with a key that is not published")
        return found

    def _find(self, key_id: str | None) -> Key | None:
        if key_id is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.kid == key_id), None)

    async def _discovered(self) -> dict[str, Any]:
        async with self._lock:
            if time.monotonic() - self._document_at > KEEP_SECONDS:
                address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
                document = await _fetch(address)
                if document.get("issuer") != self._issuer:
                    raise ProviderFailed("the discovery document is of another issuer")
                self._document = document
                self._document_at = time.monotonic()
            return self._document


async def _fetch(address: str) -> dict[str, Any]:
    """GET a JSON object; a second attempt makes up for a lost first one."""
    trouble = ""
    async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as http:
        for _ in range(_ATTEMPTS):
            try:
                answer = await http.get(address, headers={"accept": "application/json"})
                answer.raise_for_status()
                found = answer.json() if len(answer.content) <= _LARGEST else None
            except (httpx2.HTTPError, ValueError, RecursionError) as error:
                trouble = type(error).__name__
                continue
            if isinstance(found, dict):
                return found
            trouble = "not a JSON object"
    raise ProviderFailed(f"{httpx2.URL(address).host} does not answer: {trouble}")


def _usable(published: dict[str, Any]) -> list[Key]:
    """Return the public signing keys of a key set; kinds we do not know are left out."""
    keys = []
    entries = published.get("keys")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        if entry.get("kty") not in ("RSA", "EC"):
            continue
        try:
            keys.append(import_key(entry))
        except (JoseError, ValueError):
            continue
    if not keys:
        raise ProviderFailed("the key set has no key that can sign")
    return keys
