"""The quick door to ``/v1/search`` and its completions: plain ASGI before every layer of the app.

It answers what is asked plainly, above all what was asked before, word for word. Everything else (other
methods, values that need judging, whatever is refused) goes on to the documented endpoints, which would
say the same: a test compares the bytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from taxlien.kit.http.ready import Asked, ReadyRoute, asked
from taxlien.kit.http.shortcuts import hand_on
from taxlien.kit.telemetry.context import serving
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.parameters import PARAMETERS

from .answering import FROM_MEMORY, Found, complete, count, find, read_question

_LONGEST_KEY = 400
_BESIDE = 64
_DIGITS = 6
_WORDS = {"true": True, "false": False}


class _NeedsJudging(ValueError):
    """Something that the documented endpoint reads, or refuses, by its own rules."""


def _int(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
        raise _NeedsJudging
    return int(value)


def _bool(value: str) -> bool:
    if value not in _WORDS:
        raise _NeedsJudging
    return _WORDS[value]


_READERS: dict[str, Callable[[str], Any] | None] = {
    "text": str,
    "number": str,
    "day": str,
    "whole": _int,
    "switch": _bool,
    "choices": None,  # all values count, not the last one
}


def read(query_string: bytes, readers: Mapping[str, Callable[[str], Any] | None]) -> dict[str, Any]:
    """Return the parameters of an address. Raises ``ValueError`` where they need judging."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        if name not in readers:
            raise _NeedsJudging
        reader = readers[name]
        if reader is None:
            found.setdefault(name, []).append(value)
        else:
            found[name] = reader(value)
    return found


def _complete_of(q: str = "", limit: int = 10) -> tuple[str, int]:
    return q, limit


_SEARCH = {p.name: _READERS[p.kind] for p in PARAMETERS.values()}
_COMPLETE: dict[str, Callable[[str], Any] | None] = {"q": str, "limit": _int}


async def _find(query_string: bytes) -> Found:
    return await find(read_question(read(query_string, _SEARCH)))


async def _finish_word(query_string: bytes) -> Found:
    return await complete(*_complete_of(**read(query_string, _COMPLETE)))


class _Route(NamedTuple):
    ready: ReadyRoute
    answer: Callable[[bytes], Awaitable[Found]]


_ROUTES = {
    path: _Route(ReadyRoute(path), answer)
    for path, answer in (("/v1/search", _find), ("/v1/search/autocomplete", _finish_word))
}


async def answer_quickly(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a plain question of anybody; hand everything else on."""
    route = _ROUTES.get(scope["path"])
    if route is None or scope["method"] != "GET":
        await hand_on(scope, receive, send)
        return
    question = asked(scope)
    query_string = scope["query_string"]
    store, version = current.answers(), current.reader().version()
    key = (scope["path"], query_string)
    found: Found | None = store.recall(key, version)
    known = found is not None
    if found is None:
        found = await _answer(route, query_string, question)
        if found is None:
            await hand_on(scope, receive, send)
            return
        if len(query_string) <= _LONGEST_KEY:
            store.keep(key, version, found, _BESIDE)
    else:
        FROM_MEMORY.inc()
    count(scope["app"], found)
    await route.ready.send(question, found.answer, send, log=not known)


async def _answer(route: _Route, query_string: bytes, question: Asked) -> Found | None:
    """Return None where the usual way has to answer: it names what is wrong, and logs it."""
    with serving(question.context):
        try:
            return await route.answer(query_string)
        except Exception:
            return None


shortcuts = {"/v1/search": answer_quickly}
