"""A page after its site was relaunched: it says what it said, in markup that nobody knows yet."""

from __future__ import annotations

import re

_NAMED = re.compile(rb"""(\b(?:class|id|name)=)(["'])([^"'<>]*)\2""")
_KEY = re.compile(rb'"([A-Za-z_]\w*)"(?=\s*:)')
_MARK = re.compile(rb"@[A-L]")  # what RealAuction's script replaces by markup
_LABELS = re.compile(rb"Parcel ID|PARID|Parcel|Account No|Adv No|Certificate|Owner")
_ROWS = re.compile(rb"(</?)(?:table|thead|tbody|tr|td|th|section|ul|li)\b")


def redesigned(body: bytes) -> bytes:
    """The page after a relaunch: other classes, ids and names of fields, some other titles."""
    return other_labels(other_names(body))


def other_names(body: bytes) -> bytes:
    """Other classes, ids and names; other keys where it is JSON, other columns where it is CSV."""
    start = body.lstrip()[:1]
    if start in {b"{", b"["}:
        return _KEY.sub(rb'"app_\1"', body)
    if start != b"<":
        header, end, rows = body.partition(b"\n")
        columns = b",".join(b"Column %d" % n for n in range(1, header.count(b",") + 2))
        return columns + end + rows
    return _NAMED.sub(_renamed, body)


def other_labels(body: bytes) -> bytes:
    """Other words where a reader looks for the parcel."""
    if not body.lstrip().startswith(b"<"):
        return body
    return _LABELS.sub(b"Property Ref", body)


def other_tags(body: bytes) -> bytes:
    """Boxes in place of tables and lists; in JSON, rows under another roof."""
    start = body.lstrip()[:1]
    if start in {b"{", b"["}:
        return b'{"app": ' + _MARK.sub(b"", body) + b"}"
    return _ROWS.sub(rb"\1div", body)


def _renamed(attribute: re.Match[bytes]) -> bytes:
    words = b" ".join(b"app-" + word for word in attribute[3].split())
    return attribute[1] + attribute[2] + words + attribute[2]
