"""Somebody who uses the running product: signs up, reads mails, signs in."""

from __future__ import annotations

import json
import re
import secrets
from email import message_from_string
from email.message import Message
from typing import Any

import httpx2

from product_runner import RunningProduct


class Person:
    """Somebody with a browser, a mailbox and, later, an authenticator app."""

    def __init__(self, product: RunningProduct) -> None:
        self.product = product
        self.email = f"ada.{secrets.token_hex(4)}@demo.taxlien.online"
        self.password = f"correct horse {secrets.token_hex(6)}"
        self.access = self.refresh = self.device = ""
        self.recovery_codes: list[str] = []

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.access}"} if self.access else {}
        return self.product.http.request(method, path, json=body, headers=headers, **options)

    def does(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.call(method, path, body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def login(self) -> dict[str, Any]:
        self.access = ""
        body = {"email": self.email, "password": self.password}
        return self.keep(self.does("POST", "/v1/auth/login", body | self._device()))

    def _device(self) -> dict[str, str]:
        return {"device_token": self.device} if self.device else {}

    def keep(self, answer: dict[str, Any]) -> dict[str, Any]:
        if "access_token" in answer:
            self.access, self.refresh = answer["access_token"], answer["refresh_token"]
            self.device = answer.get("device_token") or self.device
        return answer

    def mails(self) -> list[dict[str, Any]]:
        """Every mail that came, the newest first."""
        params = {"to": self.email, "limit": 50}
        return list(httpx2.get(f"{self._mailbox()}/api/messages", params=params).json()["messages"])

    def mail(self, words: str) -> dict[str, Any]:
        """Wait for the mail whose subject has ``words``, and return it."""
        found: list[dict[str, Any]] = []

        def came() -> bool:
            found[:] = [m for m in self.mails() if words.lower() in m["subject"].lower()]
            return bool(found)

        self.product.wait_until(came, f"a mail about {words!r}; there are {self.mails()}")
        return found[0]

    def source(self, mail_id: str) -> Message:
        """Return a mail as it came, with its headers."""
        answer = httpx2.get(f"{self._mailbox()}/{mail_id}/source")
        assert answer.status_code == 200, answer.text
        return message_from_string(answer.text)

    def _mailbox(self) -> str:
        environment = json.loads((self.product.home / "stack.json").read_text())["environment"]
        return str(environment["TAXLIEN_MAILBOX_URL"])

    def sign_up(self, name: str = "Ada Lovelace") -> None:
        """Get an account, and follow the link in the mail."""
        body = {"email": self.email, "password": self.password, "full_name": name}
        self.does("POST", "/v1/auth/signup", body, 202)
        self.does("POST", "/v1/auth/verify-email", {"token": self.mailed_token("confirm")})

    def mailed_token(self, words: str) -> str:
        """Return the token of the link in the mail about ``words``."""
        link = re.search(r"#token=([A-Za-z0-9_~.-]+)", self.mail(words)["text"])
        assert link is not None
        return link[1]
