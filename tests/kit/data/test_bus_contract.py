"""What every adapter promises. Each test runs on NATS JetStream and on Kafka."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from uuid import uuid4

import pytest

from taxlien.kit.bus import Bus, DeadLetter, Delivery, Outgoing, Subscription, connect_bus
from taxlien.kit.ids import new_id

LIMIT = 30.0


def message(key: str = "k", body: bytes = b"{}", kind: str = "thing.made") -> Outgoing:
    return Outgoing(new_id(), kind, key, body)


def numbered(count: int, keys: int = 1) -> list[Outgoing]:
    return [message(key=f"key-{n % keys}", body=b"%d" % n) for n in range(count)]


async def receive(subscription: Subscription, count: int) -> list[Delivery]:
    """Fetch until ``count`` messages came, and fail when they do not."""
    found: list[Delivery] = []
    async with asyncio.timeout(LIMIT):
        while len(found) < count:
            found += await subscription.fetch(100, 0.5)
    return found


async def receive_all(subscription: Subscription, count: int) -> list[Delivery]:
    found: list[Delivery] = []
    async with asyncio.timeout(LIMIT):
        while len(found) < count:
            fetched = await subscription.fetch(100, 0.5)
            await subscription.ack_all(fetched)
            found += fetched
    return found


async def nothing_more(bus: Bus, group: str) -> None:
    async with asyncio.timeout(LIMIT):
        while await bus.lag(group) != 0:  # noqa: ASYNC110 - a server's state has no event to wait on
            await asyncio.sleep(0.02)


async def test_a_group_gets_every_message_with_its_body_and_type(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.all", ["thing.made"])
    sent = numbered(250, keys=7)
    await bus.publish(sent)
    found = await receive_all(subscription, 250)
    assert sorted(d.body for d in found) == sorted(m.body for m in sent)
    assert {d.type for d in found} == {"thing.made"}


async def test_messages_of_one_key_arrive_in_the_order_they_were_published(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.order", ["thing.made"])
    sent = numbered(1000, keys=13)
    for start in range(0, 1000, 100):
        await bus.publish(sent[start : start + 100])
    by_key: dict[int, list[int]] = defaultdict(list)
    for delivery in await receive_all(subscription, 1000):
        by_key[int(delivery.body) % 13].append(int(delivery.body))
    assert by_key == {key: list(range(key, 1000, 13)) for key in range(13)}


async def test_order_of_a_key_holds_across_types_of_one_thing(bus: Bus) -> None:
    kinds = ["thing.made", "thing.changed", "thing.ended"]
    subscription = await bus.subscribe("reading.types", kinds)
    await bus.publish([message("one", b"%d" % n, kinds[n % 3]) for n in range(90)])
    found = await receive_all(subscription, 90)
    assert [int(d.body) for d in found] == list(range(90))


async def test_a_group_that_comes_later_reads_from_the_beginning(bus: Bus) -> None:
    await bus.publish(numbered(20))
    subscription = await bus.subscribe("reading.late", ["thing.made"])
    assert [int(d.body) for d in await receive_all(subscription, 20)] == list(range(20))


async def test_two_groups_each_get_every_message(bus: Bus) -> None:
    first = await bus.subscribe("reading.first", ["thing.made"])
    second = await bus.subscribe("reading.second", ["thing.made"])
    await bus.publish(numbered(30))
    assert len(await receive_all(first, 30)) == 30
    assert len(await receive_all(second, 30)) == 30


async def test_types_that_were_not_asked_for_do_not_come(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.some", ["thing.changed"])
    await bus.publish([message(kind="thing.made"), message(kind="other.made")])
    await bus.publish([message(kind="thing.changed", body=b"wanted")])
    found = await receive_all(subscription, 1)
    assert [d.body for d in found] == [b"wanted"]


async def test_a_group_that_learns_another_type_gets_it_from_then_on(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.growing", ["thing.made"])
    await bus.publish([message(body=b"first")])
    await receive_all(subscription, 1)
    await subscription.close()
    again = await bus.subscribe("reading.growing", ["thing.made", "thing.changed"])
    await bus.publish([message(kind="thing.changed", body=b"second")])
    assert [d.body for d in await receive_all(again, 1)] == [b"second"]


async def test_long_runs_of_several_types_arrive_whole_and_in_order(bus: Bus) -> None:
    kinds = ["thing.made", "thing.changed"]
    subscription = await bus.subscribe("reading.runs", kinds)
    sizes = [300, 1, 40, 31, 700, 32]
    sent = [
        message("one", b"%d %d" % (run, n), kinds[run % 2])
        for run, size in enumerate(sizes)
        for n in range(size)
    ]
    await bus.publish(sent)
    found = await receive_all(subscription, len(sent))
    assert [(d.type, d.body) for d in found] == [(m.type, m.body) for m in sent]
    await nothing_more(bus, "reading.runs")


async def test_bodies_of_any_bytes_arrive_as_they_were(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.bytes", ["thing.made"])
    bodies = [b"", b"[", b",", b"{},{}", b"\r\n", bytes(range(256))] * 20
    await bus.publish([message(body=body) for body in bodies])
    assert [d.body for d in await receive_all(subscription, len(bodies))] == bodies


async def test_more_bytes_than_one_request_may_carry_arrive_in_order(nats_bus: Bus) -> None:
    subscription = await nats_bus.subscribe("reading.large", ["thing.made"])
    bodies = [b"%04d" % n + b"x" * 200_000 for n in range(60)]
    await nats_bus.publish([message(body=body) for body in bodies])
    assert [d.body[:4] for d in await receive_all(subscription, 60)] == [b[:4] for b in bodies]


async def test_what_was_not_acknowledged_of_a_long_run_comes_again(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.half", ["thing.made"])
    await bus.publish(numbered(400))
    found: list[Delivery] = []
    async with asyncio.timeout(LIMIT):
        while len(found) < 300:
            found += await subscription.fetch(300 - len(found), 0.5)
    await subscription.ack_all(found)
    await subscription.close()
    again = await bus.subscribe("reading.half", ["thing.made"])
    wanted = set(range(300, 400))
    async with asyncio.timeout(LIMIT):
        while wanted:
            fetched = await again.fetch(100, 0.5)
            wanted -= {int(delivery.body) for delivery in fetched}
            await again.ack_all(fetched)
    await nothing_more(bus, "reading.half")


async def test_the_same_run_published_twice_is_delivered_once(nats_bus: Bus) -> None:
    subscription = await nats_bus.subscribe("reading.again", ["thing.made"])
    sent = numbered(600)
    await nats_bus.publish(sent)
    await nats_bus.publish(sent)
    assert [int(d.body) for d in await receive_all(subscription, 600)] == list(range(600))
    assert await subscription.fetch(100, 0.2) == []


async def test_what_is_passed_over_never_comes_back_and_what_is_not_stays(bus: Bus) -> None:
    async def no() -> bool:
        return False

    async def yes() -> bool:
        return True

    subscription = await bus.subscribe("reading.passing", ["thing.made"])
    assert await subscription.pass_over(100, 0.1, yes) == 0
    await bus.publish(numbered(300))
    found = await receive(subscription, 40)
    assert await subscription.pass_over(100, 5, no) is None
    await subscription.ack_all(found)
    passed = len(found)
    async with asyncio.timeout(LIMIT):
        while passed < 300:
            passed += await subscription.pass_over(100, 0.5, yes) or 0
    assert passed == 300
    await nothing_more(bus, "reading.passing")
    await bus.publish([message(body=b"next")])
    assert [d.body for d in await receive_all(subscription, 1)] == [b"next"]


async def test_what_was_being_asked_about_when_its_reader_went_comes_again(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.asking", ["thing.made"])
    await bus.publish(numbered(50))
    asked = asyncio.Event()

    async def never() -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    passing = asyncio.create_task(subscription.pass_over(100, 20, never))
    async with asyncio.timeout(LIMIT):
        await asked.wait()
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)
    await subscription.close()
    again = await bus.subscribe("reading.asking", ["thing.made"])
    assert [int(d.body) for d in await receive_all(again, 50)] == list(range(50))


async def test_acknowledged_messages_do_not_come_back_and_others_do(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.twice", ["thing.made"])
    await bus.publish(numbered(10))
    found = await receive(subscription, 10)
    await subscription.ack_all(found[:6])
    await subscription.close()
    again = await bus.subscribe("reading.twice", ["thing.made"])
    assert [int(d.body) for d in await receive_all(again, 4)] == [6, 7, 8, 9]
    await nothing_more(bus, "reading.twice")


async def test_an_acknowledgement_out_of_order_loses_nothing_before_it(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.holes", ["thing.made"])
    await bus.publish(numbered(5))
    found = await receive(subscription, 5)
    await found[3].ack()
    await subscription.close()
    again = await bus.subscribe("reading.holes", ["thing.made"])
    assert [int(d.body) for d in await receive_all(again, 4)][:3] == [0, 1, 2]


async def test_two_members_of_a_group_share_its_messages(bus: Bus) -> None:
    members = [await bus.subscribe("reading.shared", ["thing.made"]) for _ in range(2)]
    await bus.publish(numbered(200, keys=50))
    found: set[int] = set()

    async def read(member: Subscription) -> None:
        while len(found) < 200:
            fetched = await member.fetch(10, 0.3)
            found.update(int(delivery.body) for delivery in fetched)
            await member.ack_all(fetched)

    async with asyncio.timeout(LIMIT):
        await asyncio.gather(*(read(member) for member in members))
    assert found == set(range(200))


async def test_fetch_of_nothing_returns_an_empty_list(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.none", ["thing.made"])
    assert await subscription.fetch(10, 0.1) == []


async def test_a_cancelled_fetch_loses_nothing(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.cancelled", ["thing.made"])
    sent = numbered(300)
    found: list[Delivery] = []
    publishing = asyncio.create_task(bus.publish(sent))
    async with asyncio.timeout(LIMIT):
        while len(found) < 300:
            fetching = asyncio.create_task(subscription.fetch(10, 5))
            await asyncio.sleep(0)
            fetching.cancel()
            (ended,) = await asyncio.gather(fetching, return_exceptions=True)
            fetched = ended if isinstance(ended, list) else []
            fetched += await subscription.fetch(10, 0.5)
            await subscription.ack_all(fetched)
            found += fetched
    await publishing
    assert [int(d.body) for d in found] == list(range(300))


async def letters(bus: Bus, count: int) -> list[DeadLetter]:
    async with asyncio.timeout(LIMIT):
        while len(found := await bus.dead_letters()) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def test_a_dead_letter_keeps_the_message_and_says_who_gave_up_and_why(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.sick", ["thing.made"])
    await bus.publish([message(body=b"not well")])
    (delivery,) = await receive(subscription, 1)
    await bus.dead_letter("reading.sick", delivery, "ValueError: no")
    await delivery.ack()
    (letter,) = await letters(bus, 1)
    assert (letter.group, letter.type, letter.body) == ("reading.sick", "thing.made", b"not well")
    assert letter.error == "ValueError: no"
    assert letter.failed_at.tzinfo is not None


async def test_dead_letters_are_listed_in_pages_oldest_first(bus: Bus) -> None:
    subscription = await bus.subscribe("reading.pages", ["thing.made"])
    await bus.publish(numbered(5))
    for delivery in await receive_all(subscription, 5):
        await bus.dead_letter("reading.pages", delivery, "no")
    everything = await letters(bus, 5)
    first = await bus.dead_letters(limit=2)
    rest = await bus.dead_letters(limit=10, after=first[-1].id)
    assert [letter.body for letter in everything] == [b"0", b"1", b"2", b"3", b"4"]
    assert first + rest == everything


async def test_a_replayed_letter_goes_to_its_group_alone_and_leaves_the_list(bus: Bus) -> None:
    sick = await bus.subscribe("reading.ill", ["thing.made"])
    well = await bus.subscribe("reading.well", ["thing.made"])
    await bus.publish([message(body=b"try again")])
    (delivery,) = await receive_all(sick, 1)
    await receive_all(well, 1)
    await bus.dead_letter("reading.ill", delivery, "no")
    (letter,) = await letters(bus, 1)
    assert await bus.replay(letter.id)
    (again,) = await receive_all(sick, 1)
    assert (again.body, again.type) == (b"try again", "thing.made")
    assert await letters(bus, 0) == []
    await bus.publish([message(body=b"next")])
    assert [d.body for d in await receive_all(well, 1)] == [b"next"]


async def test_replay_of_an_unknown_letter_says_so(bus: Bus) -> None:
    await bus.publish([message()])
    assert not await bus.replay("999999")
    assert not await bus.replay(str(uuid4()))


async def test_lag_counts_what_a_group_has_not_acknowledged(bus: Bus) -> None:
    assert await bus.lag("reading.slow") is None
    subscription = await bus.subscribe("reading.slow", ["thing.made"])
    await bus.publish(numbered(12))
    found = await receive(subscription, 12)
    assert await bus.lag("reading.slow") == 12
    await subscription.ack_all(found)
    await nothing_more(bus, "reading.slow")


async def test_publishing_nothing_does_nothing(bus: Bus) -> None:
    await bus.publish([])
    await bus.ping()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "amqp://127.0.0.1", "nats://127.0.0.1/a.b"])
def test_an_address_that_no_adapter_serves_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"no bus speaks|not a prefix"):
        connect_bus(url)
