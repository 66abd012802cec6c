"""``Idempotency-Key``: a POST that is sent twice happens once, and both senders get the same answer.

The answer is stored in ``<schema>.idempotency_keys`` in the transaction of the effect itself, so there is
never one without the other. While the first request runs, a lock of that transaction makes a second one
a 409; a crash rolls back the effect and frees the lock, so that the key can be tried again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Header, Request
from fastapi.responses import Response
from sqlalchemy import CursorResult, text

from taxlien.kit.database import Session, service_of
from taxlien.kit.http.errors import FieldError, Problem
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.telemetry.context import current_request

REPLAYED_HEADER = "idempotency-replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Idempotency:
    """The key of the current request, if it brought one. Use as ``once: IdempotencyDep``."""

    def __init__(self, scope: str, key: str | None, request_sha256: bytes) -> None:
        self._scope = scope
        self._key = key
        self._request_sha256 = request_sha256

    async def answer(
        self,
        session: Session,
        work: Callable[[], Awaitable[object]],
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Do ``work`` once per key and return its result as JSON with ``status``.

        ``session`` must be the one that ``work`` writes with. Raises ``Problem`` 422 when the key came
        before with another request, 409 while its first request still runs.
        """
        if self._key is None:
            return MsgspecResponse(await work(), status_code=status, headers=headers)
        stored = await self._take(session)
        if stored is not None:
            return stored
        response = MsgspecResponse(await work(), status_code=status, headers=headers)
        await self._store(session, status, bytes(response.body), headers or {})
        return response

    async def _take(self, session: Session) -> Response | None:
        name = hashlib.sha256(f"{service_of(session)}\0{self._scope}\0{self._key}".encode())
        lock = int.from_bytes(name.digest()[:8], signed=True)
        free = await session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": lock})
        if not free:
            raise Problem(
                409,
                "request_in_flight",
                "A request with this Idempotency-Key is still being worked on.",
                headers={"retry-after": "1"},
            )
        found = await session.execute(
            text(
                "SELECT request_sha256, status, response_headers, body"  # noqa: S608
                f" FROM {service_of(session)}.idempotency_keys WHERE scope = :scope AND key = :key"
            ),
            {"scope": self._scope, "key": self._key},
        )
        row = found.one_or_none()
        if row is None:
            return None
        if bytes(row.request_sha256) != self._request_sha256:
            message = "was used before with another request"
            error = FieldError("Idempotency-Key", message)
            raise Problem(
                422, "idempotency_key_reused", f"Idempotency-Key {message}", errors=[error]
            )
        headers = {**(row.response_headers or {}), REPLAYED_HEADER: "true"}
        return MsgspecResponse(bytes(row.body), status_code=row.status, headers=headers)

    async def _store(
        self, session: Session, status: int, body: bytes, headers: dict[str, str]
    ) -> None:
        await session.execute(
            text(
                f"INSERT INTO {service_of(session)}.idempotency_keys"  # noqa: S608
                " (scope, key, request_sha256, status, response_headers, body)"
                " VALUES (:scope, :key, :sha, :status, cast(:headers AS jsonb), :body)"
            ),
            {
                "scope": self._scope,
                "key": self._key,
                "sha": self._request_sha256,
                "status": status,
                "headers": msgspec.json.encode(headers).decode(),
                "body": body,
            },
        )


async def read_idempotency(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(description="any text of up to 255 characters; the same key happens only once"),
    ] = None,
) -> Idempotency:
    """Dependency: read the key and fingerprint the request. Raises a 400 ``Problem`` for a bad key."""
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        error = FieldError("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
        raise Problem(400, "bad_idempotency_key", error.message, errors=[error])
    # Keys of different people, methods and addresses are different keys.
    scope = f"{current_request().user_id or '-'} {request.method} {request.url.path}"
    content = request.url.query.encode() + b"\0" + await request.body()
    return Idempotency(scope, idempotency_key, hashlib.sha256(content).digest())


IdempotencyDep = Annotated[Idempotency, Depends(read_idempotency)]


async def prune_idempotency_keys(session: Session, older_than: timedelta) -> int:
    """Delete answers older than ``older_than`` and return how many; a day is what clients expect."""
    result: CursorResult[Any] = await session.execute(  # type: ignore[assignment]
        text(
            f"DELETE FROM {service_of(session)}.idempotency_keys"  # noqa: S608
            " WHERE created_at < now() - cast(:age AS interval)"
        ),
        {"age": older_than},
    )
    return result.rowcount
