"""What needs somebody who looks after the product: told to every administrator, as each wants to be told."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from taxlien.interfaces.ml import ModelAlerted
from taxlien.kit.database import Session
from taxlien.services.notifications import repository
from taxlien.services.notifications.logic.letters import Letter, event_id_of

from .queueing import queue

KIND = "model_alert"

_log = structlog.get_logger("taxlien.notifications")


async def note_model_alert(session: Session, event: ModelAlerted) -> None:
    """Queue a message for each administrator; the same alert never makes two."""
    told = {
        "model": event.name,
        "version": event.model_version,
        "concern": event.kind,
        "news": event.state,
        "detail": event.detail,
        "at": (event.at or datetime.now(UTC)).isoformat(),
    }
    administrators = await repository.administrators(session)
    for user_id in administrators:
        recipient = await repository.lock_recipient(session, user_id)
        await queue(session, recipient, Letter(KIND, parameters=told), event_id_of(event, KIND))
    if not administrators:
        _log.warning("model_alert_unheard", name=event.name, kind=event.kind, state=event.state)
