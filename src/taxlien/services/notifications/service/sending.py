"""From messages that wait to mails that were sent: each by one worker, again when it failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from jinja2 import TemplateError
from prometheus_client import Counter, Gauge

from taxlien.kit.database import Session
from taxlien.kit.security.sealing import SealBroken
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.adapters.provider import Deferred, Misconfigured, Refused
from taxlien.services.notifications.logic.calling import address_hash
from taxlien.services.notifications.logic.kinds import KINDS
from taxlien.services.notifications.logic.letters import Parameters
from taxlien.services.notifications.logic.retrying import pause_after
from taxlien.services.notifications.models import Message, Outcome, Status

from .addressing import Target, targets_of
from .handing_in import Plan, hand_in
from .sealing import unseal

_log = structlog.get_logger("taxlien.notifications")

_sent = Counter("taxlien_mails_sent", "Messages that were taken", ["kind", "channel"])
_failed = Counter("taxlien_mails_failed", "Messages given up", ["kind", "reason"])
_deferred = Counter("taxlien_mails_deferred", "Attempts that will be repeated", ["kind"])
_waiting = Gauge("taxlien_mails_waiting", "Messages that wait or are being sent", ["status"])

_DAY = timedelta(hours=24)
_OPTIONAL = frozenset(kind.name for kind in KINDS.values() if kind.optional)


class Claim(NamedTuple):
    """A message this process may send, and the number of the attempt."""

    message_id: UUID
    attempt: int


def open_plan() -> Plan:
    """Return what sending needs. Raises ``SettingsError`` in words where the environment lacks it."""
    settings = current.settings()
    return Plan(
        settings,
        current.keyring(),
        current.mailer(),
        current.texter(),
        current.pusher(),
        current.caller(),
        settings.pages_url(),
        settings.doors_url(),
    )


async def claim_due(session: Session, plan: Plan, limit: int) -> list[Claim]:
    """Take at most ``limit`` messages that are due. The attempt counts even if this process dies."""
    lease = timedelta(seconds=plan.settings.lease_seconds)
    return [Claim(*found) for found in await repository.claim_due(session, limit, lease)]


async def deliver(session: Session, plan: Plan, claim: Claim) -> Status | None:
    """Send one claimed message and write how that went; None where it is not ours any more.

    The row is locked while providers are talked to: nobody else sends it meanwhile, and a process that
    dies lets go of it. Dying between a provider's yes and the commit sends it again under the same id
    (Message-ID, tag, ``X-Taxlien-Message``): none of them can be asked whether it was taken.
    """
    message = await repository.lock_claimed(session, claim.message_id, claim.attempt)
    if message is None:
        return None
    try:
        if message.expires_at is not None and message.expires_at <= datetime.now(UTC):
            await _end(session, message, "suppressed", "its time was over before it could be sent")
        elif not plan.serves(message.channel):
            await _end(session, message, "suppressed", "this channel is not set up")
        elif not await _wait_for_cap(session, plan, message):
            await _send(session, plan, message)
    except Deferred as error:
        await _postpone(session, plan, message, error)
    except (Refused, SealBroken, TemplateError, KeyError) as error:
        await _give_up(session, message, type(error).__name__, str(error))
    return message.status


async def _send(session: Session, plan: Plan, message: Message) -> None:
    """Give a message to every target that has not had it. Raises ``Deferred`` where one has to wait."""
    contents = unseal(plan.keyring, message.message_id, message.sealed or b"")
    targets = await targets_of(session, plan.keyring, message, contents.to)
    before = await repository.outcomes_of(session, message.message_id)
    outcomes: dict[str, Outcome] = dict(before)
    stopped = failure = refusal = None
    for target in targets:
        if target.key in before:
            continue
        stopped = await _stopped(session, message, target)
        if stopped is not None:
            continue
        try:
            outcomes[target.key] = await _send_to(
                session, plan, message, contents.parameters, target
            )
        except Deferred as error:
            failure = error
        except Refused as error:
            refusal = error
            outcomes[target.key] = await _refused(session, message, target, error)
    if failure is not None:
        raise failure
    await _conclude(session, message, outcomes, stopped, refusal)


async def _send_to(
    session: Session, plan: Plan, message: Message, told: Parameters, target: Target
) -> Outcome:
    receipt = await hand_in(plan, message, told, target)
    await repository.add_delivery(
        session,
        {
            "message_id": message.message_id,
            "target": target.key,
            "provider": receipt.provider,
            "outcome": "taken",
            "reference": receipt.reference,
        },
    )
    return "taken"


async def _refused(session: Session, message: Message, target: Target, error: Refused) -> Outcome:
    """Write a refusal down; what does not exist any more is not sent to again."""
    await repository.add_delivery(
        session,
        {
            "message_id": message.message_id,
            "target": target.key,
            "provider": message.channel,
            "outcome": "refused",
        },
    )
    if error.reason is not None:
        if message.channel == "push":
            await repository.delete_device(session, UUID(target.key))
        elif message.channel == "webhook":
            await repository.delete_webhooks(session, message.user_id, UUID(target.key))
        else:
            hashed = address_hash(message.channel, target.address)
            await repository.suppress(
                session, message.channel, hashed, error.reason, message.channel
            )
    return "refused"


async def _conclude(
    session: Session,
    message: Message,
    outcomes: Mapping[str, Outcome],
    stopped: str | None,
    refusal: Refused | None,
) -> None:
    if "taken" in outcomes.values():
        _sent.labels(message.kind, message.channel).inc()
        await _end(session, message, "sent", None)
    elif refusal is not None or outcomes:
        await _give_up(session, message, "Refused", str(refusal or "refused by every target"))
    else:
        await _end(session, message, "suppressed", stopped or "nothing to reach its user by")


async def _stopped(session: Session, message: Message, target: Target) -> str | None:
    """Return why a target gets nothing optional, in words for the row."""
    if message.kind not in _OPTIONAL or message.channel not in ("email", "sms"):
        return None
    hashed = address_hash(message.channel, target.address)
    reason = await repository.suppressed(session, message.channel, hashed)
    return f"the address gets nothing any more: {reason}" if reason else None


async def _wait_for_cap(session: Session, plan: Plan, message: Message) -> bool:
    """Let what is optional wait where its user had enough today. The attempt does not count."""
    settings = plan.settings
    caps = {
        "email": settings.email_per_day,
        "push": settings.push_per_day,
        "sms": settings.sms_per_day,
    }
    cap = caps.get(message.channel)
    if cap is None or message.kind not in _OPTIONAL:
        return False
    since = datetime.now(UTC) - _DAY
    sent = await repository.sent_since(session, message.user_id, message.channel, since, _OPTIONAL)
    if len(sent) < cap:
        return False
    message.status = "queued"
    message.attempts -= 1
    message.error = f"its user had {cap} in 24 hours"
    message.next_attempt_at = sent[cap - 1] + _DAY
    return True


async def tidy(session: Session, plan: Plan) -> int:
    """Forget what was sent long ago, and measure what waits. Returns how many were forgotten."""
    before = datetime.now(UTC) - timedelta(days=plan.settings.keep_days)
    gone = await repository.delete_outlived(session, before)
    dead_before = datetime.now(UTC) - timedelta(days=plan.settings.dead_days)
    await repository.forget_dead(session, dead_before)
    await repository.forget_reports(session, before)
    await repository.forget_told(session, before)
    await repository.forget_notices(session, before)
    for status, count in (await repository.count_open(session)).items():
        _waiting.labels(status).set(count)
    return gone


async def _postpone(session: Session, plan: Plan, message: Message, error: Deferred) -> None:
    """Let a message be tried again: sooner after a stumble, later where somebody must put us right."""
    settings = plan.settings
    if message.attempts >= settings.max_attempts:
        await _give_up(session, message, "attempts", str(error), keep=True)
        return
    pause = pause_after(
        message.attempts, first=settings.first_pause, longest=settings.longest_pause
    )
    if isinstance(error, Misconfigured):
        pause = settings.longest_pause
    pause = max(pause, error.retry_after or 0.0)
    _deferred.labels(message.kind).inc()
    _log.warning(
        "mail_deferred", kind=message.kind, channel=message.channel,
        message=str(message.message_id), error=str(error), attempt=message.attempts,
        seconds=round(pause, 1),
    )  # fmt: skip
    message.status = "queued"
    message.error = str(error)
    message.next_attempt_at = datetime.now(UTC) + timedelta(seconds=pause)


async def _give_up(
    session: Session, message: Message, reason: str, error: str, *, keep: bool = False
) -> None:
    _log.error(
        "mail_failed", kind=message.kind, channel=message.channel,
        message=str(message.message_id), error=error,
    )  # fmt: skip
    _failed.labels(message.kind, reason).inc()
    await _end(session, message, "failed", error, keep=keep)


async def _end(
    session: Session, message: Message, status: Status, error: str | None, *, keep: bool = False
) -> None:
    """Write how it ended, and erase what it said unless it may be sent by hand. A farewell goes whole."""
    message.status = status
    if not keep:
        message.sealed = None
    message.error = error
    if status == "sent":
        message.sent_at = datetime.now(UTC)
    if message.kind == "account_erased":
        await repository.delete_message(session, message)
