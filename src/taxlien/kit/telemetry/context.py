"""Who asked, and under which request id: carried in a context variable through one request.

Logs read it, and calls to other services pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class RequestContext(NamedTuple):
    """Identity of the current request. The user fields come from the gateway, which checked them.

    Never log the whole of it: it holds a secret.
    """

    request_id: str = ""
    user_id: str = ""
    tier: str = ""
    roles: tuple[str, ...] = ()
    session_id: str = ""
    gateway_secret: str = ""  # what proves to the next service that the user fields were checked

    def headers(self) -> dict[str, str]:
        """Return the headers that carry this context to another service."""
        pairs = {
            "x-request-id": self.request_id,
            "x-user-id": self.user_id,
            "x-tier": self.tier,
            "x-roles": ",".join(self.roles),
            "x-session-id": self.session_id,
            "x-gateway-secret": self.gateway_secret,
        }
        return {name: value for name, value in pairs.items() if value}


_NOBODY = RequestContext()
_current: ContextVar[RequestContext] = ContextVar("taxlien_request", default=_NOBODY)


def current_request() -> RequestContext:
    """Return the context of the request being served, or an empty one outside any request."""
    return _current.get()


@contextmanager
def serving(context: RequestContext) -> Iterator[None]:
    """Make ``context`` current inside the block. A call to another service in this process nests."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
