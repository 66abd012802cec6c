"""Plain ASGI apps below a path, asked before every layer of an app: for what is called at each request."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

_REST = "taxlien.rest"


class Shortcuts:
    """Hand requests for a path, or below it, to its own app. No layer runs: neither log nor policy, so
    whoever is behind a shortcut decides alone whom it answers, or hands the request on (``hand_on``)."""

    def __init__(self, app: ASGIApp, shortcuts: Mapping[str, ASGIApp]) -> None:
        self.app = app
        self._shortcuts = tuple(shortcuts.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] == "http":
            path = scope["path"]
            for prefix, shortcut in self._shortcuts:
                if path.startswith(prefix) and path[len(prefix) :][:1] in ("", "/"):
                    app = shortcut
                    scope[_REST] = self.app
        await app(scope, receive, send)


async def hand_on(scope: Scope, receive: Receive, send: Send) -> None:
    """Let a request that came by a shortcut go the usual way, through every layer, after all."""
    await scope[_REST](scope, receive, send)
