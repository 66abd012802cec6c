"""The NATS client with two short cuts, for the two things that are done for every single event.

The library builds an object, a dict of headers and a task switch for every message that comes, and
checks and encodes every message that goes. That is most of what carrying an event costs. Both short
cuts stay inside one class, and the contract tests of the bus hold them to what the library does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError, MaxPayloadError

# subject, reply, body, headers as they came (``b""`` when there are none)
Receive = Callable[[str, str, bytes, bytes], None]
# subject, body, headers
Command = tuple[str, bytes, dict[str, str]]

_MESSAGES_PER_WRITE = 64


class FastClient(Client):
    """A client that can hand over messages as they come, and write many at once."""

    def __init__(self) -> None:
        super().__init__()
        self._receivers: dict[int, Receive] = {}

    def hand_over(self, subscription: Subscription, receive: Receive) -> None:
        """Give every message of ``subscription`` to ``receive``, which must not raise or wait."""
        self._receivers[subscription._id] = receive

    async def publish_all(self, commands: Sequence[Command], reply: str) -> None:
        """Write all messages in order, each to be answered at ``reply``.

        Subjects and headers must be free of line ends. Raises ``nats.errors.Error``.
        """
        for start in range(0, len(commands), _MESSAGES_PER_WRITE):
            if not self.is_connected:
                raise ConnectionClosedError
            parts: list[bytes] = []
            for subject, body, headers in commands[start : start + _MESSAGES_PER_WRITE]:
                if len(body) > self.max_payload:
                    raise MaxPayloadError
                lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
                head = f"NATS/1.0\r\n{lines}\r\n".encode()
                size = len(head) + len(body)
                parts += (f"HPUB {subject} {reply} {len(head)} {size}\r\n".encode(), head, body)
                parts.append(b"\r\n")
            await self._send_command(b"".join(parts))
            await self._flush_pending()

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        receive = self._receivers.get(sid)
        if receive is None:
            await super()._process_msg(sid, subject, reply, data, headers)
        else:
            receive(subject.decode(), reply.decode(), data, headers or b"")


def header(headers: bytes, name: str) -> str:
    """Return one header's value, or an empty string."""
    start = headers.find(f"\r\n{name}: ".encode())
    if start < 0:
        return ""
    start += len(name) + 4
    return headers[start : headers.index(b"\r\n", start)].decode()
