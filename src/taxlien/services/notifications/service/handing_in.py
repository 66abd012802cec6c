"""From a message and one target to what a provider takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from taxlien.kit.security.sealing import Keyring
from taxlien.services.notifications.adapters.messages import Call, Mail, Push, Text
from taxlien.services.notifications.adapters.provider import Provider, Receipt
from taxlien.services.notifications.adapters.rendering import render, render_note, render_sms
from taxlien.services.notifications.logic.calling import call_body
from taxlien.services.notifications.logic.gathering import path_of
from taxlien.services.notifications.logic.kinds import KINDS
from taxlien.services.notifications.logic.letters import Parameters
from taxlien.services.notifications.logic.phone_codes import PHONE_CODE, code_words
from taxlien.services.notifications.models import Message
from taxlien.services.notifications.settings import NotificationsSettings

from .addressing import Target
from .stopping import stop_url_of

REPORTS_PATH = "/v1/notifications/webhooks"
_DAY = 86_400


class Plan(NamedTuple):
    """What sending needs, made once for a process. A channel without a provider is None."""

    settings: NotificationsSettings
    keyring: Keyring
    mailer: Provider[Mail]
    texter: Provider[Text] | None
    pusher: Provider[Push] | None
    caller: Provider[Call]
    web_url: str
    api_url: str

    def serves(self, channel: str) -> bool:
        """Say whether there is a provider of ``channel``."""
        return (channel != "sms" or self.texter is not None) and (
            channel != "push" or self.pusher is not None
        )


async def hand_in(plan: Plan, message: Message, told: Parameters, target: Target) -> Receipt:
    """Write a message for one target and give it to the provider of its channel.

    Raises as ``Provider``, and ``jinja2.TemplateError`` where it cannot be written.
    """
    if message.channel == "email":
        return await plan.mailer.send(_mail(plan, message, told, target))
    if message.channel == "sms" and plan.texter is not None:
        return await plan.texter.send(_text(plan, message, told, target))
    if message.channel == "push" and plan.pusher is not None:
        return await plan.pusher.send(_push(plan, message, told, target))
    return await plan.caller.send(_call(plan, message, told, target))


def _mail(plan: Plan, message: Message, told: Parameters, target: Target) -> Mail:
    stop_url = stop_url_of(plan.keyring, plan.api_url, message.user_id, message.kind)
    words = render(
        message.kind,
        message.language,
        told,
        web_url=plan.web_url,
        unsubscribe_url=stop_url or "",
    )
    return Mail(
        message_id=message.message_id.hex,
        to=target.address,
        subject=words.subject,
        text=words.text,
        html=words.html,
        language=message.language,
        written_at=message.created_at,
        unsubscribe_url=stop_url,
        bypass=not KINDS[message.kind].optional,
    )


def _text(plan: Plan, message: Message, told: Parameters, target: Target) -> Text:
    reported = f"{plan.api_url}{REPORTS_PATH}/twilio"
    return Text(
        message_id=message.message_id.hex,
        to=target.address,
        body=_text_words(message, told),
        # Twilio refuses an address it cannot reach.
        report_url=reported if reported.startswith("https://") else None,
    )


def _text_words(message: Message, told: Parameters) -> str:
    if message.kind == PHONE_CODE:
        return code_words(message.language, str(told["code"]))
    return render_sms(message.kind, message.language, told)


def _push(plan: Plan, message: Message, told: Parameters, target: Target) -> Push:
    note = render_note(message.kind, message.language, told)
    return Push(
        message_id=message.message_id.hex,
        token=target.address,
        title=note.title,
        body=note.body,
        kind=message.kind,
        link=_link(plan, told),
        seconds=_seconds_of_use(message.expires_at),
    )


def _call(plan: Plan, message: Message, told: Parameters, target: Target) -> Call:
    note = render_note(message.kind, message.language, told)
    body = call_body(
        message_id=message.message_id,
        kind=message.kind,
        at=message.created_at,
        title=note.title,
        body=note.body,
        link=_link(plan, told),
        told=told,
    )
    return Call(message.message_id.hex, target.address, target.secret, body)


def _link(plan: Plan, told: Parameters) -> str:
    return f"{plan.web_url}{path_of(told) or '/'}"


def _seconds_of_use(expires_at: datetime | None) -> int:
    if expires_at is None:
        return _DAY
    return max(0, min(28 * _DAY, int((expires_at - datetime.now(UTC)).total_seconds())))
