"""What providers report, and which of it means that an address gets nothing optional any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

Reason = Literal["bounce", "complaint", "unsubscribe"]

_DROPPED: Mapping[str, Reason] = {
    "bounced address": "bounce",
    "invalid": "bounce",
    "spam reporting address": "complaint",
    "unsubscribed address": "unsubscribe",
}
NUMBER_CODES: Mapping[int, Reason] = {
    21211: "bounce",  # the number is not valid
    21214: "bounce",  # the number cannot be reached
    21217: "bounce",  # no number at all
    21610: "unsubscribe",  # its owner answered STOP
    21614: "bounce",  # no mobile number
    30005: "bounce",  # unknown, or not in service any more
    30006: "bounce",  # a landline, or a carrier that takes none
}
"""Twilio's codes that mean: nothing to this number, whatever it says."""


class Reported(NamedTuple):
    """One report: its id with the provider, the address, and what follows where something does."""

    report_id: str
    channel: str
    address: str
    reason: Reason | None


class _Event(msgspec.Struct):
    email: str = ""
    event: str = ""
    sg_event_id: str = ""
    type: str | None = None
    reason: str | None = None


def mail_reports(body: bytes) -> Sequence[Reported]:
    """Read a batch of SendGrid's event webhook. Raises ``msgspec.MsgspecError`` for anything else."""
    events = msgspec.json.decode(body, type=list[_Event])
    return [
        Reported(event.sg_event_id, "email", event.email, _reason(event))
        for event in events
        if event.sg_event_id and event.email
    ]


def text_report(form: Mapping[str, str]) -> Reported | None:
    """Read a status callback of Twilio's; None where it lacks what every one has."""
    sid, status, to = (form.get(name, "") for name in ("MessageSid", "MessageStatus", "To"))
    if not (sid and status and to):
        return None
    undone = status in ("failed", "undelivered")
    code = form.get("ErrorCode", "")
    reason = NUMBER_CODES.get(int(code)) if undone and code.isdecimal() else None
    return Reported(f"{sid}:{status}", "sms", to, reason)


def _reason(event: _Event) -> Reason | None:
    match event.event:
        case "bounce":
            # "blocked" is a server that did not want this mail; the address exists.
            return None if event.type == "blocked" else "bounce"
        case "dropped":
            return _DROPPED.get((event.reason or "").lower())
        case "spamreport":
            return "complaint"
        case "unsubscribe" | "group_unsubscribe":
            return "unsubscribe"
    return None
