"""What kind of answer a page is, before anybody asks what it says."""

from __future__ import annotations

import re

_CHALLENGE = re.compile(
    r"<title>\s*(?:just a moment|attention required|access denied|you are not authorized|human verification)"
    r"|cf-browser-verification|cf_chl_opt|id=.challenge-form|checking your browser"
    r"|verify (?:that )?you are (?:a )?human|sorry, you have been blocked|g-recaptcha|h-captcha"
    r"|validateuser\.aspx|unblock me|pardon our interruption|request unsuccessful\. incapsula",
    re.IGNORECASE,
)
_UNAVAILABLE = re.compile(
    r"<title>\s*(?:service unavailable|502 bad gateway|503|504|runtime error|server error|error)"
    r"|temporarily unavailable|down for maintenance|server error in '/",
    re.IGNORECASE,
)
_BEGIN = re.compile(r"<(?:!doctype|html)\b", re.IGNORECASE)
_END = "</html"


def is_challenge(text: str) -> bool:
    """Whether the page wants to know if we are human, or says that it has blocked us.

    A script of ``/cdn-cgi/challenge-platform`` says nothing: ordinary pages behind the same wall have it.
    """
    return _CHALLENGE.search(text) is not None


def is_unavailable(text: str) -> bool:
    """Whether the page is an apology of the server with a 200."""
    return _UNAVAILABLE.search(text) is not None


def is_truncated(text: str) -> bool:
    """Whether a whole document was begun and does not end. A fragment was never begun."""
    if _BEGIN.search(text[:4096]) is None:
        return False
    end = max(text.rfind(_END), text.rfind(_END.upper()))
    return end < 0 or ">" not in text[end : end + 200]
