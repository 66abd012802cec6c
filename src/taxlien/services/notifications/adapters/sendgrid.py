"""Mail by SendGrid's v3 Mail Send. A 202 means queued: bounces come by the event webhook."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

import msgspec
from pydantic import SecretStr

from .exchange import decoded, post
from .messages import Mail
from .provider import Misconfigured, Receipt, Refused

_BYPASS = ("bypass_bounce_management", "bypass_spam_management", "bypass_unsubscribe_management")


class _Fault(msgspec.Struct):
    field: str | None = None


class _Faults(msgspec.Struct):
    errors: list[_Fault] = []


class SendGridMailer:
    """A ``Provider[Mail]``. SendGrid documents no idempotency key: what comes twice has one Message-ID."""

    name = "sendgrid"

    def __init__(self, api_key: SecretStr, sender: str, *, url: str, timeout: float) -> None:
        """``sender`` is ``Name <address>``; ``url`` is the interface's, without a slash at the end."""
        self._key = api_key
        self._from_name, self._from = parseaddr(sender)
        self._url = f"{url}/v3/mail/send"
        self._timeout = timeout

    async def send(self, message: Mail) -> Receipt:
        """Have the mail queued. Raises as ``Provider``; a 400 about the address is a bounce."""
        answer = await post(
            self._url,
            timeout=self._timeout,
            headers={"authorization": f"Bearer {self._key.get_secret_value()}"},
            json=self._body(message),
        )
        if answer.status_code == 202:
            return Receipt(self.name, answer.headers.get("x-message-id"))
        fields = [fault.field or "" for fault in decoded(answer, _Faults).errors]
        if any(name.startswith("from") for name in fields):
            raise Misconfigured("the sender is not taken")
        bad_address = any(".to" in name for name in fields)
        # Their words repeat what they refuse; the name of the field does not.
        words = f"status {answer.status_code}: {fields[0] if fields else 'no field named'}"
        raise Refused(words, reason="bounce" if bad_address else None)

    def _body(self, mail: Mail) -> dict[str, Any]:
        domain = self._from.rpartition("@")[2]
        headers = {
            "Message-ID": f"<{mail.message_id}@{domain}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Content-Language": mail.language,
        }
        if mail.unsubscribe_url is not None:
            headers["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        sender = {"email": self._from}
        if self._from_name:
            sender["name"] = self._from_name
        body: dict[str, Any] = {
            "personalizations": [{"to": [{"email": mail.to}]}],
            "from": sender,
            "subject": mail.subject,
            "content": [
                {"type": "text/plain", "value": mail.text},
                {"type": "text/html", "value": mail.html},
            ],
            "headers": headers,
            "custom_args": {"message_id": mail.message_id},
            # Links in our mails open accounts: they lead through nobody else, and no picture reports.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
                "subscription_tracking": {"enable": False},
            },
        }
        if mail.bypass:
            body["mail_settings"] = {name: {"enable": True} for name in _BYPASS}
        return body
