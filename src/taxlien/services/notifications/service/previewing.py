"""Every message with made-up values, as its reader would see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from taxlien.kit.errors import NotFound
from taxlien.kit.settings import SettingsError
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.adapters.rendering import render, render_note, render_sms
from taxlien.services.notifications.logic.calling import call_body
from taxlien.services.notifications.logic.gathering import path_of
from taxlien.services.notifications.logic.kinds import KINDS, LANGUAGES
from taxlien.services.notifications.logic.samples import sample_of
from taxlien.services.notifications.logic.sms import segments

from .stopping import STOP_PATH

SAMPLE_ID = UUID("01900000-0000-7000-8000-00000000000a")
SAMPLE_AT = datetime(2026, 12, 21, 17, 5, tzinfo=UTC)
SAMPLE_WEB_URL = "https://taxlien.example"


class Preview(NamedTuple):
    """A message: ``title`` and ``body`` of a note or mail (its text, or JSON), ``html`` of a mail alone."""

    title: str
    body: str
    html: str | None = None
    segments: int | None = None


def preview(kind: str, language: str, channel: str) -> Preview:
    """Return how a message looks. Raises ``NotFound`` where there is none or none is to be shown."""
    check_shown()
    known = KINDS.get(kind)
    if known is None or language not in LANGUAGES or channel not in known.channels:
        raise NotFound("There is no such message.")
    told = sample_of(kind)
    if channel == "email":
        url = _web_url()
        stop = f"{url}{STOP_PATH}?token=sample" if known.stoppable else ""
        mail = render(kind, language, told, web_url=url, unsubscribe_url=stop)
        return Preview(mail.subject, mail.text, mail.html)
    if channel == "sms":
        text = render_sms(kind, language, told)
        return Preview("", text, segments=segments(text))
    note = render_note(kind, language, told)
    if channel == "webhook":
        body = call_body(
            message_id=SAMPLE_ID,
            kind=kind,
            at=SAMPLE_AT,
            title=note.title,
            body=note.body,
            link=f"{_web_url()}{path_of(told) or '/'}",
            told=told,
        )
        return Preview("", msgspec.json.format(body, indent=2).decode())
    return Preview(note.title, note.body)


def _web_url() -> str:
    try:
        return current.settings().pages_url()
    except SettingsError:
        return SAMPLE_WEB_URL


def check_shown() -> None:
    """Raise ``NotFound`` unless the settings say that previews are shown."""
    if not current.settings().previews:
        raise NotFound("There is no such page.")
