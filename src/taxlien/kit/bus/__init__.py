"""The bus: one Protocol, an adapter for NATS JetStream and one for Kafka, chosen by the address."""

from __future__ import annotations

from urllib.parse import urlsplit

from taxlien.kit.bus.kafka import KafkaBus
from taxlien.kit.bus.nats import NatsBus
from taxlien.kit.bus.protocol import Bus, BusError, DeadLetter, Delivery, Outgoing, Subscription

__all__ = [
    "Bus",
    "BusError",
    "DeadLetter",
    "Delivery",
    "KafkaBus",
    "NatsBus",
    "Outgoing",
    "Subscription",
    "connect_bus",
]


def connect_bus(url: str) -> Bus:
    """Return the bus at ``url``, without connecting yet.

    ``nats://host:port/prefix`` (``?replicas=3`` in a cluster) or ``kafka://host:port,host:port/prefix``
    (``?security.protocol=SASL_SSL`` and other librdkafka settings). Buses of different prefixes do
    not see each other; without one it is ``taxlien``. Raises ``ValueError`` for another scheme.
    """
    scheme = urlsplit(url).scheme
    if scheme in {"nats", "tls"}:
        return NatsBus(url)
    if scheme == "kafka":
        return KafkaBus(url)
    raise ValueError(f"no bus speaks {scheme!r}: give nats:// or kafka://")
