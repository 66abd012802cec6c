"""The bus on Kafka: a topic per kind of thing, keyed, so that its events keep their order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit
from weakref import WeakSet

import msgspec
from confluent_kafka import KafkaException

from taxlien.kit.bus.kafka_clients import Letters, Publisher, Record, Settings, Topics
from taxlien.kit.bus.kafka_subscription import KafkaSubscription
from taxlien.kit.bus.protocol import (
    DEFAULT_PREFIX,
    BusError,
    DeadLetter,
    Delivery,
    Outgoing,
    Subscription,
)
from taxlien.kit.ids import new_id

T = TypeVar("T")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,100}")
# Settings that a producer would warn about.
_READERS = re.compile(r"session\.|heartbeat\.|fetch\.|group\.|partition\.assignment|max\.poll")
_PARTITIONS = 16


class KafkaBus:
    """Kafka behind the ``Bus`` protocol. Topics: ``<prefix>.events.<thing>`` (``lien`` carries
    ``lien.created`` and ``lien.changed``), ``<prefix>.replay.<group>``, ``<prefix>.dead-letters``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.prefix = parts.path.strip("/") or DEFAULT_PREFIX
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"not a prefix for Kafka: {self.prefix!r}")
        user, _, brokers = parts.netloc.rpartition("@")
        settings = dict(parse_qsl(parts.query))
        partitions = int(settings.pop("partitions", _PARTITIONS))
        replicas = int(settings.pop("replicas", -1))
        if user:
            name, _, password = user.partition(":")
            settings |= {"sasl.username": unquote(name), "sasl.password": unquote(password)}
        self._settings: Settings = {"bootstrap.servers": brokers, **settings}
        self._publisher = Publisher(
            {name: value for name, value in self._settings.items() if not _READERS.match(name)}
        )
        self._topics = Topics(self._settings, partitions, replicas)
        self._letters = Letters(self._settings, f"{self.prefix}.dead-letters", self._publisher)
        self._open: WeakSet[KafkaSubscription] = WeakSet()

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if not messages:
            return
        records = [
            Record(self._topic_of(message.type), message.key, message.body, message.type)
            for message in messages
        ]
        await self._run("publish", self._publish, records)

    async def subscribe(self, group: str, types: Sequence[str]) -> Subscription:
        topics = sorted({self._topic_of(name) for name in types} | {self._replays(group)})
        await self._run("subscribe", self._topics.ensure, topics)
        subscription = KafkaSubscription(
            self._settings, f"{self.prefix}.{group}", topics, frozenset(types), self._replays(group)
        )
        self._open.add(subscription)
        return subscription

    async def dead_letter(self, group: str, delivery: Delivery, error: str) -> None:
        letter = DeadLetter(
            id=str(new_id()),
            group=group,
            type=delivery.type,
            error=error,
            failed_at=datetime.now(UTC),
            body=delivery.body,
        )
        await self._run("dead_letter", self._add_letter, letter)

    async def dead_letters(self, limit: int = 100, after: str | None = None) -> list[DeadLetter]:
        found = await self._run("dead_letters", self._letters.read)
        return [letter for letter in found if after is None or letter.id > after][:limit]

    async def replay(self, letter_id: str) -> bool:
        return await self._run("replay", self._replay, letter_id)

    async def lag(self, group: str) -> int | None:
        name = f"{self.prefix}.{group}"
        return await self._run("lag", self._topics.lag, name, f"{self.prefix}.")

    async def ping(self) -> None:
        await self._run("ping", self._topics.ping)

    async def close(self) -> None:
        for subscription in list(self._open):
            await subscription.close()
        await asyncio.to_thread(self._publisher.close)

    def _topic_of(self, event_type: str) -> str:
        return f"{self.prefix}.events.{event_type.partition('.')[0]}"

    def _replays(self, group: str) -> str:
        return f"{self.prefix}.replay.{group}"

    def _publish(self, records: list[Record]) -> None:
        self._topics.ensure(sorted({record.topic for record in records}))
        self._publisher.send(records)

    def _add_letter(self, letter: DeadLetter) -> None:
        self._topics.ensure([self._letters.topic])
        self._letters.write(letter.id, msgspec.json.encode(letter))

    def _replay(self, letter_id: str) -> bool:
        letter = next((found for found in self._letters.read() if found.id == letter_id), None)
        if letter is None:
            return False
        topic = self._replays(letter.group)
        self._topics.ensure([topic])
        self._publisher.send([Record(topic, letter.id, letter.body, letter.type)])
        self._letters.write(letter.id, None)
        return True

    async def _run(self, doing: str, function: Callable[..., T], *arguments: object) -> T:
        """Run a blocking call in a thread; what the client raises becomes ``BusError``."""
        try:
            return await asyncio.to_thread(function, *arguments)
        except KafkaException as error:
            raise BusError(f"{doing}: {error}") from error
