"""One request to a provider's HTTP interface: failures told apart by whether it may have been taken."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ssl import SSLContext
from typing import Any

import httpx2
import msgspec

from .provider import Deferred, Misconfigured


async def post(
    url: str,
    *,
    timeout: float,
    headers: dict[str, str] | None = None,
    json: object = None,
    form: dict[str, str] | None = None,
) -> httpx2.Response:
    """POST ``json`` or ``form`` and return the answer, of any status below 500 but 401, 403 and 429.

    Raises ``Deferred``: not ``certain`` where the request went out and its answer did not come.
    ``Misconfigured`` for 401 and 403.
    """
    sent = dict(headers or {})
    if json is not None:
        sent["content-type"] = "application/json"
    content = None if json is None else msgspec.json.encode(json)
    try:
        async with httpx2.AsyncClient(
            timeout=httpx2.Timeout(timeout, connect=min(10.0, timeout)),
            verify=_tls(),
            trust_env=False,
        ) as client:
            answer = await client.post(url, headers=sent, content=content, data=form)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise Deferred(type(error).__name__) from None
    except httpx2.TransportError as error:
        raise Deferred(type(error).__name__, certain=False) from None
    _judge(answer)
    return answer


def decoded(answer: httpx2.Response, kind: Any) -> Any:
    """Return the body of an answer as ``kind``, or an empty one of it where it is something else."""
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.MsgspecError:
        return kind()


def pause_asked(answer: httpx2.Response) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, a number or a date; None where it does not."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _judge(answer: httpx2.Response) -> None:
    status = answer.status_code
    if status == 429:
        raise Deferred("status 429", retry_after=pause_asked(answer))
    if status in (401, 403):
        raise Misconfigured(f"status {status}")
    if status >= 500:
        # 502 and 504 speak of a server behind: it may have done what it was asked.
        raise Deferred(
            f"status {status}", retry_after=pause_asked(answer), certain=status not in (502, 504)
        )


@cache
def _tls() -> SSLContext:
    return httpx2.create_ssl_context(trust_env=False)
