"""The bus on NATS JetStream: one stream of events, one of dead letters, a durable per group."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit, urlunsplit
from uuid import uuid4
from weakref import WeakSet

from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NotFoundError

from taxlien.kit.bus.nats_connections import Publisher, Reader, ask, translated
from taxlien.kit.bus.nats_packs import commands
from taxlien.kit.bus.nats_subscription import (
    PIN_GROUP,
    PIN_SECONDS,
    TYPE_HEADER,
    NatsSubscription,
)
from taxlien.kit.bus.protocol import (
    DEFAULT_PREFIX,
    BusError,
    DeadLetter,
    Delivery,
    Outgoing,
    Subscription,
)

_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TYPE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_STREAM_IN_USE = 10058

DAY = 86_400.0
EVENTS_KEPT = 7 * DAY
LETTERS_KEPT = 90 * DAY
DUPLICATE_WINDOW = 120.0
# Long, since what a dead member left is delivered again by a reset, not by this timeout.
ACK_WAIT_SECONDS = 3600
MAX_ACK_PENDING = 20_000

_GROUP, _ERROR, _FAILED_AT = (f"Taxlien-{name}" for name in ("Group", "Error", "Failed-At"))


class NatsBus:
    """JetStream behind the ``Bus`` protocol. Subjects: ``<prefix>.events.<type>``,
    ``<prefix>.replay.<group>`` and ``<prefix>.dead.<group>``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.prefix = parts.path.strip("/") or DEFAULT_PREFIX
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"not a prefix for NATS: {self.prefix!r}")
        self._replicas = int(parse_qs(parts.query).get("replicas", ["1"])[0])
        server = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        self._publisher = Publisher(server, prepare=self._ensure_streams)
        self._reader = Reader(server)
        self.stream = self.prefix
        self.letters = f"{self.prefix}_dead"
        self._subjects: dict[str, str] = {}
        self._open: WeakSet[NatsSubscription] = WeakSet()

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await self._publisher.send(commands(messages, self._subject))

    async def subscribe(self, group: str, types: Sequence[str]) -> Subscription:
        async with translated("subscribe"):
            client = await self._reader.connected()
            await self._ensure_streams(client.jetstream())
            durable = durable_of(group)
            state = await ask(
                client,
                f"$JS.API.CONSUMER.CREATE.{self.stream}.{durable}",
                {"stream_name": self.stream, "config": self._durable(group, types)},
            )
            subscription = await NatsSubscription.open(
                self._reader, self.prefix, self.stream, durable, alone=not state.get("num_waiting")
            )
        self._open.add(subscription)
        return subscription

    def _durable(self, group: str, types: Sequence[str]) -> dict[str, object]:
        return {
            "durable_name": durable_of(group),
            "deliver_policy": "all",
            "ack_policy": "all",
            "ack_wait": ACK_WAIT_SECONDS * 1_000_000_000,
            "max_ack_pending": MAX_ACK_PENDING,
            "priority_policy": "pinned_client",
            "priority_groups": [PIN_GROUP],
            "priority_timeout": PIN_SECONDS * 1_000_000_000,
            "filter_subjects": [
                *(self._subject(name) for name in types),
                f"{self.prefix}.replay.{group}",
            ],
        }

    async def dead_letter(self, group: str, delivery: Delivery, error: str) -> None:
        headers = {
            _GROUP: group,
            TYPE_HEADER: delivery.type,
            _ERROR: " ".join(error.split()),
            _FAILED_AT: datetime.now(UTC).isoformat(),
        }
        await self._publisher.send([(f"{self.prefix}.dead.{group}", delivery.body, headers)])

    async def dead_letters(self, limit: int = 100, after: str | None = None) -> list[DeadLetter]:
        found: list[DeadLetter] = []
        async with translated("dead_letters"):
            stream = (await self._reader.connected()).jetstream()
            await self._ensure_streams(stream)
            sequence = int(after or 0) + 1
            while len(found) < limit:
                try:
                    message = await stream.get_msg(self.letters, seq=sequence, next=True)
                except NotFoundError:
                    break
                found.append(_letter(message))
                sequence = (message.seq or sequence) + 1
        return found

    async def replay(self, letter_id: str) -> bool:
        async with translated("replay"):
            stream = (await self._reader.connected()).jetstream()
            try:
                letter = _letter(await stream.get_msg(self.letters, seq=int(letter_id)))
            except (NotFoundError, ValueError):
                return False
        subject = f"{self.prefix}.replay.{letter.group}"
        # A fresh message id: the server would otherwise drop what it has just seen.
        await self._publisher.send(
            [(subject, letter.body, {TYPE_HEADER: letter.type, "Nats-Msg-Id": str(uuid4())})]
        )
        async with translated("replay"):
            await stream.delete_msg(self.letters, int(letter_id))
        return True

    async def lag(self, group: str) -> int | None:
        async with translated("lag"):
            stream = (await self._reader.connected()).jetstream()
            try:
                info = await stream.consumer_info(self.stream, durable_of(group))
            except NotFoundError:
                return None
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def ping(self) -> None:
        async with translated("ping"):
            await (await self._reader.connected()).flush(timeout=5)

    async def close(self) -> None:
        for subscription in list(self._open):
            with suppress(BusError):  # the server is away: it forgets them by itself
                await subscription.close()
        await self._publisher.close()
        await self._reader.close()

    def _subject(self, event_type: str) -> str:
        found = self._subjects.get(event_type)
        if found is None:
            if not _TYPE.fullmatch(event_type):
                raise ValueError(f"not the name of an event: {event_type!r}")
            found = self._subjects[event_type] = f"{self.prefix}.events.{event_type}"
        return found

    async def _ensure_streams(self, stream: JetStreamContext) -> None:
        events = [f"{self.prefix}.events.>", f"{self.prefix}.replay.>"]
        await self._ensure_stream(stream, self.stream, events, EVENTS_KEPT)
        await self._ensure_stream(stream, self.letters, [f"{self.prefix}.dead.>"], LETTERS_KEPT)

    async def _ensure_stream(
        self, stream: JetStreamContext, name: str, subjects: list[str], kept: float
    ) -> None:
        config = api.StreamConfig(
            name=name,
            subjects=subjects,
            retention=api.RetentionPolicy.LIMITS,
            storage=api.StorageType.FILE,
            max_age=kept,
            duplicate_window=DUPLICATE_WINDOW,
            num_replicas=self._replicas,
            allow_direct=True,
        )
        try:
            await stream.add_stream(config)
        except APIError as error:
            if error.err_code != _STREAM_IN_USE:
                raise
            await stream.update_stream(config)


def durable_of(group: str) -> str:
    """Return the durable's name of ``group``: the server allows no dots in it."""
    return group.replace(".", "__")


def _letter(message: api.RawStreamMsg) -> DeadLetter:
    headers = message.headers or {}
    try:
        failed_at = datetime.fromisoformat(headers.get(_FAILED_AT, ""))
    except ValueError:
        failed_at = datetime.fromtimestamp(0, UTC)
    return DeadLetter(
        id=str(message.seq),
        group=headers.get(_GROUP, ""),
        type=headers.get(TYPE_HEADER, ""),
        error=headers.get(_ERROR, ""),
        failed_at=failed_at,
        body=message.data or b"",
    )
