"""Forgetting what has served its time."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from taxlien.kit.database import Session
from taxlien.services.auth import repository

_log = structlog.get_logger("taxlien.auth")


async def prune(session: Session) -> repository.Pruned:
    """Delete expired tokens and challenges, old failures, and sign-ins that ended 30 days ago."""
    pruned = await repository.prune(session, datetime.now(UTC))
    if any(pruned):
        _log.info("pruned", **pruned._asdict())
    return pruned
