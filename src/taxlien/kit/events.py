"""Events as data: the base class, and the CloudEvents 1.0 envelope they travel in.

An event is a frozen ``msgspec.Struct`` named noun + past verb. It carries the data its readers need, so
that nobody has to call back. A change that breaks readers is a new class with the next ``version``.
"""

from __future__ import annotations

import builtins
from datetime import UTC, datetime
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from taxlien.kit.ids import new_id

E = TypeVar("E", bound="Event")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every event. ``type`` is the name on the wire; order holds among events of one ``key``."""

    type: ClassVar[str]
    version: ClassVar[int] = 1

    def key(self) -> str:
        """Return what this event is about; events with the same key are delivered in order."""
        raise TypeError(f"{type(self).__name__} does not say its key")

    @classmethod
    def wire_type(cls) -> str:
        """Return the CloudEvents ``type``: ``lien.created``, or ``lien.created.v2`` from version 2 on."""
        return cls.type if cls.version == 1 else f"{cls.type}.v{cls.version}"


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """CloudEvents 1.0, JSON format. ``data`` stays raw until a reader names the type it expects."""

    id: UUID
    type: str
    source: str
    time: datetime
    subject: str
    data: msgspec.Raw
    specversion: str = "1.0"
    datacontenttype: str = "application/json"
    traceparent: str | None = None

    def event(self, kind: builtins.type[E]) -> E:
        """Decode ``data`` as ``kind``. Raises ``msgspec.ValidationError`` when it does not fit."""
        return msgspec.json.decode(self.data, type=kind)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


def wrap(event: Event, *, source: str, traceparent: str | None = None) -> Envelope:
    """Put ``event`` into a new envelope. ``source`` is the service that emits it, such as ``liens``."""
    return Envelope(
        id=new_id(),
        type=event.wire_type(),
        source=f"taxlien/{source}",
        time=datetime.now(UTC),
        subject=event.key(),
        data=msgspec.Raw(_encoder.encode(event)),
        traceparent=traceparent,
    )


def encode(envelope: Envelope) -> bytes:
    """Return the envelope as CloudEvents JSON."""
    return _encoder.encode(envelope)


def decode(body: bytes) -> Envelope:
    """Read CloudEvents JSON. Raises ``msgspec.ValidationError`` or ``msgspec.DecodeError``."""
    return _decoder.decode(body)
