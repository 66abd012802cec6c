"""At least once delivered, once in effect, in order, and never stuck behind what cannot be handled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest
from opentelemetry import trace
from sqlalchemy import text

from taxlien.kit.bus import Bus, BusError, DeadLetter, Outgoing
from taxlien.kit.consumer import Consumer
from taxlien.kit.database import Database, Session
from taxlien.kit.events import Event, encode, wrap
from taxlien.kit.handlers import Handler, on, on_batch
from taxlien.kit.ids import new_id
from taxlien.kit.turns import Turns


class Counted(Event):
    type: ClassVar[str] = "thing.counted"

    thing: str
    number: int
    private: str = "Jane Doe"

    def key(self) -> str:
        return self.thing


def message(event: Event, traceparent: str | None = None) -> Outgoing:
    envelope = wrap(event, source="liens", traceparent=traceparent)
    return Outgoing(envelope.id, envelope.type, envelope.subject, encode(envelope))


def numbered(count: int, keys: int = 1) -> list[Outgoing]:
    return [message(Counted(thing=f"key {n % keys}", number=n // keys)) for n in range(count)]


async def letters(bus: Bus, count: int) -> list[DeadLetter]:
    async with asyncio.timeout(30):
        while len(found := await bus.dead_letters()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


@pytest.fixture
def consumer(database: Database) -> Callable[..., Consumer]:
    def make(handler: Handler, bus: Any, max_deliver: int = 3) -> Consumer:
        return Consumer(
            database, bus, handler, service="liens", max_deliver=max_deliver, backoff=0.01
        )

    return make


async def test_single_and_batch_handlers_have_every_event_once_in_order(
    bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    @on(Counted)
    async def one(session: Session, event: Counted) -> None:
        await ledger.add(session, f"one {event.thing}", event.number)

    @on_batch(Counted, max_messages=64)
    async def many(session: Session, events: list[Counted]) -> None:
        for event in events:
            await ledger.add(session, f"many {event.thing}", event.number)

    async with run_meanwhile(consumer(one, bus), consumer(many, bus)):
        for start in range(0, 300, 50):
            await bus.publish(numbered(300, keys=5)[start : start + 50])
        await ledger.reaches(600)
    written = await ledger.by_key()
    assert written == {
        f"{way} key {n}": list(range(60)) for way in ("one", "many") for n in range(5)
    }


async def test_the_same_event_delivered_twice_has_one_effect(
    bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    @on_batch(Counted)
    async def handle(session: Session, events: list[Counted]) -> None:
        for event in events:
            await ledger.add(session, event.thing, event.number)

    envelope = message(Counted(thing="a", number=1))
    # To the bus these are different messages: the id inside them is what counts.
    again = [Outgoing(new_id(), envelope.type, "a", envelope.body) for _ in range(4)]
    async with run_meanwhile(consumer(handle, bus)):
        await bus.publish(again[:3])
        await ledger.reaches(1)
        await bus.publish([again[3], message(Counted(thing="a", number=2))])
        await ledger.reaches(2)
    assert await ledger.by_key() == {"a": [1, 2]}


async def test_a_handler_that_recovers_is_tried_again_before_what_follows(
    bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    failures = [KeyError("first"), KeyError("second")]

    @on(Counted)
    async def handle(session: Session, event: Counted) -> None:
        await ledger.add(session, event.thing, event.number)
        if event.number == 1 and failures:
            raise failures.pop()

    async with run_meanwhile(consumer(handle, bus)):
        await bus.publish(numbered(4))
        await ledger.reaches(4)
    assert await ledger.by_key() == {"key 0": [0, 1, 2, 3]}
    assert await bus.dead_letters() == []


async def test_a_bad_event_in_a_batch_becomes_a_dead_letter_and_the_rest_goes_on(
    bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    tries: list[int] = []
    cured: list[bool] = []

    @on_batch(Counted)
    async def handle(session: Session, events: list[Counted]) -> None:
        for event in events:
            await ledger.add(session, event.thing, event.number)
            if event.number == 5 and not cured:
                tries.append(len(events))
                raise ArithmeticError("five is too many")

    reader = consumer(handle, bus)
    async with run_meanwhile(reader):
        await bus.publish(numbered(10))
        await ledger.reaches(9)
        (letter,) = await letters(bus, 1)
        assert await ledger.by_key() == {"key 0": [0, 1, 2, 3, 4, 6, 7, 8, 9]}
        assert tries.count(1) in {3, 4}  # alone three times, and once in a batch of one perhaps
        assert letter.group == "liens.handle" == reader.group
        assert (letter.type, letter.error) == ("thing.counted", "ArithmeticError: five is too many")
        cured.append(True)
        assert await bus.replay(letter.id)
        await ledger.reaches(10)
    assert await bus.dead_letters() == []


async def test_a_bad_event_in_a_long_run_is_given_up_alone(
    bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    @on_batch(Counted)
    async def handle(session: Session, events: list[Counted]) -> None:
        for event in events:
            if event.number == 150:
                raise ArithmeticError("that one is too many")
            await ledger.add(session, event.thing, event.number)

    sent = numbered(300)
    garbled = Outgoing(id=new_id(), type="thing.counted", key="key 0", body=b"],[")
    async with run_meanwhile(consumer(handle, bus)):
        await bus.publish([*sent[:200], garbled, *sent[200:]])
        await ledger.reaches(299)
        found = await letters(bus, 2)
    assert {letter.body for letter in found} == {sent[150].body, garbled.body}
    kept = [number for number in range(300) if number != 150]
    assert await ledger.by_key() == {"key 0": kept}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b'{"id": 1}',
        encode(wrap(Counted(thing="a", number=1), source="x")).replace(
            b'"number":1', b'"number":"no"'
        ),
        encode(wrap(Counted(thing="a", number=1), source="x")).replace(b"counted", b"unknown"),
    ],
    ids=["empty", "not text", "not json", "no envelope", "wrong data", "another type"],
)
async def test_what_cannot_be_read_goes_to_the_dead_letters_at_once(
    nats_bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any, body: bytes
) -> None:
    @on(Counted)
    async def handle(session: Session, event: Counted) -> None:
        await ledger.add(session, event.thing, event.number)

    async with run_meanwhile(consumer(handle, nats_bus)):
        await nats_bus.publish([Outgoing(new_id(), "thing.counted", "a", body)])
        await nats_bus.publish(numbered(1))
        await ledger.reaches(1)
        (letter,) = await letters(nats_bus, 1)
    assert letter.body == body
    assert letter.error


async def test_an_absent_database_is_waited_for_and_counts_as_no_try(
    nats_bus: Bus, schema: Any, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    cut: list[int] = []

    @on_batch(Counted)
    async def handle(session: Session, events: list[Counted]) -> None:
        if len(cut) < 8:
            cut.append(1)
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        for event in events:
            await ledger.add(session, event.thing, event.number)

    async with run_meanwhile(consumer(handle, nats_bus, max_deliver=1)):
        await nats_bus.publish(numbered(20))
        await ledger.reaches(20)
    assert await ledger.by_key() == {"key 0": list(range(20))}
    assert await nats_bus.dead_letters() == []
    assert len(cut) == 8


class Unreachable:
    """A bus that answers nothing the first times, as one that starts later than its readers."""

    def __init__(self, bus: Bus, failures: int) -> None:
        self.bus = bus
        self.failures = failures

    async def subscribe(self, group: str, types: Sequence[str]) -> Any:
        if self.failures:
            self.failures -= 1
            raise BusError("not there yet")
        return await self.bus.subscribe(group, types)


async def test_a_bus_that_comes_later_is_waited_for(
    nats_bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    @on(Counted)
    async def handle(session: Session, event: Counted) -> None:
        await ledger.add(session, event.thing, event.number)

    async with run_meanwhile(consumer(handle, Unreachable(nats_bus, 3))):
        await nats_bus.publish(numbered(1))
        await ledger.reaches(1)


async def test_stopping_leaves_an_event_that_keeps_failing_to_the_next_start(
    nats_bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    failed = asyncio.Event()
    cured: list[bool] = []

    @on(Counted)
    async def handle(session: Session, event: Counted) -> None:
        if not cured:
            failed.set()
            raise KeyError("still")
        await ledger.add(session, event.thing, event.number)

    async with run_meanwhile(consumer(handle, nats_bus, max_deliver=10_000)):
        await nats_bus.publish(numbered(2))
        async with asyncio.timeout(20):
            await failed.wait()
    cured.append(True)
    async with run_meanwhile(consumer(handle, nats_bus)):
        await ledger.reaches(2)
    assert await ledger.by_key() == {"key 0": [0, 1]}
    assert await nats_bus.dead_letters() == []


async def test_stopping_does_not_wait_for_what_may_never_come_and_loses_nothing(
    bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    @on_batch(Counted, max_wait=3600)
    async def handle(session: Session, events: list[Counted]) -> None:
        for event in events:
            await ledger.add(session, event.thing, event.number)

    for number in range(2):
        async with run_meanwhile(consumer(handle, bus)):
            await bus.publish([message(Counted(thing="a", number=number))])
            await ledger.reaches(number + 1)
    assert await ledger.by_key() == {"a": [0, 1]}


async def test_a_consumer_killed_between_effect_and_acknowledgement_repeats_nothing(
    nats_bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    @on_batch(Counted)
    async def handle(session: Session, events: list[Counted]) -> None:
        for event in events:
            await ledger.add(session, event.thing, event.number)

    class Deaf:
        """Hands out messages, and lets every acknowledgement fail."""

        async def subscribe(self, group: str, types: Sequence[str]) -> Any:
            subscription = await nats_bus.subscribe(group, types)

            async def fail(deliveries: object) -> None:
                raise BusError("lost")

            subscription.ack_all = fail  # type: ignore[method-assign, assignment]
            return subscription

    async with run_meanwhile(consumer(handle, Deaf())):
        await nats_bus.publish(numbered(50))
        await ledger.reaches(50)
    async with run_meanwhile(consumer(handle, nats_bus)):
        await nats_bus.publish(numbered(1, keys=1))
        await ledger.reaches(51)
    assert await ledger.by_key() == {"key 0": [*range(50), 0]}


async def test_the_handler_works_under_the_trace_of_its_event(
    nats_bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    seen: list[int] = []

    @on(Counted)
    async def handle(session: Session, event: Counted) -> None:
        seen.append(trace.get_current_span().get_span_context().trace_id)
        await ledger.add(session, event.thing, event.number)

    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with run_meanwhile(consumer(handle, nats_bus)):
        await nats_bus.publish([message(Counted(thing="a", number=1), traceparent=parent)])
        await ledger.reaches(1)
    assert seen == [0x0AF7651916CD43DD8448EB211C80319C]


async def test_what_means_nothing_is_acknowledged_unread_and_never_comes_back(
    bus: Bus, consumer: Any, database: Database, run_meanwhile: Any
) -> None:
    asked, heard = asyncio.Event(), asyncio.Event()
    waits = False
    numbers: list[int] = []

    async def nobody_waits(session: Session) -> bool:
        asked.set()
        return not waits

    @on_batch(Counted, max_messages=10, unless=nobody_waits)
    async def count(session: Session, events: list[Counted]) -> None:
        numbers.extend(event.number for event in events)
        heard.set()

    await bus.publish(numbered(3))
    async with run_meanwhile(consumer(count, bus)), asyncio.timeout(30):
        await asked.wait()
        waits = True
        await bus.publish([message(Counted(thing="key 0", number=9))])
        await heard.wait()
    assert numbers[-1:] == [9]
    async with database.session() as session:
        kept = await session.scalar(text("SELECT count(*) FROM liens.inbox"))
    assert kept == len(numbers) < 4


async def test_a_patient_listener_begins_when_the_others_rest_and_misses_nothing(
    bus: Bus, database: Database, ledger: Any, run_meanwhile: Any
) -> None:
    turns = Turns(rest=0.05, longest=60)
    busy, go_on = asyncio.Event(), asyncio.Event()

    @on_batch(Counted)
    async def index(session: Session, events: list[Counted]) -> None:
        busy.set()
        await go_on.wait()
        await ledger.add(session, "index", len(events))

    @on_batch(Counted, patient=True)
    async def learn(session: Session, events: list[Counted]) -> None:
        await ledger.add(session, "learn", int(go_on.is_set()))

    first, later = (
        Consumer(database, bus, each, service="liens", turns=turns) for each in (index, learn)
    )
    async with run_meanwhile(first):
        await bus.publish(numbered(1))
        async with asyncio.timeout(30):
            await busy.wait()
        async with run_meanwhile(later):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(turns.wait(asyncio.Event()), 0.3)
            go_on.set()
            await ledger.reaches(2)
    assert await ledger.by_key() == {"index": [1], "learn": [1]}


async def test_two_consumers_of_a_group_share_the_work(
    bus: Bus, consumer: Any, ledger: Any, run_meanwhile: Any
) -> None:
    @on_batch(Counted, max_messages=20)
    async def handle(session: Session, events: list[Counted]) -> None:
        for event in events:
            await ledger.add(session, event.thing, event.number)

    async with run_meanwhile(consumer(handle, bus), consumer(handle, bus)):
        await bus.publish(numbered(400, keys=8))
        await ledger.reaches(400)
    assert await ledger.by_key() == {f"key {n}": list(range(50)) for n in range(8)}
