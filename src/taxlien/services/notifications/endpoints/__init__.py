"""``/v1/notifications``: how I am told, by what, what I was told, stopping mails from the mail itself."""

from __future__ import annotations

from fastapi import APIRouter

from . import inbox, preferences, previews, reaching, reports, unsubscribing

router = APIRouter(tags=["notifications"])
for part in (preferences, inbox, reaching, reports, unsubscribing, previews):
    router.include_router(part.router)
