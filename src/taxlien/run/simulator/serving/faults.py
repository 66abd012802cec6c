"""What goes wrong at counties' sites, to be made on purpose: by share, or at a request's number."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from functools import cache

import msgspec

from taxlien.run.simulator.serving.messages import HTML, Answer, Request, page, redirect
from taxlien.run.simulator.serving.redesigns import redesigned
from taxlien.run.simulator.world.draws import Draw, topic

HUGE_BYTES = 300_000_000
BOMB_BYTES = 2_000_000_000
RETRY_AFTER = 120


class Fault(StrEnum):
    """One way in which a site misbehaves."""

    SLOW = "slow"
    FORBIDDEN = "forbidden"
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    RESET = "reset"
    BROKEN_OFF = "broken_off"
    TRUNCATED = "truncated"
    CHANGED_LAYOUT = "changed_layout"
    WRONG_CHARSET = "wrong_charset"
    REDIRECT_LOOP = "redirect_loop"
    FOREIGN_REDIRECT = "foreign_redirect"
    GZIP_BOMB = "gzip_bomb"
    HUGE_PAGE = "huge_page"
    CHALLENGE = "challenge"
    SESSION_LOSS = "session_loss"
    STALE_ETAG = "stale_etag"
    REPEATED_PAGE = "repeated_page"

    @property
    def meaning(self) -> str:
        """What it does, in a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    Fault.SLOW: "The answer comes after some seconds.",
    Fault.FORBIDDEN: "403, with the page of a firewall.",
    Fault.TOO_MANY_REQUESTS: "429, with a Retry-After in seconds.",
    Fault.SERVER_ERROR: "500, with the yellow page of ASP.NET.",
    Fault.RESET: "The connection is reset within the headers.",
    Fault.BROKEN_OFF: "The connection ends before the announced length.",
    Fault.TRUNCATED: "A whole answer with 200, whose page ends in the middle.",
    Fault.CHANGED_LAYOUT: "The same page after a redesign: other classes, ids and titles.",
    Fault.WRONG_CHARSET: "Bytes of windows-1252 under a header that says UTF-8.",
    Fault.REDIRECT_LOOP: "Sent on for ever, to and fro within the site.",
    Fault.FOREIGN_REDIRECT: "Sent to an address inside somebody's network.",
    Fault.GZIP_BOMB: "Two megabytes that unpack to two gigabytes.",
    Fault.HUGE_PAGE: "A page of 300 MB, sent as fast as it is taken.",
    Fault.CHALLENGE: "A 200 that asks whether the visitor is human.",
    Fault.SESSION_LOSS: "The cookies of the request are forgotten: 200, and nothing in it.",
    Fault.STALE_ETAG: "304 to whoever asks conditionally, changed or not.",
    Fault.REPEATED_PAGE: "The page given before is given again, whatever was asked for.",
}


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a fault happens: in ``share`` of the requests, at the ``at``-th of the host, or from ``since`` on.

    Requests of a host are counted from 1; robots.txt is not counted and never faulty. ``path`` is a
    regular expression that the path with its query must contain.
    """

    fault: Fault
    share: float = 0.0
    at: tuple[int, ...] = ()
    since: int | None = None
    path: str = ""
    seconds: float = 3.0

    def happens(self, request: Request, number: int, draw: Draw) -> bool:
        """Whether the fault happens to this request."""
        if self.path and not re.search(self.path, f"{request.path}?{request.query}"):
            return False
        if number in self.at or (self.since is not None and number >= self.since):
            return True
        return self.share > 0 and draw.chance(self.share)


# By the name that ``--faults`` takes: what every host does.
PROFILES: dict[str, tuple[Rule, ...]] = {
    "none": (),
    "rough": (
        Rule(fault=Fault.SLOW, share=0.01, seconds=2.0),
        Rule(fault=Fault.SERVER_ERROR, share=0.01),
        Rule(fault=Fault.RESET, share=0.005),
        Rule(fault=Fault.BROKEN_OFF, share=0.005),
        Rule(fault=Fault.TRUNCATED, share=0.005),
        Rule(fault=Fault.SESSION_LOSS, share=0.005),
    ),
    "hostile": (
        Rule(fault=Fault.FORBIDDEN, since=40),
        Rule(fault=Fault.TOO_MANY_REQUESTS, at=(20,)),
        Rule(fault=Fault.CHALLENGE, at=(30,)),
    ),
    "redesign": (Rule(fault=Fault.CHANGED_LAYOUT, since=25),),
}

_SEED_TOPIC = topic("fault")


class FaultsOf:
    """The faults of one host, and how many requests it had. Deterministic by seed and number."""

    def __init__(self, seed: int, host: str, rules: tuple[Rule, ...]) -> None:
        self._keys = (seed, _SEED_TOPIC, topic(host))
        self.rules = rules
        self.requests = 0
        self.served: dict[str, int] = {}
        self._last: Answer | None = None

    def chosen(self, request: Request) -> Rule | None:
        """Count the request, and say which fault happens to it."""
        self.requests += 1
        for place, rule in enumerate(self.rules):
            if rule.happens(request, self.requests, Draw(*self._keys, place, self.requests)):
                self.served[rule.fault] = self.served.get(rule.fault, 0) + 1
                return rule
        return None

    def before(self, rule: Rule, request: Request, host: str) -> Answer | None:
        """The answer of a fault that asks the site nothing; None for one that spoils what it answers."""
        match rule.fault:
            case Fault.REPEATED_PAGE:
                return self._last
            case Fault.SESSION_LOSS:
                request.headers.pop("cookie", None)
                return None
            case Fault.STALE_ETAG if "if-none-match" in request.headers:
                return Answer(status=304, headers=[("ETag", request.headers["if-none-match"])])
            case _:
                return _instead(rule.fault, request, host)

    def after(self, rule: Rule | None, answer: Answer) -> Answer:
        """What is sent in place of the site's answer."""
        if rule is None:
            if any(r.fault is Fault.REPEATED_PAGE for r in self.rules) and answer.status == 200:
                self._last = answer
            return answer
        return _spoilt(rule, answer)


