"""What the addresses of users share: their session, versions in ETag and If-Match, answers kept by nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Header, Response

from taxlien.kit.database import Session
from taxlien.kit.http.errors import FieldError, Problem
from taxlien.kit.http.sessions import session_for
from taxlien.services.users import service

_TAG = re.compile(r'(W/)?"([^"]*)"')


def keep_private(response: Response) -> None:
    """Let no cache keep an answer about a person."""
    response.headers["cache-control"] = "private, no-store"


def read_versions(
    if_match: Annotated[
        str | None,
        Header(description="the ETag that was read: 412 if it was changed since", max_length=500),
    ] = None,
) -> frozenset[int] | None:
    """Return the versions that If-Match names; None where it is absent or ``*``."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = _TAG.findall(if_match)
    if not tags:
        error = FieldError("If-Match", "is no ETag")
        raise Problem(400, "bad_request", "If-Match is no ETag.", errors=[error])
    # A weak tag never matches (RFC 9110, 13.1.1); neither does one that is not ours.
    return frozenset(int(tag) for weak, tag in tags if not weak and re.fullmatch(r"\d{1,9}", tag))


@contextmanager
def refusing_stale() -> Iterator[None]:
    """Answer 412 where something was changed after the caller read it."""
    try:
        yield
    except service.ChangedMeanwhile as error:
        raise Problem(412, "changed_meanwhile", error.message) from None


def tag(response: Response, version: int) -> None:
    """Say which version an answer shows."""
    response.headers["etag"] = f'"{version}"'


SessionDep = Annotated[Session, Depends(session_for("users"))]
Versions = Annotated[frozenset[int] | None, Depends(read_versions)]
