"""What providers report of messages; nobody signs in here, every report proves itself."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Header, Request

from taxlien.kit.http.errors import Problem
from taxlien.services.notifications import service

from .asking import SessionDep

router = APIRouter(prefix="/v1/notifications/webhooks", include_in_schema=False)

_LARGEST = 1024 * 1024
_Text = Annotated[str, Header(max_length=1000)]


@router.post("/sendgrid", status_code=204)
async def hear_sendgrid(
    request: Request,
    session: SessionDep,
    x_twilio_email_event_webhook_signature: _Text = "",
    x_twilio_email_event_webhook_timestamp: _Text = "",
) -> None:
    """Take a batch of SendGrid's signed event webhook in."""
    await service.note_mail_reports(
        session,
        await _body(request),
        signature=x_twilio_email_event_webhook_signature,
        timestamp=x_twilio_email_event_webhook_timestamp,
    )


@router.post("/twilio", status_code=204)
async def hear_twilio(
    request: Request, session: SessionDep, x_twilio_signature: _Text = ""
) -> None:
    """Take a status callback of Twilio's in."""
    text = (await _body(request)).decode("utf-8", "replace")
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        fields = []
    await service.note_text_report(session, fields, signature=x_twilio_signature)


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > _LARGEST:
        raise Problem(413, "body_too_large", f"A report may have {_LARGEST} bytes.")
    return body
