"""What providers report of bounces and complaints: believed by its signature, counted once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog
from prometheus_client import Counter

from taxlien.kit.database import Session
from taxlien.kit.errors import Forbidden, InvalidInput
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.adapters.signatures import sendgrid_signed, twilio_signed
from taxlien.services.notifications.logic.calling import address_hash
from taxlien.services.notifications.logic.reports import Reported, mail_reports, text_report

from .handing_in import REPORTS_PATH

_log = structlog.get_logger("taxlien.notifications")
_reports = Counter("taxlien_provider_reports", "Reports of providers", ["provider", "reason"])
_NOT_SIGNED = "This report is not signed by its provider."


async def note_mail_reports(
    session: Session, body: bytes, *, signature: str, timestamp: str
) -> None:
    """Take a batch of SendGrid's in; again changes nothing. Raises ``Forbidden``, ``InvalidInput``."""
    key = current.settings().sendgrid_events_key
    if key is None or not sendgrid_signed(key.get_secret_value(), signature, timestamp, body):
        raise Forbidden(_NOT_SIGNED)
    try:
        reports = mail_reports(body)
    except msgspec.MsgspecError:
        raise InvalidInput("body", "is not a list of events") from None
    await _note(session, "sendgrid", reports)


async def note_text_report(
    session: Session, fields: Sequence[tuple[str, str]], *, signature: str
) -> None:
    """Take a status of Twilio's in; again changes nothing. Raises ``Forbidden``, ``InvalidInput``."""
    settings = current.settings()
    token = settings.twilio_auth_token
    if token is None:
        raise Forbidden(_NOT_SIGNED)
    url = f"{settings.doors_url()}{REPORTS_PATH}/twilio"
    if not twilio_signed(token.get_secret_value(), signature, url, fields):
        raise Forbidden(_NOT_SIGNED)
    report = text_report(dict(fields))
    if report is None:
        raise InvalidInput("body", "is no status of a message")
    await _note(session, "twilio", [report])


async def _note(session: Session, provider: str, reports: Sequence[Reported]) -> None:
    for report in reports:
        if not await repository.note_report(session, provider, report.report_id):
            continue
        _reports.labels(provider, report.reason or "none").inc()
        if report.reason is not None:
            _log.info("address_suppressed", provider=provider, reason=report.reason)
            hashed = address_hash(report.channel, report.address)
            await repository.suppress(session, report.channel, hashed, report.reason, provider)
