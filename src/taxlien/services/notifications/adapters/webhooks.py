"""Calls of users' own addresses: signed, to the public internet alone, following nothing.

``X-Taxlien-Signature: t=<seconds>,v1=<hex>`` is HMAC-SHA256 by the webhook's secret over the seconds, a
dot and the body. A receiver refuses old seconds, and knows what came twice by ``X-Taxlien-Message``.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpcore2
import httpx2

from taxlien.kit.http.guarded_network import GuardedNetwork, Resolve, is_public, resolve

from .messages import Call
from .provider import Deferred, Receipt, Refused

LONGEST_URL = 2000
_RETRIED = frozenset({408, 425, 429})


class WebhookCaller:
    """A ``Provider[Call]``. ``loopback`` lets it call this machine over HTTP, for development."""

    name = "webhook"

    def __init__(self, *, loopback: bool, timeout: float, look_up: Resolve = resolve) -> None:
        """``timeout`` is seconds for the whole of one call."""
        self._loopback = loopback
        self._timeout = timeout
        self._look_up = look_up
        self._tls = httpx2.create_ssl_context(trust_env=False)

    async def send(self, message: Call) -> Receipt:
        """Call the address. Raises as ``Provider``; ``410 Gone`` means: never again."""
        if not fit(message.url, loopback=self._loopback):
            raise Refused("the address is not fit to be called")
        try:
            async with asyncio.timeout(self._timeout):
                status = await self._call(message)
        except TimeoutError:
            raise Deferred("no answer in time", certain=False) from None
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            raise Deferred(type(error).__name__) from None
        except (
            httpcore2.NetworkError,
            httpcore2.TimeoutException,
            httpcore2.ProtocolError,
        ) as error:
            raise Deferred(type(error).__name__, certain=False) from None
        if 200 <= status < 300:
            return Receipt(self.name)
        if status in _RETRIED or status >= 500:
            raise Deferred(f"status {status}")
        raise Refused(f"status {status}", reason="bounce" if status == 410 else None)

    async def _call(self, call: Call) -> int:
        """Return the status alone: what a stranger's server says more is of no interest."""
        headers = {
            "content-type": "application/json",
            "user-agent": "TAXLIEN.online-webhooks/1",
            "x-taxlien-message": call.message_id,
            "x-taxlien-signature": signature(call.secret, call.body, int(time.time())),
        }
        async with (
            httpcore2.AsyncConnectionPool(
                ssl_context=self._tls,
                network_backend=GuardedNetwork(self._judge, look_up=self._look_up),
            ) as pool,
            pool.stream(
                "POST",
                call.url,
                headers=[("host", urlsplit(call.url).netloc), *headers.items()],
                content=call.body,
            ) as answer,
        ):
            return int(answer.status)

    def _judge(self, host: str, address: str) -> None:
        here = ip_address(address.partition("%")[0]).is_loopback
        if not (is_public(address) or (self._loopback and here)):
            raise Refused("the address is not on the public internet")


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the signature of ``body`` as sent at ``at``, in seconds of UTC."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def fit(url: str, *, loopback: bool) -> bool:
    """Say whether an address may be called at all; where its name leads is judged at the call."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not plain or not parts.hostname or parts.username or parts.password or parts.fragment:
        return False
    if loopback:
        return parts.scheme in ("http", "https")
    return parts.scheme == "https" and port in (None, 443, 8443)
