"""Text messages by Twilio's Messages resource. A 201 means queued: what became of it comes by callback."""

from __future__ import annotations

import base64

import msgspec
from pydantic import SecretStr

from taxlien.services.notifications.logic.reports import NUMBER_CODES

from .exchange import decoded, post
from .messages import Text
from .provider import Deferred, Misconfigured, Receipt, Refused

_OURS = frozenset({21212, 21603, 21606, 21608, 21408, 21612})
"""Codes about our sender, our account and what it may do."""
_BUSY = frozenset({20429, 21611, 30001, 63038})
"""Codes about too much at once, or in a day."""


class _Said(msgspec.Struct):
    sid: str | None = None
    code: int | None = None


class TwilioTexter:
    """A ``Provider[Text]``. Twilio documents no idempotency key for messages."""

    name = "twilio"

    def __init__(
        self, account_sid: str, auth_token: SecretStr, sender: str, *, url: str, timeout: float
    ) -> None:
        """``sender`` is a number of ours as in E.164, or the sid of a messaging service (``MG...``)."""
        self._account = account_sid
        self._token = auth_token
        self._sender = sender
        self._url = f"{url}/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._timeout = timeout

    async def send(self, message: Text) -> Receipt:
        """Have the text queued. Raises as ``Provider``."""
        by = "MessagingServiceSid" if self._sender.startswith("MG") else "From"
        form = {"To": message.to, by: self._sender, "Body": message.body}
        if message.report_url is not None:
            form["StatusCallback"] = message.report_url
        answer = await post(
            self._url,
            timeout=self._timeout,
            headers={"authorization": self._signed_in()},
            form=form,
        )
        said: _Said = decoded(answer, _Said)
        if answer.status_code == 201:
            return Receipt(self.name, said.sid)
        words = f"status {answer.status_code}: {said.code or 'no code'}"
        if said.code in _BUSY:
            raise Deferred(words)
        if said.code in _OURS:
            raise Misconfigured(words)
        raise Refused(words, reason=NUMBER_CODES.get(said.code or 0))

    def _signed_in(self) -> str:
        pair = f"{self._account}:{self._token.get_secret_value()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
