"""Bytes to text: what the header says, what the page says, and what the bytes themselves prove."""

from __future__ import annotations

import codecs
import re

from .outcomes import Fetched

_DECLARED = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_HEAD = 4096
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# As browsers read them (WHATWG Encoding): the names of Latin-1 mean Windows-1252.
_NO_CHARSETS = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "utf-7", "undefined"}
_WINDOWS = {"iso8859-1", "ascii", "cp1252", "latin-1"}


def text_of(fetched: Fetched) -> str:
    """Return the page's text. Raises nothing: a byte that fits no charset becomes U+FFFD.

    A declared charset is overruled where it is certainly wrong: bytes beyond ASCII that are valid
    UTF-8 throughout are UTF-8, whatever the header says, and bytes that are not are something else.
    """
    content = fetched.content
    for mark, name in _BOMS:
        if content.startswith(mark):
            return content.decode(name, errors="replace")
    named = _charset_in(fetched.headers.get("content-type", ""))
    candidates = [*([named] if named else []), *_charsets_of_page(content[:_HEAD])]
    wide = [name for name in candidates if _is_wide(name)]
    if wide and content[:_HEAD].count(0) * 4 > len(content[:_HEAD]):
        return content.decode(wide[0], errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        # A page cut off inside a letter is still UTF-8, unless it says that it never was.
        cut = error.end == len(content) and len(content) - error.start < 4
        if (cut and set(candidates) <= {"utf-8"}) or _mostly_utf8(content):
            return content.decode("utf-8", errors="replace")
    for name in candidates:
        if _is_wide(name) or name == "utf-8":
            continue
        try:
            return content.decode(name)
        except UnicodeDecodeError:
            continue
    return content.decode("cp1252", errors="replace")


def _charset_in(content_type: str) -> str | None:
    found = _DECLARED.search(content_type)
    return _known(found[1]) if found else None


def _charsets_of_page(head: bytes) -> list[str]:
    found = [pattern.search(head) for pattern in (_META, _XML)]
    names = [_known(match[1].decode("ascii", "replace")) for match in found if match]
    return [name for name in names if name]


def _known(name: str) -> str | None:
    """Return Python's name of a charset, or None where it is none for text."""
    try:
        found = codecs.lookup(name)
        bytes(4).decode(found.name, errors="ignore")
    except (LookupError, UnicodeError):
        return None
    if found.name in _NO_CHARSETS:
        return None
    return "cp1252" if found.name in _WINDOWS else found.name


def _is_wide(name: str) -> bool:
    return codecs.lookup(name).name.startswith(("utf-16", "utf-32"))


def _mostly_utf8(content: bytes) -> bool:
    """Say whether far more of the letters beyond ASCII are UTF-8 than are not: one bad byte is a flaw."""
    text = content.decode("utf-8", errors="replace")
    bad = text.count("�")
    good = sum(1 for letter in text if letter > "\x7f") - bad
    return good > 8 * bad