def _instead(fault: Fault, request: Request, host: str) -> Answer | None:
    match fault:
        case Fault.FORBIDDEN:
            return page(_FORBIDDEN, status=403)
        case Fault.TOO_MANY_REQUESTS:
            limited = page("<html><title>429</title>Too Many Requests", status=429)
            return replace(limited, headers=[("Retry-After", str(RETRY_AFTER))])
        case Fault.SERVER_ERROR:
            return page(_SERVER_ERROR, status=500)
        case Fault.CHALLENGE:
            return page(_CHALLENGE)
        case Fault.REDIRECT_LOOP:
            turn = "b" if request.parameters.get("turn") == "a" else "a"
            return redirect(f"/{host}{request.path}?turn={turn}")
        case Fault.FOREIGN_REDIRECT:
            return redirect("http://169.254.169.254/latest/meta-data/")
        case Fault.GZIP_BOMB:
            return Answer(_bomb(), headers=[("Content-Encoding", "gzip")])
        case Fault.HUGE_PAGE:
            return Answer(b"", kind=HTML, announced=HUGE_BYTES, stream=_huge())
        case _:
            return None


def _spoilt(rule: Rule, answer: Answer) -> Answer:
    size = len(answer.body)
    match rule.fault:
        case Fault.SLOW:
            return replace(answer, wait=rule.seconds)
        case Fault.RESET:
            return replace(answer, reset_after=20)
        case Fault.BROKEN_OFF:
            return replace(answer, body=answer.body[: size // 2], announced=size + 1)
        case Fault.TRUNCATED:
            return replace(answer, body=answer.body[: size * 3 // 5])
        case Fault.CHANGED_LAYOUT:
            return replace(answer, body=redesigned(answer.body))
        case Fault.WRONG_CHARSET:
            return replace(answer, body=_accented(answer.body))
        case _:
            return answer


def _accented(body: bytes) -> bytes:
    """Text with the accents and dashes of windows-1252, as old databases send it."""
    text = body.decode("utf-8", "replace").replace(" LOT ", " LOT – N° ")
    return text.encode("cp1252", "replace")


def _huge() -> Iterator[bytes]:
    chunk = b"<tr><td>0000</td><td>another row of a page without an end</td></tr>\n" * 960
    whole, rest = divmod(HUGE_BYTES, len(chunk))
    yield from (chunk for _ in range(whole))
    yield chunk[:rest]


@cache
def _bomb() -> bytes:
    """Zeros packed once and for all; members of gzip may follow one another."""
    part = 50_000_000
    return gzip.compress(bytes(part), 9) * (BOMB_BYTES // part)


_FORBIDDEN = (
    "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1>You don't have "
    "permission to access this page on this server.<p>Reference #18.2f1d1602.1790000000.0</body></html>"
)
_SERVER_ERROR = (
    "<!DOCTYPE html><html><head><title>Runtime Error</title></head><body bgcolor=white><span><h1>Server "
    "Error in '/' Application.<hr width=100% size=1 color=silver></h1><h2><i>Runtime Error</i></h2></span>"
    "</body></html>"
)
_CHALLENGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" '
    'content="noindex,nofollow"></head><body class="no-js"><div class="main-wrapper" role="main"><h1>'
    "Checking if the site connection is secure</h1><noscript>Enable JavaScript and cookies to continue"
    '</noscript><form id="challenge-form" action="/cdn-cgi/challenge-platform/h/b" method="POST">'
    '<input type="hidden" name="md" value="0"></form></div></body></html>'
)
