"""Who calls: what the gateway checked and passed on, as endpoints want it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from taxlien.kit.http.errors import Problem
from taxlien.kit.security.identity import Caller
from taxlien.kit.telemetry.context import current_request


def signed_in() -> Caller:
    """Return the caller of the current request. Raises ``Problem`` 401 where nobody is signed in."""
    found = caller_if_any()
    if found is None:
        raise Problem(
            401,
            "sign_in_required",
            "This needs an access token.",
            headers={"www-authenticate": 'Bearer realm="taxlien"'},
        )
    return found


def caller_if_any() -> Caller | None:
    """Return the caller of the current request, or None for an anonymous one."""
    request = current_request()
    user_id = _uuid(request.user_id)
    if user_id is None:
        return None
    return Caller(
        user_id, _uuid(request.session_id), request.tier or "free", frozenset(request.roles)
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


CallerDep = Annotated[Caller, Depends(signed_in)]
MaybeCallerDep = Annotated[Caller | None, Depends(caller_if_any)]
