"""Push messages by FCM's HTTP v1: signed in as a service account, one message to one token."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from taxlien.kit.settings import SettingsError

from .exchange import decoded, post
from .messages import Push
from .provider import Deferred, Misconfigured, Receipt, Refused

_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 3600
_EARLY = 60.0  # seconds before its end at which a token is not used any more
_VARIABLE = "TAXLIEN_NOTIFICATIONS_FCM_CREDENTIALS"


class ServiceAccount(msgspec.Struct):
    """The parts of Google's key file that are needed."""

    project_id: str
    private_key: str
    client_email: str
    private_key_id: str | None = None
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

    @classmethod
    def parse(cls, text: SecretStr) -> ServiceAccount:
        """Read the key file's JSON. Raises ``SettingsError``, never shows it."""
        try:
            account = msgspec.json.decode(text.get_secret_value(), type=cls)
            RSAKey.import_key(account.private_key)
        except (msgspec.MsgspecError, ValueError, TypeError):
            raise SettingsError(f"{_VARIABLE} is not the JSON of a service account") from None
        return account


class _Token(msgspec.Struct):
    access_token: str = ""
    expires_in: int = 0


class _Detail(msgspec.Struct):
    errorCode: str | None = None  # noqa: N815 - Google's spelling


class _Error(msgspec.Struct):
    details: list[_Detail] = []


class _Said(msgspec.Struct):
    name: str | None = None
    error: _Error | None = None


class FcmPusher:
    """A ``Provider[Push]``. What comes twice replaces itself on the phone: it has one tag."""

    name = "fcm"

    def __init__(self, account: ServiceAccount, *, url: str, timeout: float) -> None:
        """``url`` is FCM's, without a slash at the end; ``timeout`` is seconds for one request."""
        self._account = account
        self._url = f"{url}/v1/projects/{account.project_id}/messages:send"
        self._timeout = timeout
        self._token = ""
        self._token_until = 0.0

    async def send(self, message: Push) -> Receipt:
        """Hand the message in. Raises as ``Provider``; a token nobody has any more is a bounce."""
        token = await self._signed_in()
        try:
            answer = await post(
                self._url,
                timeout=self._timeout,
                headers={"authorization": f"Bearer {token}"},
                json={"message": _body(message)},
            )
        except Misconfigured:
            self._token = ""
            raise
        said: _Said = decoded(answer, _Said)
        if answer.status_code == 200:
            return Receipt(self.name, said.name)
        codes = [d.errorCode for d in (said.error.details if said.error else []) if d.errorCode]
        code = codes[0] if codes else "no code"
        words = f"status {answer.status_code}: {code}"
        if code == "UNREGISTERED":
            raise Refused(words, reason="bounce")
        if code in ("QUOTA_EXCEEDED", "UNAVAILABLE", "INTERNAL"):
            raise Deferred(words)
        raise Refused(words)

    async def _signed_in(self) -> str:
        """Return an access token, a new one shortly before the old one's end."""
        if self._token and time.monotonic() < self._token_until - _EARLY:
            return self._token
        answer = await post(
            self._account.token_uri,
            timeout=self._timeout,
            form={"grant_type": _GRANT, "assertion": self._assertion()},
        )
        said: _Token = decoded(answer, _Token)
        if answer.status_code != 200 or not said.access_token:
            raise Misconfigured(f"no access token: status {answer.status_code}")
        self._token = said.access_token
        self._token_until = time.monotonic() + said.expires_in
        return self._token

    def _assertion(self) -> str:
        now = int(time.time())
        header = {"alg": "RS256", "typ": "JWT"}
        if self._account.private_key_id:
            header["kid"] = self._account.private_key_id
        claims = {
            "iss": self._account.client_email,
            "scope": _SCOPE,
            "aud": self._account.token_uri,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        key = RSAKey.import_key(self._account.private_key)
        return jwt.encode(header, claims, key, algorithms=["RS256"])


def _body(push: Push) -> dict[str, Any]:
    until = int(time.time()) + push.seconds
    return {
        "token": push.token,
        "notification": {"title": push.title, "body": push.body},
        "data": {"kind": push.kind, "link": push.link, "message_id": push.message_id},
        "android": {
            "ttl": f"{push.seconds}s",
            "collapse_key": push.message_id,
            "notification": {"tag": push.message_id},
        },
        "apns": {
            "headers": {"apns-collapse-id": push.message_id, "apns-expiration": str(until)},
        },
        "webpush": {
            "headers": {"TTL": str(push.seconds)},
            "notification": {"tag": push.message_id},
            "fcm_options": {"link": push.link},
        },
    }
