"""What caches may do with an answer: an ``ETag`` to ask again with, ``Vary``, and nothing personal kept."""

from __future__ import annotations

import re
from hashlib import blake2b

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taxlien.kit.telemetry.context import current_request

PERSONAL = "private, no-store"
_TAG_BYTES = 12
_TAG = re.compile(r'(?:W/)?("[^"]*")')
_ABOUT_A_BODY = ("content-length", "content-type", "content-encoding", "content-language")


class HeadAsGet:
    """Answer ``HEAD`` wherever ``GET`` is answered: the same headers, no body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # In place, for the layers around find in the scope what the router found.
        scope["method"] = "GET"
        try:
            await self.app(scope, receive, send_without_body)
        finally:
            scope["method"] = "HEAD"


class Freshness:
    """Tag what may be kept, answer 304 to who has it already, and keep personal answers out of caches.

    Personal is what goes to a signed-in user or sets a cookie: ``private, no-store``, whatever the endpoint
    says. Errors are not kept unless they say so. Tags are weak: the gateway compresses on the way, so that
    bytes differ where the meaning does not. Streams pass untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("if-none-match", "")
        start: Message | None = None

        async def send_fresh(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                keepable = _say_who_may_keep(MutableHeaders(scope=message), message["status"])
                if keepable and scope["method"] == "GET" and message["status"] == 200:
                    start = message  # until the body is there
                    return
            elif start is not None:
                begun, start = start, None
                if not message.get("more_body"):
                    message = _tagged(begun, message, asked)
                await send(begun)
            await send(message)

        await self.app(scope, receive, send_fresh)
        if start is not None:
            await send(start)


def _say_who_may_keep(headers: MutableHeaders, status: int) -> bool:
    """Complete ``Cache-Control`` and ``Vary``; return whether anybody may keep the answer."""
    said = headers.get("cache-control", "")
    if current_request().user_id or "set-cookie" in headers:
        if "no-store" not in said:
            headers["cache-control"] = PERSONAL
        return False
    if status >= 400:
        headers.setdefault("cache-control", "no-store")
        return False
    headers.add_vary_header("Authorization")
    return "no-store" not in said


def _tagged(start: Message, body: Message, asked: str) -> Message:
    """Give ``start`` a tag, and make both a 304 where the tag is among those ``asked`` about."""
    headers = MutableHeaders(scope=start)
    tag = headers.get("etag")
    if tag is None:
        tag = headers["etag"] = tag_of(body.get("body", b""))
    if not is_among(tag, asked):
        return body
    start["status"] = 304
    for name in _ABOUT_A_BODY:
        del headers[name]
    return {**body, "body": b""}


def tag_of(body: bytes) -> str:
    """Return the ``ETag`` of an answer with this body."""
    return f'W/"{blake2b(body, digest_size=_TAG_BYTES).hexdigest()}"'


def is_among(tag: str, asked: str) -> bool:
    """Compare as RFC 9110 says for ``If-None-Match``: weakly."""
    if asked.strip() == "*":
        return True
    return tag.removeprefix("W/") in _TAG.findall(asked)
