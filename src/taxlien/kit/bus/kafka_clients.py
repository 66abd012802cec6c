"""The blocking halves of the Kafka bus. Everything here runs in threads, never on the event loop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from taxlien.kit.bus.protocol import DeadLetter

Settings = dict[str, str | int | float | bool]
Headers = list[tuple[str, str | bytes | None]]

TYPE_HEADER = "ce_type"
ANSWER_SECONDS = 5.0
STORE_MILLISECONDS = 15_000

_HEADERS = ("content-type", b"application/cloudevents+json")
log = logging.getLogger("taxlien.kit.bus.kafka")


@dataclass(frozen=True, slots=True)
class Record:
    """One record to produce; ``body`` None is a tombstone."""

    topic: str
    key: str
    body: bytes | None
    type: str


class Publisher:
    """An idempotent producer: order is kept per key, and a retry inside the client adds no copy.

    After a failure the producer is thrown away with all it holds: what is published again must not
    overtake or follow remains of the first attempt.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Producer | None = None
        self._using = threading.Lock()

    def send(self, records: Sequence[Record]) -> None:
        """Produce ``records`` in order and wait until all are stored. Raises ``KafkaException``."""
        with self._using:
            producer = self._producer = self._producer or self._new()
            failures: list[KafkaError] = []
            missing = len(records)

            def delivered(error: KafkaError | None, _: Message) -> None:
                nonlocal missing
                missing -= 1
                if error is not None:
                    failures.append(error)

            try:
                for record in records:
                    self._produce(producer, record, delivered)
                while missing and not failures:
                    producer.poll(0.1)
                if failures:
                    raise KafkaException(failures[0])
            except BaseException:
                self._producer = None
                producer.purge()
                raise

    def close(self) -> None:
        """Let go of the producer; every ``send`` has waited for its own records already."""
        with self._using:
            self._producer = None

    def _new(self) -> Producer:
        own: Settings = {
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "message.timeout.ms": STORE_MILLISECONDS,
            "queue.buffering.max.messages": 100_000,
        }
        return Producer({**own, **self._settings}, logger=log)

    @staticmethod
    def _produce(
        producer: Producer, record: Record, delivered: Callable[[KafkaError | None, Message], None]
    ) -> None:
        headers: Headers = [_HEADERS, (TYPE_HEADER, record.type.encode())]
        while True:
            try:
                producer.produce(
                    record.topic, record.body, record.key, on_delivery=delivered, headers=headers
                )
            except BufferError:  # its queue is full: let some go first
                producer.poll(0.1)
            else:
                return


class Topics:
    """Topics made when first needed, and what groups have left to read in them."""

    def __init__(self, settings: Settings, partitions: int, replicas: int) -> None:
        self._settings = settings
        self._partitions = partitions
        self._replicas = replicas
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def ensure(self, names: Sequence[str]) -> None:
        """Create the topics among ``names`` that are missing. Raises ``KafkaException``."""
        with self._lock:
            missing = [name for name in names if name not in self._known]
            if not missing:
                return
            admin = AdminClient(self._settings, logger=log)
            metadata = admin.list_topics(timeout=ANSWER_SECONDS)
            for name in missing:
                if name not in metadata.topics:
                    self._create(
                        admin, name, has_controller=metadata.controller_id in metadata.brokers
                    )
            self._known.update(missing)

    def lag(self, group: str, prefix: str) -> int | None:
        """Return what ``group`` has left in topics that begin with ``prefix``; None: unknown group.

        Counts events of the topics that the group skips, too: Kafka knows topics, not types.
        """
        consumer = Consumer({**self._settings, "group.id": group}, logger=log)
        try:
            topics = consumer.list_topics(timeout=ANSWER_SECONDS).topics
            asked = [
                TopicPartition(name, partition)
                for name, topic in topics.items()
                if name.startswith(prefix)
                for partition in topic.partitions
            ]
            committed = consumer.committed(asked, timeout=ANSWER_SECONDS) if asked else []
            read = [place for place in committed if place.offset >= 0]
            if not read:
                return None
            return sum(
                consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)[1] - place.offset
                for place in read
            )
        finally:
            consumer.close()

    def ping(self) -> None:
        """Return when a broker answers. Raises ``KafkaException``."""
        AdminClient(self._settings, logger=log).list_topics(timeout=ANSWER_SECONDS)

    def _create(self, admin: AdminClient, name: str, *, has_controller: bool) -> None:
        if not has_controller:
            # Nobody creates topics on request here, but asking for one by name makes it.
            deadline = time.monotonic() + ANSWER_SECONDS
            while admin.list_topics(name, timeout=ANSWER_SECONDS).topics[name].error:
                if time.monotonic() > deadline:
                    raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
            return
        topic = NewTopic(name, num_partitions=self._partitions, replication_factor=self._replicas)
        try:
            admin.create_topics([topic], request_timeout=ANSWER_SECONDS)[name].result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


class Letters:
    """Dead letters in a topic keyed by their id; a tombstone takes one away."""

    def __init__(self, settings: Settings, topic: str, publisher: Publisher) -> None:
        self._settings = settings
        self._publisher = publisher
        self.topic = topic

    def write(self, letter_id: str, body: bytes | None) -> None:
        """Add the letter, or take it away when ``body`` is None."""
        self._publisher.send([Record(self.topic, letter_id, body, "dead-letter")])

    def read(self) -> list[DeadLetter]:
        """Return every letter, oldest first. Reads the whole topic: letters are few, or should be."""
        own: Settings = {"group.id": f"{self.topic}.reader", "enable.auto.commit": False}
        consumer = Consumer({**self._settings, **own}, logger=log)
        bodies: dict[str, bytes] = {}
        try:
            for message in self._messages(consumer):
                letter_id = (message.key() or b"").decode()
                body = message.value()
                if body is None:
                    bodies.pop(letter_id, None)
                else:
                    bodies[letter_id] = body
        finally:
            consumer.close()
        letters = [msgspec.json.decode(body, type=DeadLetter) for body in bodies.values()]
        return sorted(letters, key=lambda letter: letter.id)

    def _messages(self, consumer: Consumer) -> list[Message]:
        found = consumer.list_topics(timeout=ANSWER_SECONDS).topics.get(self.topic)
        if found is None:
            return []
        places = [
            TopicPartition(self.topic, number, OFFSET_BEGINNING) for number in found.partitions
        ]
        ends: dict[int, int] = {}
        for place in places:
            low, high = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)
            if high > low:
                ends[place.partition] = high
        consumer.assign([place for place in places if place.partition in ends])
        messages: list[Message] = []
        quiet_until = time.monotonic() + ANSWER_SECONDS
        while ends:
            for message in consumer.consume(500, 0.2):
                if message.error() is not None:
                    raise KafkaException(message.error())
                messages.append(message)
                quiet_until = time.monotonic() + ANSWER_SECONDS
            # Positions, not messages, tell the end: compaction and markers leave gaps.
            at = consumer.position([TopicPartition(self.topic, number) for number in ends])
            for place in at:
                if place.offset >= ends[place.partition]:
                    del ends[place.partition]
            if time.monotonic() > quiet_until:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return messages
