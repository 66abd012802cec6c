"""What the item calls answer: JSON around compressed HTML. Saved files may hold any layer of it.

The site's own script replaces twelve tokens (``@A`` to ``@L``) by markup; this does the same.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

_TOKENS = {
    "@A": '<div class="',
    "@B": "</div>",
    "@C": 'class="',
    "@D": "<div>",
    "@E": "AUCTION",
    "@F": "</td><td",
    "@G": "</td></tr>",
    "@H": "<tr><td ",
    "@I": "table",
    "@J": 'p_back="NextCheck=',
    "@K": 'style="Display:none"',
    "@L": "/index.cfm?zaction=auction&zmethod=details&AID=",
}
_COMPRESSED = re.compile(r"@A@E_|@CAD_|@C@E_|@AASTAT")
_UNKNOWN = re.compile(r"@[M-Z](?=[\s<\"@])")
_IDS = re.compile(r"\d{1,12}")


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, opened. ``ids`` are the items it says it holds; None where it does not say.

    ``statuses`` is the document of a status answer, which carries no HTML.
    """

    html: str = ""
    ids: tuple[str, ...] | None = None
    statuses: dict[str, Any] | None = None
    unknown_tokens: tuple[str, ...] = ()
    broken: bool = False
    foreign: bool = False


def opened(text: str) -> Envelope:
    """Open an answer: the JSON envelope, its bare ``retHTML``, or HTML with the tokens replaced."""
    plain = text.lstrip("\ufeff \t\r\n")
    if not plain.startswith("{"):
        return _of_html(plain, None)
    try:
        document = json.loads(plain, strict=False)
    except (ValueError, RecursionError):
        return Envelope(broken=True)
    if isinstance(document, dict):
        html, ids = document.get("retHTML"), document.get("rlist")
        if isinstance(html, str):
            known = tuple(_IDS.findall(ids)) if isinstance(ids, str) else None
            return _of_html(html, known)
        if isinstance(document.get("ADATA"), dict):
            return Envelope(statuses=document)
    return Envelope(foreign=True)


def _of_html(html: str, ids: tuple[str, ...] | None) -> Envelope:
    if not _COMPRESSED.search(html):
        return Envelope(html=html, ids=ids)
    expanded = html
    for token, markup in _TOKENS.items():
        expanded = expanded.replace(token, markup)
    unknown = tuple(sorted(set(_UNKNOWN.findall(expanded))))
    return Envelope(html=expanded, ids=ids, unknown_tokens=unknown)
