"""Is this the page, or somebody who wants to know whether we are human? Decided by sure marks only.

Sites behind a guard carry its scripts on ordinary pages too, so a script's name proves nothing: a mark
here is something that only the challenge itself has. Nothing is ever solved: the source stops.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_LOOKED_AT = 64 * 1024
_SMALL = 40 * 1024  # words that any page may contain count only where there is little else

_HEADERS = (
    ("cf-mitigated", "challenge", "Cloudflare"),
    ("x-amzn-waf-action", "challenge", "AWS WAF"),
    ("x-amzn-waf-action", "captcha", "AWS WAF"),
    ("x-datadome", "protected", "DataDome"),
)


class _Mark(NamedTuple):
    """``word`` (lower case) is looked for first: it is far cheaper, and hardly any page has it."""

    word: bytes
    pattern: re.Pattern[bytes]
    who: str


def _marks(*marks: tuple[str, str, str]) -> tuple[_Mark, ...]:
    flags = re.IGNORECASE | re.DOTALL
    return tuple(_Mark(word.encode(), re.compile(p.encode(), flags), who) for word, p, who in marks)


_YOU_ARE = r"you(?:'|&#39;|&#x27;|&rsquo;|’)?(?: a)?re (?:an? )?"
_PROOF = rf"(?:verify|confirm|prove)(?: that)? {_YOU_ARE}"
_SURE = _marks(
    ("cf_chl_", r"window\._cf_chl_opt|cf_chl_prog", "Cloudflare"),
    ("cf-challenge", r"id=[\"']cf-challenge", "Cloudflare"),
    ("just a moment", r"<title>\s*Just a moment\.\.\.\s*</title>", "Cloudflare"),
    ("attention required!", r"<title>\s*Attention Required! \| Cloudflare", "Cloudflare"),
    ("px-captcha", r"id=[\"']px-captcha", "PerimeterX"),
    ("sec-if-cpt-container", r"sec-if-cpt-container", "Akamai"),
    ("/_sec/cp_challenge/", r"/_sec/cp_challenge/", "Akamai"),
    (".captcha-delivery.com", r"\b(?:geo|ct)\.captcha-delivery\.com", "DataDome"),
    ("gokuprops", r"window\.gokuProps\s*=", "AWS WAF"),
    ("awswafintegration", r"AwsWafIntegration\.forceRefreshToken", "AWS WAF"),
)
# On a page of errors they only say whose error page it is: its status says the rest.
_DENIALS = _marks(
    ("errors.edgesuite.net", r"errors\.edgesuite\.net", "Akamai"),
    ("reference #", r"Reference #\d+\.[0-9a-f]+\.\d+\.[0-9a-f]+", "Akamai"),
)
_WORDS = _marks(
    ("/_incapsula_resource", r"/_Incapsula_Resource\?", "Imperva"),
    ("pardon our interruption", r"<title>\s*Pardon Our Interruption", "Imperva"),
    ("hold to confirm", r"Press (?:&amp;|&|and) Hold to confirm", "PerimeterX"),
    ("human", rf"{_PROOF}human|are you (?:a )?human\?", "a captcha"),
    (
        "robot",
        rf"{_PROOF}not a robot|are you (?:a )?robot\?|<title>[^<]{{0,60}}robot check",
        "a captcha",
    ),
    ("not a bot", rf"{_PROOF}not a bot", "a captcha"),
    (
        "checking ",
        r"checking (?:if the site connection is secure|your browser before)",
        "a captcha",
    ),
    ("unusual traffic", r"unusual traffic from your (?:computer )?network", "a captcha"),
    ("captcha", r"<title>[^<]{0,60}captcha", "a captcha"),
    ("human verification", r"<title>[^<]{0,60}human verification", "a captcha"),
)


def challenger(status: int, headers: Mapping[str, str], content: bytes) -> str | None:
    """Return who challenges us, or None where this is an ordinary answer, good or bad.

    ``headers`` have lower-case names.
    """
    for name, value, who in _HEADERS:
        if value in headers.get(name, "").lower():
            return who
    kind = headers.get("content-type", "text/html").lower()
    if not any(word in kind for word in ("html", "text/plain", "json")):
        return None
    head = content[:_LOOKED_AT].lower()
    marks = _SURE
    if len(content) <= _SMALL or status >= 400:
        marks += _WORDS
    if len(content) <= _SMALL and status < 400:
        marks += _DENIALS
    found = (mark.who for mark in marks if mark.word in head and mark.pattern.search(head))
    return next(found, None)
