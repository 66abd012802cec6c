"""What the addresses of notifications share: their session, and answers kept by nobody."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response

from taxlien.kit.database import Session
from taxlien.kit.http.sessions import session_for


def keep_private(response: Response) -> None:
    """Let no cache keep an answer about a person."""
    response.headers["cache-control"] = "private, no-store"


SessionDep = Annotated[Session, Depends(session_for("notifications"))]
