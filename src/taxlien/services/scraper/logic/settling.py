"""What changes in every answer of a site and says nothing: tokens, states of forms, counters.

Two answers whose settled contents are equal say the same. Nothing is taken out but what a pattern names by
its place; whatever is not known to be a token counts as said.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import NamedTuple

import msgspec

from .pages import PageRequest

# Each pattern begins with plain letters: then looking for it costs next to nothing.
FORM_STATE = (
    re.compile(rb'__(?:VIEWSTATE\d{0,3}|EVENTVALIDATION|PREVIOUSPAGE)" value="[^"]*"'),
    re.compile(rb'__RequestVerificationToken"[^>]{0,80}? value="[^"]*"'),
)
"""ASP.NET: the state of the form, and the token against forged requests."""

WALL = (
    re.compile(rb"__CF\$cv\$params(?:'\])?=\{[^}]{0,200}\}"),
    re.compile(rb"/cdn-cgi/l/email-protection#[0-9a-f]+"),
    re.compile(rb'data-cfemail="[0-9a-f]*"'),
    re.compile(rb"data-cf-beacon='[^']*'"),
    re.compile(rb'data-cf-beacon="[^"]*"'),
)
"""Cloudflare, in front of a site: its scripts' numbers, addresses of mail encoded anew each time."""

COLDFUSION = (
    re.compile(rb"CFID=\d+(?=[&\"'\s])"),
    re.compile(rb"CFTOKEN=[0-9A-Fa-f-]+(?=[&\"'\s])"),
    re.compile(rb"(?:(?<=&)|(?<=;)|(?<=\?))tx=\d{8,16}(?=[&\"'\s])"),
)
"""ColdFusion: the visit's number and token in links, and the clock that scripts add to addresses."""

_STATE_FIELD = re.compile(
    r'<input\b[^>]{0,100}\bname="(__[A-Z0-9]{1,40})"[^>]{0,100}? value="([^"]*)"'
)


class Settling(NamedTuple):
    """How pages of a platform are compared with what they were.

    ``volatile`` are the places whose content is another one in every answer. ``leads_anew`` are kinds of
    pages that are read at every visit for what to fetch next: that depends on the day or the visit.
    ``context`` names what of a request's context is read along with the page.
    """

    volatile: tuple[re.Pattern[bytes], ...] = ()
    leads_anew: frozenset[str] = frozenset()
    context: tuple[str, ...] = ()


def settled(content: bytes, settling: Settling) -> bytes:
    """Return the page without what changes in every answer."""
    for pattern in settling.volatile:
        content = pattern.sub(b"", content)
    return content


def settled_sha256(content: bytes, context: Mapping[str, str], settling: Settling) -> str:
    """Return the hash (hex) of what the page says, whatever its tokens are."""
    found = hashlib.sha256(settled(content, settling))
    for name in settling.context:
        found.update(f"\0{name}={context.get(name, '')}".encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def renewed(requests: Iterable[PageRequest], text: str) -> tuple[PageRequest, ...]:
    """Return remembered requests with the state of today's form, where they send that of an older one."""
    known = tuple(requests)
    if not any(request.form for request in known):
        return known
    today = {name: unescape(value) for name, value in _STATE_FIELD.findall(text)}
    return tuple(_renewed(request, today) for request in known)


def _renewed(request: PageRequest, today: dict[str, str]) -> PageRequest:
    if not request.form:
        return request
    # What a script fills in before it sends the form is empty on the page.
    form = {name: today.get(name) or value for name, value in request.form.items()}
    return msgspec.structs.replace(request, form=form)
