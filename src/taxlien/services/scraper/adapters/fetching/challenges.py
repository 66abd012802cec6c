"""Is this the page, or somebody who wants to know whether we are human? Decided by sure marks only.

Sites behind a guard carry its scripts on ordinary pages too, so a script's name proves nothing: a mark
here is something that only the challenge itself has. Nothing is ever solved: the source stops.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_LOOKED_AT = 64 * 1024
_SMALL = 40 * 1024  # words that any page may contain count only where there is little else

_HEADERS = (
    ("cf-mitigated", "challenge", "Cloudflare"),
    ("x-amzn-waf-action", "challenge", "AWS WAF"),
    ("x-amzn-waf-action", "captcha", "AWS WAF"),
    ("x-datadome", "protected", "DataDome"),
)


def _marks(*marks: tuple[str, str]) -> tuple[tuple[re.Pattern[bytes], str], ...]:
    return tuple((re.compile(mark.encode(), re.IGNORECASE | re.DOTALL), who) for mark, who in marks)


_SURE = _marks(
    (r"window\._cf_chl_opt|cf_chl_prog|id=[\"']cf-challenge", "Cloudflare"),
    (r"<title>\s*Just a moment\.\.\.\s*</title>", "Cloudflare"),
    (r"<title>\s*Attention Required! \| Cloudflare", "Cloudflare"),
    (r"id=[\"']px-captcha", "PerimeterX"),
    (r"sec-if-cpt-container|/_sec/cp_challenge/", "Akamai"),
    (r"\b(?:geo|ct)\.captcha-delivery\.com", "DataDome"),
    (r"window\.gokuProps\s*=|AwsWafIntegration\.forceRefreshToken", "AWS WAF"),
)
_YOU_ARE = r"you(?:'|&#39;|&#x27;|&rsquo;|’)?(?: a)?re (?:an? )?"
_WORDS = _marks(
    (r"errors\.edgesuite\.net|Reference #\d+\.[0-9a-f]+\.\d+\.[0-9a-f]+", "Akamai"),
    (r"/_Incapsula_Resource\?", "Imperva"),
    (r"<title>\s*Pardon Our Interruption", "Imperva"),
    (r"Press (?:&amp;|&|and) Hold to confirm", "PerimeterX"),
    (rf"(?:verify|confirm|prove)(?: that)? {_YOU_ARE}(?:human|not a (?:robot|bot))", "a captcha"),
    (r"are you (?:a )?(?:human|robot)\?", "a captcha"),
    (r"checking (?:if the site connection is secure|your browser before)", "a captcha"),
    (r"unusual traffic from your (?:computer )?network", "a captcha"),
    (r"<title>[^<]{0,60}(?:captcha|human verification|robot check)[^<]{0,60}</title>", "a captcha"),
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
    head = content[:_LOOKED_AT]
    marks = _SURE + _WORDS if len(content) <= _SMALL or status >= 400 else _SURE
    return next((who for mark, who in marks if mark.search(head)), None)
