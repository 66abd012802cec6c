"""``/dev/notifications``: every message in every language by every channel, where the settings show them."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from taxlien.services.notifications import service
from taxlien.services.notifications.adapters.web_pages import page_policy, render_page
from taxlien.services.notifications.logic.kinds import KINDS, LANGUAGES, Category
from taxlien.services.notifications.logic.titles import title_of

router = APIRouter(prefix="/dev/notifications", include_in_schema=False)

_CATEGORIES: tuple[Category, ...] = ("security", "transactional", "alert", "marketing")
_HEADERS = {
    "content-security-policy": page_policy(),
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
# What a mail may do in its frame: look as it looks, and open its links in a new tab. Nothing else.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@router.get("")
def show_index() -> HTMLResponse:
    """List every message there is."""
    service.check_shown()
    groups = [
        (category, [(k, title_of(k.name, "en")) for k in KINDS.values() if k.category == category])
        for category in _CATEGORIES
    ]
    page = render_page("previews", groups=groups, languages=LANGUAGES)
    return HTMLResponse(page, headers=_HEADERS)


@router.get("/{kind}/{language}/{channel}")
def show_preview(kind: str, language: str, channel: str) -> HTMLResponse:
    """Show one message with made-up values."""
    found = service.preview(kind, language, channel)
    page = render_page(
        "preview",
        kind=KINDS[kind],
        title=title_of(kind, "en"),
        language=language,
        languages=LANGUAGES,
        channel=channel,
        shown=found,
    )
    return HTMLResponse(page, headers=_HEADERS)


@router.get("/{kind}/{language}/email/html")
def show_mail(kind: str, language: str) -> HTMLResponse:
    """Give the HTML of a mail, for the frame that shows it."""
    found = service.preview(kind, language, "email")
    return HTMLResponse(found.html, headers={**_HEADERS, "content-security-policy": _MAIL_POLICY})
