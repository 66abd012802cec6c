"""Many events in one NATS message: what a message costs is then paid once for up to 256 events.

A pack is a CloudEvents batch, a JSON array of envelopes, of neighbours that have one type, so order
holds. A header gives their lengths, so that nothing is parsed to part them. Few events travel alone:
then each is acknowledged by itself (docs/adr/0035).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter

from taxlien.kit.bus.nats_client import Command, header
from taxlien.kit.bus.protocol import Outgoing

PACK_FROM = 32
PACK_EVENTS = 256
PACK_BYTES = 500_000

_LENGTHS = "Taxlien-Lengths"
_CONTENT = "application/cloudevents-batch+json"
_type_of = attrgetter("type")


def commands(messages: Sequence[Outgoing], subject_of: Callable[[str], str]) -> Iterator[Command]:
    """Yield ``messages`` in their order, long runs of one type packed."""
    for kind, run in groupby(messages, key=_type_of):
        subject, neighbours = subject_of(kind), list(run)
        if len(neighbours) < PACK_FROM:
            yield from (_alone(message, subject) for message in neighbours)
        else:
            yield from (_packed(pack, subject) for pack in _cut(neighbours))


def lengths_of(body: bytes, headers: bytes) -> list[int]:
    """Return the length of each event of a pack; none where the message is one event.

    A pack whose lengths do not add up counts as one event.
    """
    listed = header(headers, _LENGTHS) if _LENGTHS.encode() in headers else ""
    try:
        lengths = list(map(int, listed.split(","))) if listed else []
    except ValueError:
        return []
    if not lengths or sum(lengths) + len(lengths) + 1 != len(body) or min(lengths) < 0:
        return []
    return lengths


def part(body: bytes, lengths: Sequence[int], start: int) -> tuple[list[bytes], int]:
    """Return the events of these lengths, from ``start`` on, and where the one after them begins."""
    events = []
    for length in lengths:
        events.append(body[start : start + length])
        start += length + 1
    return events, start


def _cut(messages: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    pack: list[Outgoing] = []
    size = 0
    for message in messages:
        if pack and (len(pack) == PACK_EVENTS or size + len(message.body) > PACK_BYTES):
            yield pack
            pack, size = [], 0
        pack.append(message)
        size += len(message.body)
    yield pack


def _alone(message: Outgoing, subject: str) -> Command:
    return subject, message.body, {"Nats-Msg-Id": str(message.id)}


def _packed(pack: Sequence[Outgoing], subject: str) -> Command:
    if len(pack) == 1:
        return _alone(pack[0], subject)
    bodies = [message.body for message in pack]
    # Of all ids: the server drops a pack as a repetition only if it holds the very same events.
    ids = blake2b(b"".join([message.id.bytes for message in pack]), digest_size=16)
    return (
        subject,
        b"[" + b",".join(bodies) + b"]",
        {
            "Nats-Msg-Id": ids.hexdigest(),
            "Content-Type": _CONTENT,
            _LENGTHS: ",".join(map(str, map(len, bodies))),
        },
    )
