"""Addresses of users' own that are called: each with a secret that is shown once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, Forbidden, InvalidInput, NotFound
from taxlien.kit.ids import new_id
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.adapters.webhooks import fit

from .addressing import Endpoint, open_endpoint, webhook_context

TIER = "enterprise"


class WebhookKnown(NamedTuple):
    """A webhook as its user sees it; ``secret`` is None but when it is made."""

    webhook_id: UUID
    url: str
    created_at: datetime | None = None
    secret: str | None = None


async def add_webhook(session: Session, user_id: UUID, tier: str, url: str) -> WebhookKnown:
    """Call ``url`` with what a user is told. Raises ``Forbidden`` for a tier that has no webhooks,
    ``InvalidInput``, ``Conflict`` beyond the limit, ``NotFound`` for a user who is erased.
    """
    if tier != TIER:
        raise Forbidden("Webhooks come with the enterprise plan.")
    settings = current.settings()
    if not fit(url, loopback=settings.webhooks_loopback):
        raise InvalidInput("url", "must begin with https:// and name a host, without a password")
    recipient = await repository.lock_recipient(session, user_id)
    if recipient.erased_at is not None:
        raise NotFound("There is no such user.")
    if len(await repository.webhooks_of(session, user_id)) >= settings.most_webhooks:
        raise Conflict(f"There can be {settings.most_webhooks} webhooks. Delete one first.")
    webhook_id, secret = new_id(), f"whsec_{secrets.token_urlsafe(32)}"
    plain = msgspec.json.encode(Endpoint(url, secret))
    sealed = current.keyring().seal(plain, webhook_context(webhook_id))
    await repository.add_webhook(
        session, {"webhook_id": webhook_id, "user_id": user_id, "sealed": sealed}
    )
    return WebhookKnown(webhook_id, url, secret=secret)


async def my_webhooks(session: Session, user_id: UUID) -> Sequence[WebhookKnown]:
    """Return the webhooks of a user, oldest first, without their secrets."""
    keyring = current.keyring()
    return [
        WebhookKnown(
            row.webhook_id, open_endpoint(keyring, row.webhook_id, row.sealed).url, row.created_at
        )
        for row in await repository.webhooks_of(session, user_id)
    ]


async def forget_webhook(session: Session, user_id: UUID, webhook_id: UUID) -> None:
    """Call an address no more. Raises ``NotFound`` where it is not this user's."""
    if not await repository.delete_webhooks(session, user_id, webhook_id):
        raise NotFound("There is no such webhook.")
