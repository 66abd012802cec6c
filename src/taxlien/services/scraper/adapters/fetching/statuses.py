"""What a status means for collecting: a page, an answer that passes, or a no that is to be respected."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .challenges import challenger
from .exchange import Answer
from .outcomes import Fetched, Refused, Stopped

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PAGES = frozenset({200, 203, 204, 205, 304, 404, 410}) | REDIRECTS
_PASSING = frozenset({408, 425, 500, 502, 503, 504}) | frozenset(range(520, 531))


def judge(answer: Answer) -> None:
    """Raise ``Stopped`` where the host says no to us, ``Refused`` where it says no to this page."""
    judge_robots(answer)
    status = answer.status
    if status in {401, 407}:
        raise Refused(f"status {status}: it asks for a login")
    if status not in _PAGES and not is_passing(status):
        raise Refused(f"status {status}")


def judge_robots(answer: Answer) -> None:
    """Raise ``Stopped`` where the host says no to us. Any other 4xx means that it has no rules."""
    status = answer.status
    if status == 429:
        wait = answer.headers.get("retry-after")
        raise Stopped("too_many_requests", f"429; Retry-After: {wait or 'not said'}", _seen(answer))
    who = challenger(status, answer.headers, answer.content)
    if who:
        reason = f"{who} wants to know whether we are human (status {status})"
        raise Stopped("challenge", reason, _seen(answer))
    if status in {403, 451}:
        raise Stopped("forbidden", f"status {status}", _seen(answer))


def _seen(answer: Answer) -> Fetched:
    """Return the answer that stops us: a person will want to see it."""
    return Fetched(
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        content=answer.content,
        fetched_at=answer.at,
        bytes_read=answer.bytes_read,
    )


def is_passing(status: int) -> bool:
    """Say whether the host may well answer otherwise in a while."""
    return status in _PASSING


def pause_asked(answer: Answer) -> float | None:
    """Return the seconds of Retry-After, given as seconds or as a date; None where it is not said."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
