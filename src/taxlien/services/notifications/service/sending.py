"""From messages that wait to mails that were sent: each by one worker, again when it failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from jinja2 import TemplateError
from prometheus_client import Counter, Gauge

from taxlien.kit.database import Session
from taxlien.kit.security.sealing import Keyring, SealBroken
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.adapters.mailer import Mail, MailDeferred, Mailer, MailRefused
from taxlien.services.notifications.adapters.rendering import render
from taxlien.services.notifications.logic.retrying import pause_after
from taxlien.services.notifications.models import Message, Status
from taxlien.services.notifications.settings import NotificationsSettings

from .sealing import unseal
from .stopping import stop_url_of

_log = structlog.get_logger("taxlien.notifications")

_sent = Counter("taxlien_mails_sent", "Mails that a server took", ["kind"])
_failed = Counter("taxlien_mails_failed", "Mails given up", ["kind", "reason"])
_deferred = Counter("taxlien_mails_deferred", "Attempts that will be repeated", ["kind"])
_waiting = Gauge("taxlien_mails_waiting", "Mails that wait or are being sent", ["status"])


class Claim(NamedTuple):
    """A message this process may send, and the number of the attempt."""

    message_id: UUID
    attempt: int


class Plan(NamedTuple):
    """What sending needs, made once for a process."""

    settings: NotificationsSettings
    keyring: Keyring
    mailer: Mailer
    web_url: str
    api_url: str


def open_plan() -> Plan:
    """Return what sending needs. Raises ``SettingsError`` in words where the environment lacks it."""
    settings = current.settings()
    return Plan(
        settings,
        current.keyring(),
        current.mailer(),
        settings.pages_url(),
        settings.doors_url(),
    )


async def claim_due(session: Session, plan: Plan, limit: int) -> list[Claim]:
    """Take at most ``limit`` messages that are due. The attempt counts even if this process dies."""
    lease = timedelta(seconds=plan.settings.lease_seconds)
    return [Claim(*found) for found in await repository.claim_due(session, limit, lease)]


async def deliver(session: Session, plan: Plan, claim: Claim) -> Status | None:
    """Send one claimed message and write how that went; None where it is not ours any more.

    The row is locked while the server is talked to: nobody else sends it meanwhile, and a process that
    dies lets go of it. Dying between the server's yes and the commit sends it again under the same
    Message-ID: SMTP has no way to ask whether a mail was taken.
    """
    message = await repository.lock_claimed(session, claim.message_id, claim.attempt)
    if message is None:
        return None
    try:
        mail = await _written(session, plan, message)
        if mail is None:
            await _end(session, message, "suppressed", "its time was over before it could be sent")
        else:
            await plan.mailer.send(mail)
            _sent.labels(message.kind).inc()
            await _end(session, message, "sent", None)
    except MailDeferred as error:
        await _postpone(session, plan, message, str(error))
    except (MailRefused, SealBroken, TemplateError) as error:
        _log.error(
            "mail_failed", kind=message.kind, message=str(message.message_id), error=str(error)
        )
        _failed.labels(message.kind, type(error).__name__).inc()
        await _end(session, message, "failed", str(error))
    return message.status


async def tidy(session: Session, plan: Plan) -> int:
    """Forget what was sent long ago, and measure what waits. Returns how many were forgotten."""
    before = datetime.now(UTC) - timedelta(days=plan.settings.keep_days)
    gone = await repository.delete_outlived(session, before)
    await repository.forget_told(session, before)
    await repository.forget_notices(session, before)
    for status, count in (await repository.count_open(session)).items():
        _waiting.labels(status).set(count)
    return gone


async def _written(session: Session, plan: Plan, message: Message) -> Mail | None:
    """Render a message; None where it is too late for it."""
    if message.expires_at is not None and message.expires_at <= datetime.now(UTC):
        return None
    contents = unseal(plan.keyring, message.message_id, message.sealed or b"")
    to = contents.to
    if to is None:
        recipient = await repository.get_recipient(session, message.user_id)
        to = recipient.email if recipient else None
    if to is None:
        raise MailDeferred("no address is known yet")
    stop_url = stop_url_of(plan.keyring, plan.api_url, message.user_id, message.kind)
    words = render(
        message.kind,
        message.language,
        contents.parameters,
        web_url=plan.web_url,
        unsubscribe_url=stop_url or "",
    )
    return Mail(
        message_id=message.message_id.hex,
        to=to,
        subject=words.subject,
        text=words.text,
        html=words.html,
        language=message.language,
        written_at=message.created_at,
        unsubscribe_url=stop_url,
    )


async def _postpone(session: Session, plan: Plan, message: Message, error: str) -> None:
    settings = plan.settings
    if message.attempts >= settings.max_attempts:
        _log.error("mail_failed", kind=message.kind, message=str(message.message_id), error=error)
        _failed.labels(message.kind, "attempts").inc()
        await _end(session, message, "failed", error)
        return
    pause = pause_after(
        message.attempts, first=settings.first_pause, longest=settings.longest_pause
    )
    _deferred.labels(message.kind).inc()
    _log.warning(
        "mail_deferred", kind=message.kind, message=str(message.message_id), error=error,
        attempt=message.attempts, seconds=round(pause, 1),
    )  # fmt: skip
    message.status = "queued"
    message.error = error
    message.next_attempt_at = datetime.now(UTC) + timedelta(seconds=pause)


async def _end(session: Session, message: Message, status: Status, error: str | None) -> None:
    """Write how it ended, and erase what it said. Of a farewell nothing stays."""
    message.status = status
    message.sealed = None
    message.error = error
    if status == "sent":
        message.sent_at = datetime.now(UTC)
    if message.kind == "account_erased":
        await repository.delete_message(session, message)
