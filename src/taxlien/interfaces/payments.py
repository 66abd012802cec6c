"""What services may know of payments: who subscribed or renewed, and what was paid for once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from taxlien.kit.events import Event


class UserSubscribed(Event, frozen=True, kw_only=True):
    """A user began a paid plan, or with ``renewal`` it was paid for another period, until ``paid_until``.

    ``amount`` is in ``currency`` (ISO 4217); null where nothing was charged.
    """

    type: ClassVar[str] = "user.subscribed"

    user_id: UUID
    plan: str
    at: datetime
    renewal: bool = False
    paid_until: datetime | None = None
    amount: Decimal | None = None
    currency: str = "USD"
    receipt_number: str | None = None

    def key(self) -> str:
        return str(self.user_id)


class PaymentReceived(Event, frozen=True, kw_only=True):
    """A user paid for something once: a course, a report, a fee. ``amount`` is in ``currency`` (ISO 4217)."""

    type: ClassVar[str] = "payment.received"

    user_id: UUID
    payment_id: UUID
    description: str
    amount: Decimal
    at: datetime
    currency: str = "USD"
    receipt_number: str | None = None

    def key(self) -> str:
        return str(self.user_id)
