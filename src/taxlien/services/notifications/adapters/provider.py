"""What hands messages in somewhere, as the rest of notifications sees it, and the ways that can end."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, TypeVar

M = TypeVar("M", contravariant=True)

Reason = Literal["bounce", "complaint", "unsubscribe"]
"""Why an address is not sent to any more: it does not exist, its reader complained, or said stop."""


class Deferred(Exception):
    """It did not go out now, and may later: a busy or absent provider, greylisting.

    ``retry_after`` is seconds that were asked for. Not ``certain``: the provider may have taken it all
    the same, so that nobody else must be given it meanwhile. ``of_message``: the provider is well, it is
    this message that has to wait.
    """

    def __init__(
        self,
        words: str,
        *,
        retry_after: float | None = None,
        certain: bool = True,
        of_message: bool = False,
    ) -> None:
        super().__init__(words)
        self.retry_after = retry_after
        self.certain = certain
        self.of_message = of_message


class Misconfigured(Deferred):
    """The provider does not take anything from us: a wrong key, an unknown sender. Another may."""


class Refused(Exception):
    """It will never go out. With a ``reason`` nothing ever will to this address."""

    def __init__(self, words: str, *, reason: Reason | None = None) -> None:
        super().__init__(words)
        self.reason = reason


class Receipt(NamedTuple):
    """Who took a message; ``reference`` is their own id of it, where they give one."""

    provider: str
    reference: str | None = None


class Provider(Protocol[M]):
    """Takes messages of one channel."""

    @property
    def name(self) -> str:
        """Return the word for it in metrics, logs and rows."""
        ...

    async def send(self, message: M) -> Receipt:
        """Return once the message is taken. Raises ``Deferred``, ``Misconfigured``, ``Refused``."""
        ...
