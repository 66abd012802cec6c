"""What every bus offers, whatever server carries the messages. Delivery is at least once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

DEFAULT_PREFIX = "taxlien"


class BusError(Exception):
    """The bus did not do what was asked, or did not answer; trying again later is right."""


class Outgoing(NamedTuple):
    """One message to publish. Messages of one ``key`` are delivered in the order they were published.

    ``id`` lets the server drop a message that is published twice; ``body`` is CloudEvents JSON.
    """

    id: UUID
    type: str
    key: str
    body: bytes


@dataclass(slots=True, eq=False)
class Delivery:
    """One message as a group received it; ``receipt`` is the adapter's own."""

    type: str
    body: bytes
    receipt: object = field(repr=False)
    subscription: Subscription = field(repr=False)

    async def ack(self) -> None:
        """Say that this message is done with: the group will not see it again."""
        await self.subscription.ack_all([self])


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a group gave up on. ``id`` names it for ``replay`` and as ``after``."""

    id: str
    group: str
    type: str
    error: str
    failed_at: datetime
    body: bytes


class Subscription(Protocol):
    """A group's hold on the stream. A message goes to one subscription of the group, and messages
    of one key to the same one for as long as it is there: Kafka shares the keys among them, on NATS
    one is served and the others stand by."""

    async def fetch(self, max_messages: int, timeout: float) -> list[Delivery]:
        """Return what is there, at most ``max_messages``; wait up to ``timeout`` seconds for the first.

        Raises ``BusError`` when the subscription is lost and must be made again.
        """
        ...

    async def pass_over(
        self, max_messages: int, timeout: float, when: Callable[[], Awaitable[bool]]
    ) -> int | None:
        """Wait as ``fetch`` does; ask ``when``, and where it says true, acknowledge unread what had
        come before it was asked. Returns how many, 0 where nothing came; None where ``when`` said
        false, which leaves all to the next ``fetch``."""
        ...

    async def ack_all(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge ``deliveries``; an acknowledgement that is lost means delivery once more."""
        ...

    async def close(self) -> None:
        """Stop receiving. Messages fetched and not acknowledged are delivered again, to anyone."""
        ...


class Bus(Protocol):
    """Events in, events out, and the letters nobody could read. Connects when first used."""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish in order; returns when the server has stored all. Raises ``BusError``, and then
        some may be stored: publish the same messages again, in the same order."""
        ...

    async def subscribe(self, group: str, types: Sequence[str]) -> Subscription:
        """Return the hold of ``group`` on events of ``types``. A new group starts at the oldest
        message that is kept."""
        ...

    async def dead_letter(self, group: str, delivery: Delivery, error: str) -> None:
        """Keep a message that ``group`` cannot handle. The caller acknowledges it afterwards."""
        ...

    async def dead_letters(self, limit: int = 100, after: str | None = None) -> list[DeadLetter]:
        """Return dead letters, oldest first, from behind the one with id ``after``."""
        ...

    async def replay(self, letter_id: str) -> bool:
        """Deliver a dead letter again to the group that gave it up, and to no other. It is then a
        dead letter no more. False when there is none with that id."""
        ...

    async def lag(self, group: str) -> int | None:
        """Return how many messages ``group`` has not acknowledged, or None when it never subscribed.

        Events that travel together count as one message (``nats_packs``). 0 says that none is left.
        """
        ...

    async def ping(self) -> None:
        """Return when the server answers. Raises ``BusError`` after 5 s."""
        ...

    async def close(self) -> None:
        """Close every connection; open subscriptions end."""
        ...
