"""Write events into the outbox, in the transaction of the rows they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from struct import Struct

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from psycopg import sql
from sqlalchemy import text

from taxlien.kit.database import Session, driver_connection, service_of
from taxlien.kit.events import Envelope, Event, encode, wrap
from taxlien.kit.outbox.tables import lane_of

# NATS and Kafka both refuse a message above a megabyte; here it would hold up its whole lane.
MAX_BODY = 900_000

_EVENTS_PER_WRITE = 1000
_propagator = TraceContextTextMapPropagator()

# PostgreSQL's binary COPY: a signature, flags and extension length; then per row the number of
# fields and each field behind its length; a row of -1 fields ends it. Bodies need no escaping there.
_COPY_START = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
_COPY_END = b"\xff\xff"
_row_start = Struct("!hihi16si").pack  # 5 fields; lane; id; length of type
_length = Struct("!i").pack


async def emit(session: Session, *events: Event) -> None:
    """Add ``events`` to the outbox of the session's service. They leave after it commits, in order.

    Raises ``ValueError`` for an event above ``MAX_BODY`` bytes.
    """
    if not events:
        return
    service = service_of(session)
    rows = [
        {
            "lane": lane_of(envelope.subject),
            "id": envelope.id,
            "type": envelope.type,
            "key": envelope.subject,
            "body": _body(envelope),
        }
        for envelope in _wrap(events, service)
    ]
    statement = text(
        f"INSERT INTO {service}.outbox (lane, id, type, key, body) "  # noqa: S608
        "VALUES (:lane, :id, :type, :key, :body)"
    )
    await session.execute(statement, rows)


async def emit_many(session: Session, events: Iterable[Event]) -> int:
    """Do what ``emit`` does by COPY, for hundreds of thousands of events. Returns how many."""
    await session.flush()
    connection = await driver_connection(session)
    statement = sql.SQL(
        "COPY {} (lane, id, type, key, body) FROM STDIN WITH (FORMAT binary)"
    ).format(sql.Identifier(service_of(session), "outbox"))
    envelopes = _wrap(events, service_of(session))
    count = 0
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write(_COPY_START)
        while chunk := [_binary_row(envelope) for envelope in islice(envelopes, _EVENTS_PER_WRITE)]:
            await copy.write(b"".join(chunk))
            count += len(chunk)
        await copy.write(_COPY_END)
    return count


def current_traceparent() -> str | None:
    """Return the W3C traceparent of the current span, or None outside of any."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def _wrap(events: Iterable[Event], service: str) -> Iterator[Envelope]:
    traceparent = current_traceparent()
    return (wrap(event, source=service, traceparent=traceparent) for event in events)


def _body(envelope: Envelope) -> bytes:
    body = encode(envelope)
    if len(body) > MAX_BODY:
        raise ValueError(
            f"{envelope.type} {envelope.subject} is too large for the bus: "
            f"{len(body)} bytes, at most {MAX_BODY}"
        )
    return body


def _binary_row(envelope: Envelope) -> bytes:
    kind, key, body = envelope.type.encode(), envelope.subject.encode(), _body(envelope)
    start = _row_start(5, 2, lane_of(envelope.subject), 16, envelope.id.bytes, len(kind))
    return b"".join((start, kind, _length(len(key)), key, _length(len(body)), body))
